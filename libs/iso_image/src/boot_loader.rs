//! The two ways in which the kernel is started.

use crate::grub::Grub;
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
}
