//! The two boot loaders that can start the kernel.

use crate::grub::{Grub, GrubPlatform};
use crate::limine::Limine;

/// A boot loader that starts the kernel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BootLoader {
    /// Limine itself.
    Limine(Limine),
    /// GRUB with our Multiboot2 loader, which implements the Limine protocol.
    Grub(Grub),
}

impl BootLoader {
    /// Display name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Limine(_) => "Limine",
            Self::Grub(_) => "GRUB with our Multiboot2 loader",
        }
    }

    /// Firmware types on which an ISO of this boot loader does not boot. Limine's files support every type.
    #[must_use]
    pub fn missing_grub_platforms(&self) -> &[GrubPlatform] {
        match self {
            Self::Limine(_) => &[],
            Self::Grub(grub) => grub.missing_platforms(),
        }
    }
}
