//! Choosing a boot loader and packing an ISO with the tools of this host.

use std::path::Path;

use iso_image::{BootLoader, Contents, Grub, Host, IsoError, Limine, LimineNotFound, MissingTool, Packed};

/// What the person or a test asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum LoaderKind {
    /// Limine itself.
    Limine,
    /// GRUB and our Multiboot2 loader.
    Grub,
}

/// Why there is no ISO.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    /// Limine was asked for and is not there, or `LIMINE_PATH` does not serve.
    #[error(transparent)]
    Limine(#[from] LimineNotFound),
    /// GRUB's tool, or one that it needs, is not there.
    #[error(transparent)]
    Grub(#[from] MissingTool),
    /// Packing failed.
    #[error(transparent)]
    Iso(#[from] IsoError),
}

/// The boot loader asked for; without a wish Limine, and GRUB on a host that has no Limine.
///
/// # Errors
/// [`PackError`]. A `LIMINE_PATH` that does not serve is an error unless GRUB was asked for.
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
    let host = Host::of_this_process();
    let boot_loader = find_boot_loader(wish, &host)?;
    Ok(iso_image::pack(contents, &boot_loader, &host, iso)?)
}
