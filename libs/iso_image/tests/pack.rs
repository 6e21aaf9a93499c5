//! Packs with the tools of this host: the same input gives the same bytes.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

mod small_images;

use std::fs;
use std::path::Path;

use iso_image::{
    BootLoader, BootText, Contents, Grub, Host, IsoError, IsoName, Limine, MissingTool, Module, Payload, Remark, pack,
    pack_into_cache, pack_unless_current,
};

/// Contents with a small kernel and loader.
fn contents(folder: &Path) -> Contents {
    let module = folder.join("module");
    fs::write(&module, b"module").unwrap();
    let [kernel, loader] = ["kernel", "loader"].map(|name| folder.join(name));
    // Written once: a new time would be another input.
    if !kernel.exists() {
        fs::write(&kernel, small_images::kernel().elf()).unwrap();
        fs::write(&loader, small_images::loader().elf()).unwrap();
    }
    Contents {
        kernel: Some(Payload::Program(kernel)),
        command_line: BootText::new("log.level=debug").unwrap(),
        modules: vec![Module {
            name: IsoName::new("user_mode_program_0").unwrap(),
            payload: Payload::Verbatim(module),
            string: BootText::default(),
        }],
        multiboot2_loader: Some(loader),
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
#[ignore = "needs Limine: `LIMINE_PATH=… cargo test -p iso_image -- --ignored`"]
fn limine_packs_the_same_bytes_twice() {
    let host = Host::of_this_process();
    assert_reproducible(
        &BootLoader::Limine(Limine::find(&host).expect("this test needs Limine")),
        &host,
    );
}

/// A folder with files of Limine's names, which do not boot.
fn fake_limine(folder: &Path) -> Host {
    for (name, length) in [
        ("BOOTX64.EFI", 3000),
        ("limine-bios-cd.bin", 24576),
        ("limine-bios.sys", 5000),
        ("limine-uefi-cd.bin", 1 << 20),
    ] {
        fs::write(folder.join(name), vec![0x5a; length]).unwrap();
    }
    Host {
        limine_path: Some(folder.into()),
        ..Host::of_this_process()
    }
}

/// A tool in that folder that writes a random disk signature, as the real one does.
fn add_fake_limine_tool(folder: &Path) {
    use std::os::unix::fs::PermissionsExt;
    let script =
        "#!/bin/sh\n[ \"$1\" = bios-install ] && dd if=/dev/urandom of=\"$2\" bs=1 seek=440 count=4 conv=notrunc\n";
    fs::write(folder.join("limine"), script).unwrap();
    fs::set_permissions(folder.join("limine"), fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn limine_disk_signature_is_a_constant() {
    let folder = tempfile::tempdir().unwrap();
    let host = fake_limine(folder.path());
    add_fake_limine_tool(folder.path());
    assert_reproducible(&BootLoader::Limine(Limine::find(&host).unwrap()), &host);
}

#[test]
fn without_the_limine_tool_the_iso_is_made_and_the_lack_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let host = fake_limine(folder.path());
    let host = Host {
        path: without_limine(&host),
        ..host
    };
    let boot_loader = BootLoader::Limine(Limine::find(&host).unwrap());
    let packed = pack(
        &contents(folder.path()),
        &boot_loader,
        &host,
        &folder.path().join("os.iso"),
    )
    .unwrap();
    assert_eq!(packed.remarks, [Remark::NoBiosDiskBoot]);
}

/// `PATH` without the folders that hold the program `limine`.
fn without_limine(host: &Host) -> std::ffi::OsString {
    let folders = std::env::split_paths(&host.path).filter(|folder| !folder.join("limine").exists());
    std::env::join_paths(folders).unwrap()
}

#[test]
fn a_host_without_xorriso_is_an_error_that_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let host = Host {
        path: folder.path().into(),
        ..fake_limine(folder.path())
    };
    let boot_loader = BootLoader::Limine(Limine::find(&host).unwrap());
    let error = pack(
        &contents(folder.path()),
        &boot_loader,
        &host,
        &folder.path().join("os.iso"),
    )
    .unwrap_err();
    assert!(
        matches!(error, IsoError::MissingTool(MissingTool { tool: "xorriso", .. })),
        "{error}"
    );
    assert_eq!(Grub::find(&host).unwrap_err().tool, "grub-mkrescue");
}

#[test]
fn a_failing_tool_is_an_error_with_its_output_and_leaves_no_iso() {
    let folder = tempfile::tempdir().unwrap();
    let host = fake_limine(folder.path());
    add_fake_limine_tool(folder.path());
    fs::write(folder.path().join("limine"), "#!/bin/sh\necho no room; exit 3\n").unwrap();
    let boot_loader = BootLoader::Limine(Limine::find(&host).unwrap());
    let iso = folder.path().join("os.iso");
    let error = pack(&contents(folder.path()), &boot_loader, &host, &iso).unwrap_err();
    assert!(
        matches!(&error, IsoError::ToolFailed { output, .. } if output == "no room"),
        "{error}"
    );
    assert!(!iso.exists());
}

#[test]
fn an_iso_is_made_again_only_when_its_input_changed() {
    let folder = tempfile::tempdir().unwrap();
    let host = fake_limine(folder.path());
    add_fake_limine_tool(folder.path());
    let boot_loader = BootLoader::Limine(Limine::find(&host).unwrap());
    let iso = folder.path().join("os.iso");
    let mut contents = contents(folder.path());
    let inode = |contents: &Contents| {
        pack_unless_current(contents, &boot_loader, &host, &iso).unwrap();
        std::os::unix::fs::MetadataExt::ino(&fs::metadata(&iso).unwrap())
    };
    let first = inode(&contents);
    assert_eq!(inode(&contents), first);
    contents.command_line = BootText::new("other").unwrap();
    let second = inode(&contents);
    assert_ne!(second, first);
    fs::write(folder.path().join("module"), b"longer module").unwrap();
    assert_ne!(inode(&contents), second);
    fs::remove_file(&iso).unwrap();
    inode(&contents);
    assert!(iso.exists());
}

#[test]
fn different_inputs_have_different_isos_in_a_cache() {
    let folder = tempfile::tempdir().unwrap();
    let host = fake_limine(folder.path());
    add_fake_limine_tool(folder.path());
    let boot_loader = BootLoader::Limine(Limine::find(&host).unwrap());
    let mut contents = contents(folder.path());
    let mut iso_of = |command_line: &str| {
        contents.command_line = BootText::new(command_line).unwrap();
        let (iso, _) = pack_into_cache(&contents, &boot_loader, &host, &folder.path().join("cache")).unwrap();
        (std::os::unix::fs::MetadataExt::ino(&fs::metadata(&iso).unwrap()), iso)
    };
    let (first, second) = (iso_of("one"), iso_of("two"));
    assert!(first.1 != second.1 && first.1.exists());
    assert_eq!(iso_of("one"), first);
}

#[test]
fn an_image_that_cannot_boot_is_refused_by_its_path() {
    let folder = tempfile::tempdir().unwrap();
    let host = fake_limine(folder.path());
    add_fake_limine_tool(folder.path());
    let boot_loader = BootLoader::Limine(Limine::find(&host).unwrap());
    let contents = contents(folder.path());
    // Position-independent, as RUSTFLAGS once made it.
    let kernel = small_images::SmallImage {
        kind: 3,
        ..small_images::kernel()
    };
    fs::write(folder.path().join("kernel"), kernel.elf()).unwrap();
    let error = pack(&contents, &boot_loader, &host, &folder.path().join("os.iso")).unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("/kernel cannot boot: its ELF type is 3") && !text.contains('\n'),
        "{text}"
    );
}
