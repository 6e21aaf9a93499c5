//! Turns an untrusted ELF file into a validated load plan, or an error.
//!
//! The file is a *module*: it lies in memory in whole frames and starts at the first byte of a frame. For each page of the program
//! a [`LoadPlan`] names the source of its bytes ([`PageSource`]: the module's own frame, a copy, or zeros) and its permissions
//! ([`PagePermissions`]). The plan borrows nothing: it is created once, and carried out at each start of the program. The module must
//! not change meanwhile.
//!
//! Always true for a plan:
//!
//! - Its pages come in ascending order, each once, inside the [`Limits`]. Whatever the limits say, they never include page 0, the
//!   last page of the lower half, or a page of the upper half.
//! - No page is both writable and executable, no writable page is shared, and the entry point lies in executable memory.
//! - Every shared frame lies inside the file as a whole, so a program never sees the bytes after the file in the module's last
//!   frame. Bytes of a page that belong to no segment are zero in a copied page, and bytes of the file in a shared one.
//! - It takes no more frames than the limits allow. This is known before the first frame is allocated.
//!
//! The library never panics, allocates nothing, and its work is bounded by [`PROGRAM_HEADER_LIMIT`]. The lints below exclude
//! overflow and indexing.
//!
//! Left to the caller: the stack, the page tables, the symbols. There is no dynamic linking.
//!
//! # Example
//!
//! ```
//! use elf_load_plan::{LoadPlan, LoadPlanError, PAGE_SIZE_BYTES, PageSource, Limits};
//!
//! /// The bytes of each page. A kernel would map the shared ones instead of copying them.
//! fn memory_of(file: &[u8], limits: &Limits) -> Result<Vec<[u8; PAGE_SIZE_BYTES]>, LoadPlanError> {
//!     let plan = LoadPlan::from_elf(file, limits)?;
//!     let mut memory = Vec::new();
//!     for planned in plan.pages() {
//!         let mut bytes = [0; PAGE_SIZE_BYTES];
//!         match planned.source {
//!             PageSource::Shared(frame) => {
//!                 let start = frame.offset_bytes() as usize;
//!                 bytes.copy_from_slice(&file[start..start + PAGE_SIZE_BYTES]);
//!             }
//!             PageSource::Copied(part) => part.copy_into(&mut bytes, file).expect("the plan was created from this file"),
//!             PageSource::Zeroed => {}
//!         }
//!         memory.push(bytes);
//!     }
//!     Ok(memory)
//! }
//! ```
#![no_std]
#![forbid(unsafe_code)]
#![deny(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::expect_used,
    clippy::panic
)]

mod elf_segment_flags;
mod file_header;
mod file_part;
mod limits;
mod load_plan;
mod load_plan_error;
mod page_permissions;
mod page_size;
mod planned_page;
mod program_headers;
mod segment;
mod segment_checks;

pub use elf_segment_flags::ElfSegmentFlags;
pub use file_part::{FilePart, FileTooShort};
pub use limits::{LOWEST_ADDRESS, Limits, PROGRAM_END};
pub use load_plan::{LoadPlan, SEGMENT_LIMIT};
pub use load_plan_error::LoadPlanError;
pub use page_permissions::PagePermissions;
pub use page_size::PAGE_SIZE_BYTES;
pub use planned_page::{ModuleFrame, PageSource, PlannedPage};
pub use program_headers::PROGRAM_HEADER_LIMIT;
