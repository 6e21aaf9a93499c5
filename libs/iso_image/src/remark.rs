//! Remarks for the user about the limits of an ISO.

use crate::boot_loader::BootLoader;
use crate::grub::GrubPlatform;

/// A remark about a finished ISO.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remark {
    /// The tool `limine` is missing: a BIOS does not boot this ISO from a USB stick or hard disk.
    NoBiosDiskBoot,
    /// GRUB's files for a firmware type are missing: the ISO does not boot on it.
    NoGrubPlatform(GrubPlatform),
}

impl std::fmt::Display for Remark {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoBiosDiskBoot => formatter.write_str(
                "the tool `limine` (for `bios-install`) was not found: the ISO boots from CD and on UEFI, not from a USB stick or disk on BIOS",
            ),
            Self::NoGrubPlatform(platform) => {
                let (firmware, package) = match platform {
                    GrubPlatform::Bios => ("BIOS", "grub-pc-bin"),
                    GrubPlatform::Uefi => ("UEFI", "grub-efi-amd64-bin"),
                };
                write!(
                    formatter,
                    "GRUB's files for {firmware} ({}, Debian package {package}) were not found: the ISO may not boot on {firmware}",
                    platform.folder_name()
                )
            }
        }
    }
}

impl BootLoader {
    /// Returns the remarks for every ISO of this boot loader.
    #[must_use]
    pub fn remarks(&self) -> Vec<Remark> {
        match self {
            Self::Limine(limine) if limine.tool().is_none() => vec![Remark::NoBiosDiskBoot],
            Self::Limine(_) => Vec::new(),
            Self::Grub(grub) => grub
                .missing_platforms()
                .iter()
                .copied()
                .map(Remark::NoGrubPlatform)
                .collect(),
        }
    }
}
