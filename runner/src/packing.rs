//! Chooses a boot loader, and packs an ISO with the tools of this host.

use std::path::Path;

use iso_image::{BootLoader, Contents, Grub, Host, IsoError, Limine, LimineNotFound, MissingTool, Packed};

use crate::stop_signals::stoppable_host;

/// The requested boot loader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum LoaderKind {
    /// Limine itself.
    Limine,
    /// GRUB and our Multiboot2 loader.
    Grub,
}

/// The reason why there is no ISO.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    /// Limine was requested and is missing, or `LIMINE_PATH` is unusable.
    #[error(transparent)]
    Limine(#[from] LimineNotFound),
    /// A GRUB tool, or one that it needs, is missing.
    #[error(transparent)]
    Grub(#[from] MissingTool),
    /// Packing failed.
    #[error(transparent)]
    Iso(#[from] IsoError),
}

/// Returns the requested boot loader; without a request Limine, or GRUB on a host without Limine.
///
/// # Errors
/// [`PackError`]. An unusable `LIMINE_PATH` is an error, unless GRUB was requested.
pub fn find_boot_loader(wish: Option<LoaderKind>, host: &Host) -> Result<BootLoader, PackError> {
    let grub = || Ok(BootLoader::Grub(Grub::find(host)?));
    match wish {
        Some(LoaderKind::Grub) => grub(),
        Some(LoaderKind::Limine) => Ok(BootLoader::Limine(Limine::find(host)?)),
        None => match Limine::find(host) {
            Ok(limine) => Ok(BootLoader::Limine(limine)),
            Err(LimineNotFound::Nowhere) => grub(),
            Err(error) => Err(error.into()),
        },
    }
}

/// Packs `contents` into the file `iso` for a boot loader of this host.
///
/// # Errors
/// [`PackError`].
pub fn pack_for(wish: Option<LoaderKind>, contents: &Contents, iso: &Path) -> Result<Packed, PackError> {
    let host = stoppable_host();
    let boot_loader = find_boot_loader(wish, &host)?;
    Ok(iso_image::pack(contents, &boot_loader, &host, iso)?)
}
