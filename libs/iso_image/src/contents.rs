//! What goes onto an ISO: the kernel, its modules, its command line, and our Multiboot2 loader.

use std::path::PathBuf;

use crate::text::{BootText, IsoName};

/// A file for the ISO, and whether debug information is taken out of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Payload {
    /// Byte for byte, whatever it is: a program given by a person, a kernel cut short by a test.
    Verbatim(PathBuf),
    /// An ELF file that lies on the ISO without its `.debug_*` sections (a boot loader would read them all) and lies in
    /// `iso_root` with them, for a debugger.
    Program(PathBuf),
}

/// A file that the boot loader hands to the kernel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Module {
    /// Its name in the root of the ISO: the kernel sees the path `/name`.
    pub name: IsoName,
    /// The file.
    pub payload: Payload,
    /// The text that the kernel gets with it.
    pub string: BootText,
}

/// Everything of ours on an ISO.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contents {
    /// The kernel, `/kernel` on the ISO. `None` makes an ISO whose boot loader finds none (a test of its message).
    pub kernel: Option<Payload>,
    /// The kernel's command line.
    pub command_line: BootText,
    /// The modules, in the order in which the kernel gets them.
    pub modules: Vec<Module>,
    /// Our Multiboot2 loader, `/boot/multiboot2_loader` on the ISO. Only GRUB needs it.
    pub multiboot2_loader: Option<PathBuf>,
}
