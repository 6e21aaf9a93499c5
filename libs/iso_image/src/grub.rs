//! Finds GRUB's packing tool and the files that it needs.

use std::path::{Path, PathBuf};

use crate::error::MissingTool;
use crate::host_tools::Host;

/// Names under which distributions install `grub-mkrescue`.
const NAMES: [&str; 4] = [
    "grub-mkrescue",
    "grub2-mkrescue",
    "x86_64-elf-grub-mkrescue",
    "i686-elf-grub-mkrescue",
];

/// A firmware type that GRUB supports; a folder under GRUB's library folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GrubPlatform {
    /// BIOS: `i386-pc`.
    Bios,
    /// 64-bit UEFI: `x86_64-efi`.
    Uefi,
}

impl GrubPlatform {
    /// Name of the platform's folder.
    #[must_use]
    pub fn folder_name(self) -> &'static str {
        match self {
            Self::Bios => "i386-pc",
            Self::Uefi => "x86_64-efi",
        }
    }
}

/// GRUB on this host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grub {
    /// The program `grub-mkrescue`.
    mkrescue: PathBuf,
    /// Module list of each platform whose files were found: it changes whenever the modules do.
    module_lists: Vec<PathBuf>,
    /// Platforms whose files were not found.
    missing_platforms: Vec<GrubPlatform>,
}

impl Grub {
    /// Looks for `grub-mkrescue` and the programs that it calls.
    ///
    /// # Errors
    /// [`MissingTool`] for the first program that is missing.
    pub fn find(host: &Host) -> Result<Self, MissingTool> {
        let mkrescue = NAMES.iter().find_map(|name| host.find(name)).ok_or(MissingTool {
            tool: "grub-mkrescue",
            purpose: "packs the ISO that boots by GRUB, where Limine is not installed",
        })?;
        host.require("xorriso", "writes the ISO for `grub-mkrescue`")?;
        host.require(
            "mformat",
            "makes the UEFI part of the ISO for `grub-mkrescue` (package mtools)",
        )?;
        let folders = library_folders(&mkrescue);
        let (mut module_lists, mut missing_platforms) = (Vec::new(), Vec::new());
        for platform in [GrubPlatform::Bios, GrubPlatform::Uefi] {
            match module_list(&folders, platform) {
                Some(list) => module_lists.push(list),
                None => missing_platforms.push(platform),
            }
        }
        Ok(Self {
            mkrescue,
            module_lists,
            missing_platforms,
        })
    }

    /// The program `grub-mkrescue`.
    #[must_use]
    pub fn mkrescue(&self) -> &Path {
        &self.mkrescue
    }

    /// Returns one file for each platform found, which changes whenever GRUB's files for that platform do.
    pub(crate) fn module_lists(&self) -> &[PathBuf] {
        &self.module_lists
    }

    /// Firmware types on which the ISO does not boot, since GRUB's files for them are not installed.
    #[must_use]
    pub fn missing_platforms(&self) -> &[GrubPlatform] {
        &self.missing_platforms
    }
}

/// Path of a platform's module list, which every build of GRUB contains.
fn module_list(library_folders: &[PathBuf], platform: GrubPlatform) -> Option<PathBuf> {
    library_folders
        .iter()
        .map(|folder| folder.join(platform.folder_name()).join("moddep.lst"))
        .find(|list| list.is_file())
}

/// Folder of the modules that belong to a `grub-mkrescue`.
fn library_folders(mkrescue: &Path) -> Vec<PathBuf> {
    let real = mkrescue.canonicalize().ok();
    [Some(mkrescue), real.as_deref()]
        .into_iter()
        .flatten()
        .filter_map(Path::parent)
        .flat_map(|folder| {
            ["../lib/grub", "../lib/x86_64-elf/grub", "../lib/i686-elf/grub"].map(|library| folder.join(library))
        })
        .chain([PathBuf::from("/usr/lib/grub"), PathBuf::from("/usr/share/grub2")])
        .collect()
}
