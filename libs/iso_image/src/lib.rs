//! Packs the ISO that boots Limelight: from CD, USB stick and hard disk, on BIOS and on UEFI.
//!
//! [`Contents`] lists the files of the ISO, [`BootLoader`] chooses Limine, or GRUB with our Multiboot2 loader.
//! [`gather`] copies the files to the tree `iso_root`, and [`pack`](fn@pack) makes the ISO from such a tree.
//!
//! Guarantees:
//! - The same input gives the same bytes: names are sorted, dates come from `SOURCE_DATE_EPOCH` (or a constant), volume
//!   names and serial numbers are constants.
//! - An ISO appears under its name only when it is complete.
//! - A missing tool of the host is an error that names the tool and its purpose; no fault of the host causes a panic.
//!
//! The runner chooses the boot loader and prints the messages.

#![forbid(unsafe_code)]

mod boot_loader;
mod contents;
mod error;
mod examined_elf;
mod files;
mod grub;
mod host_tools;
mod iso_cache;
mod iso_root;
mod limine;
mod menus;
mod pack;
mod remark;
mod serial_numbers;
mod source_date;
mod stripped_elf;
mod text;
mod workspace;

pub use boot_loader::BootLoader;
pub use contents::{Contents, Module, Payload};
pub use error::{IsoError, MissingTool};
pub use examined_elf::{ImageError, check_kernel, check_multiboot2_loader, check_program, has_frame_pointers};
pub use grub::{Grub, GrubPlatform};
pub use host_tools::Host;
pub use iso_cache::{pack_into_cache, put_in_place};
pub use iso_root::{DebugInformation, gather};
pub use limine::{Limine, LimineNotFound};
pub use pack::{Packed, pack};
pub use remark::Remark;
pub use source_date::SourceDate;
pub use stripped_elf::{StripError, without_debug_information};
pub use text::{BootText, IsoName, TextError};
