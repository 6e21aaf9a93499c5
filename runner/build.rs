//! Gathers kernel, program and loader into `OUT_DIR/iso_root`, and packs `OUT_DIR/os.iso` from there.
//!
//! Only the gathering can fail the build. A missing tool of the host leaves the note `OUT_DIR/os.iso.note`, and the
//! runner packs when it is started. The runner looks for fresh tools by itself, so `PATH` is not watched here: it differs
//! between an editor and a terminal, and each change would build the runner again.

use std::env;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use iso_image::{
    BootLoader, BootText, Contents, DebugInformation, Grub, Host, IsoName, Limine, LimineNotFound, Module, Payload,
    gather, pack_into_cache, put_in_place,
};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=LIMINE_PATH");
    println!("cargo::rerun-if-env-changed=SOURCE_DATE_EPOCH");
    let out_dir = PathBuf::from(env::var("OUT_DIR")?);
    let host = Host::of_this_process();
    let boot_loader = find_boot_loader(&host);
    let iso_root = out_dir.join("iso_root");
    let artifacts = contents(
        artifact("KERNEL")?,
        artifact("USER_MODE_PROGRAM_0")?,
        artifact("MULTIBOOT2_LOADER")?,
    )?;
    gather(&artifacts, boot_loader.as_ref().ok(), DebugInformation::Keep, &iso_root)?;

    let gathered = contents(
        iso_root.join("kernel"),
        iso_root.join("user_mode_program_0"),
        iso_root.join("boot/multiboot2_loader"),
    )?;
    let packed = boot_loader.and_then(|boot_loader| {
        let (iso, _) = pack_into_cache(&gathered, &boot_loader, &host, &out_dir.join("isos"))?;
        Ok(put_in_place(&iso, &out_dir.join("os.iso"))?)
    });
    if packed.is_err() {
        remove_if_there(&out_dir.join("os.iso"))?;
    }
    leave_note(&out_dir.join("os.iso.note"), packed.err())
}

/// What goes onto the ISO; `runner::built::contents` says the same from the gathered files.
fn contents(kernel: PathBuf, program: PathBuf, multiboot2_loader: PathBuf) -> Result<Contents, Box<dyn Error>> {
    Ok(Contents {
        kernel: Some(Payload::Program(kernel)),
        command_line: BootText::default(),
        modules: vec![Module {
            name: IsoName::new("user_mode_program_0")?,
            payload: Payload::Program(program),
            string: BootText::default(),
        }],
        multiboot2_loader: Some(multiboot2_loader),
    })
}

/// Limine where it is found, else GRUB.
fn find_boot_loader(host: &Host) -> Result<BootLoader, Box<dyn Error>> {
    match Limine::find(host) {
        Ok(limine) => {
            println!("cargo::rerun-if-changed={}", limine.folder().display());
            Ok(BootLoader::Limine(limine))
        }
        Err(LimineNotFound::Nowhere) => Ok(BootLoader::Grub(Grub::find(host)?)),
        Err(error) => Err(error.into()),
    }
}

/// The file that cargo built for an artifact dependency.
fn artifact(name: &str) -> Result<PathBuf, Box<dyn Error>> {
    let path = PathBuf::from(env::var(format!("CARGO_BIN_FILE_{name}"))?);
    println!("cargo::rerun-if-changed={}", path.display());
    Ok(path)
}

/// Leaves the note why there is no ISO, or removes an earlier one.
fn leave_note(note: &Path, error: Option<Box<dyn Error>>) -> Result<(), Box<dyn Error>> {
    match error {
        Some(error) => Ok(fs::write(note, error.to_string())?),
        None => remove_if_there(note),
    }
}

/// Removes a file: an ISO of an earlier build must not be taken for this one's.
fn remove_if_there(file: &Path) -> Result<(), Box<dyn Error>> {
    if file.exists() {
        fs::remove_file(file)?;
    }
    Ok(())
}
