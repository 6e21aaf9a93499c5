//! Packs with the tools of this host: the same input gives the same bytes.

use std::fs;
use std::path::Path;

use iso_image::{BootLoader, BootText, Contents, Grub, Host, IsoName, Limine, Module, Payload, pack};

/// Contents whose kernel is this test program: an ELF file with debug information.
fn contents(folder: &Path) -> Contents {
    let module = folder.join("module");
    fs::write(&module, b"module").unwrap();
    Contents {
        kernel: Some(Payload::Program(std::env::current_exe().unwrap())),
        command_line: BootText::new("log.level=debug").unwrap(),
        modules: vec![Module {
            name: IsoName::new("user_mode_program_0").unwrap(),
            payload: Payload::Verbatim(module),
            string: BootText::default(),
        }],
        multiboot2_loader: Some(std::env::current_exe().unwrap()),
    }
}

/// Packs twice, with other names, folders and dates of the files, and compares.
fn assert_reproducible(boot_loader: &BootLoader, host: &Host) {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (first, second) = (one.path().join("first.iso"), two.path().join("deeper/second.iso"));
    let packed = pack(&contents(one.path()), boot_loader, host, &first).unwrap();
    std::thread::sleep(std::time::Duration::from_millis(1100));
    pack(&contents(two.path()), boot_loader, host, &second).unwrap();
    assert!(packed.size_bytes > 1 << 20);
    let (first, second) = (fs::read(first).unwrap(), fs::read(second).unwrap());
    let different = first.iter().zip(&second).enumerate().find(|(_, (one, two))| one != two);
    assert_eq!((first.len(), different), (second.len(), None));
}

#[test]
fn grub_packs_the_same_bytes_twice() {
    let host = Host::of_this_process();
    assert_reproducible(
        &BootLoader::Grub(Grub::find(&host).expect("this test needs grub-mkrescue, xorriso and mtools")),
        &host,
    );
}

#[test]
fn limine_packs_the_same_bytes_twice() {
    let host = Host::of_this_process();
    match Limine::find(&host) {
        Ok(limine) => assert_reproducible(&BootLoader::Limine(limine), &host),
        Err(error) => println!("not run: {error}"),
    }
}
