//! Contents of an ISO: the kernel, its modules, its command line, and our Multiboot2 loader.

use std::path::PathBuf;

use crate::text::{BootText, IsoName};

/// A file for the ISO, and whether its debug information is stripped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Payload {
    /// Copied unchanged and unchecked, such as a program that the user chooses, or a truncated kernel of a test.
    Verbatim(PathBuf),
    /// An ELF file. The ISO gets it without its `.debug_*` sections (a boot loader would read them all); `iso_root`
    /// keeps them for a debugger.
    Program(PathBuf),
}

/// A file that the boot loader passes to the kernel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Module {
    /// Name in the root of the ISO: the kernel sees the path `/name`.
    pub name: IsoName,
    /// Source file.
    pub payload: Payload,
    /// String that the kernel gets with the module.
    pub string: BootText,
}

/// All files of ours on an ISO.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contents {
    /// The kernel, `/kernel` on the ISO. `None` makes an ISO without a kernel, to test the boot loader's message.
    pub kernel: Option<Payload>,
    /// The kernel's command line.
    pub command_line: BootText,
    /// The modules, in the order in which the kernel gets them.
    pub modules: Vec<Module>,
    /// Our Multiboot2 loader, `/boot/multiboot2_loader` on the ISO. Needed by GRUB only.
    pub multiboot2_loader: Option<PathBuf>,
}
