//! The two ways in which the kernel is started.

use crate::grub::{Grub, GrubPlatform};
use crate::limine::Limine;

/// Who starts the kernel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BootLoader {
    /// Limine itself.
    Limine(Limine),
    /// GRUB, and our Multiboot2 loader, which speaks Limine's protocol.
    Grub(Grub),
}

impl BootLoader {
    /// Its name for people.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Limine(_) => "Limine",
            Self::Grub(_) => "GRUB with our Multiboot2 loader",
        }
    }

    /// Kinds of firmware on which an ISO of this boot loader does not boot. Limine brings its files for every kind.
    #[must_use]
    pub fn missing_grub_platforms(&self) -> &[GrubPlatform] {
        match self {
            Self::Limine(_) => &[],
            Self::Grub(grub) => grub.missing_platforms(),
        }
    }
}
