//! Makes the ISO: with xorriso and the `limine` tool, or with `grub-mkrescue`.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::boot_loader::BootLoader;
use crate::contents::{Contents, Payload};
use crate::error::IsoError;
use crate::examined_elf::{ImageError, check_kernel, check_multiboot2_loader, check_program};
use crate::files::{file_error, folder_of, read};
use crate::grub::Grub;
use crate::host_tools::Host;
use crate::iso_root::{DebugInformation, fill, make_readable};
use crate::limine::Limine;
use crate::remark::Remark;
use crate::serial_numbers::{make_disk_constant, make_efi_volume_constant};
use crate::workspace::Workspace;

/// Volume name.
const VOLUME_NAME: &str = "LIMELIGHT";

/// GRUB's modules on the ISO: those of `grub.cfg`, and every partition table (without them GRUB for UEFI prints
/// errors). The ISO is a third as large as with all modules. `gzio` is left out, so GRUB does not decompress modules.
const GRUB_MODULES: &str = "part_acorn part_amiga part_apple part_bsd part_dfly part_dvh part_plan part_sun part_sunpc \
    part_msdos part_gpt iso9660 normal boot configfile search search_fs_file search_fs_uuid search_label multiboot2 \
    all_video video test echo cpuid sleep serial terminal halt reboot";

/// A finished ISO.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packed {
    /// Size of the ISO.
    pub size_bytes: u64,
    /// Remarks for the user.
    pub remarks: Vec<Remark>,
}

/// Makes the ISO `iso`. An existing file is replaced once the new one is complete.
///
/// # Errors
/// [`IsoError`].
pub fn pack(contents: &Contents, boot_loader: &BootLoader, host: &Host, iso: &Path) -> Result<Packed, IsoError> {
    let workspace = Workspace::new(host, folder_of(iso))?;
    examine(contents)?;
    let (root, image) = (workspace.root(), workspace.image());
    fill(contents, Some(boot_loader), DebugInformation::Drop, &root)?;
    make_readable(&root)?;
    match boot_loader {
        BootLoader::Limine(limine) => pack_limine(limine, &workspace)?,
        BootLoader::Grub(_) if contents.multiboot2_loader.is_none() => return Err(IsoError::NoMultiboot2Loader),
        BootLoader::Grub(grub) => pack_grub(grub, &workspace)?,
    }
    let size_bytes = fs::metadata(&image).map_err(file_error("find", &image))?.len();
    fs::rename(&image, iso).map_err(file_error("put in place", iso))?;
    Ok(Packed {
        size_bytes,
        remarks: boot_loader.remarks(),
    })
}

/// Refuses a kernel, loader or program that cannot run. Verbatim payloads are not checked.
fn examine(contents: &Contents) -> Result<(), IsoError> {
    let check = |path: &Path, check: fn(&[u8]) -> Result<(), ImageError>| {
        check(&read(path)?).map_err(|source| IsoError::Image {
            path: path.to_owned(),
            source,
        })
    };
    if let Some(Payload::Program(kernel)) = &contents.kernel {
        check(kernel, check_kernel)?;
    }
    if let Some(loader) = &contents.multiboot2_loader {
        check(loader, check_multiboot2_loader)?;
    }
    for module in &contents.modules {
        if let Payload::Program(program) = &module.payload {
            check(program, check_program)?;
        }
    }
    Ok(())
}

/// Packs with Limine's boot files.
fn pack_limine(limine: &Limine, workspace: &Workspace<'_>) -> Result<(), IsoError> {
    let (image, date) = (workspace.image(), workspace.date);
    let xorriso = workspace.host.require("xorriso", "writes the ISO")?;
    let mut command = Command::new(xorriso);
    command.args(["-as", "mkisofs", "-R", "-r", "-J", "-V", VOLUME_NAME]);
    command.args([
        "-b",
        "boot/limine/limine-bios-cd.bin",
        "-no-emul-boot",
        "-boot-load-size",
        "4",
        "-boot-info-table",
    ]);
    command.args([
        "-hfsplus",
        "-apm-block-size",
        "2048",
        "--efi-boot",
        "boot/limine/limine-uefi-cd.bin",
    ]);
    command.args(["-efi-boot-part", "--efi-boot-image", "--protective-msdos-label"]);
    command.arg(format!("--modification-date={}", date.volume_date()));
    command.args(["--set_all_file_dates", &date.volume_date()]);
    command.arg(workspace.root()).arg("-o").arg(&image);
    workspace.run(&mut command)?;
    let Some(tool) = limine.tool() else { return Ok(()) };
    workspace.run(Command::new(tool).arg("bios-install").arg(&image))?;
    make_disk_constant(&image)
}

/// Packs with GRUB. The arguments after `--` are xorriso commands.
fn pack_grub(grub: &Grub, workspace: &Workspace<'_>) -> Result<(), IsoError> {
    let (image, date) = (workspace.image(), workspace.date);
    let mut command = Command::new(grub.mkrescue());
    command
        .arg("-o")
        .arg(&image)
        .arg(format!("--install-modules={GRUB_MODULES}"));
    command
        .args(["--locales=", "--fonts=", "--themes="])
        .arg(workspace.root());
    command.args(["--", "-volid", VOLUME_NAME, "-volume_date", "uuid", &date.volume_date()]);
    command.args(["-chown_r", "0", "/", "--", "-chgrp_r", "0", "/", "--"]);
    command.args(["-alter_date_r", "b", &format!("@{}", date.epoch_s()), "/", "--"]);
    workspace.run(&mut command)?;
    make_efi_volume_constant(&image)
}
