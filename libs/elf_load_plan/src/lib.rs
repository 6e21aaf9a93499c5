//! From the bytes of an ELF file that nobody vouches for to a plan for its memory, or the reason why there is none.
//!
//! The file is a *module*: it lies in memory in whole frames, from a frame's first byte on. A [`LoadPlan`] says for each
//! page of the program where its bytes come from ([`PageSource`]: the module's own frame, a copy, or zeros) and what the
//! program may do with it ([`PagePermissions`]). The plan borrows nothing: it is made once and carried out as often as the
//! program is started. Meanwhile the module stays as it is.
//!
//! What always holds for a plan:
//!
//! - Its pages come in ascending order, each once, inside the [`Limits`], and never page 0, the last page of the lower
//!   half or one of the upper half, whatever the limits say.
//! - No page is writable and executable, no writable page is shared, and the entry point lies in executable memory.
//! - Every frame that is shared lies in the file whole: what lies behind the file in the module's last frame is never
//!   seen. Slack, the bytes of a page that belong to no segment, is zero in a copied page and the file's own in a shared
//!   one.
//! - Carrying it out takes no more frames than the limits allow, which is known before any is taken.
//!
//! What always holds for the library: it panics on no file, allocates nothing, and its work is bounded by
//! [`PROGRAM_HEADER_LIMIT`]. The lints below keep overflow and indexing out.
//!
//! Left to others: the stack, the page tables, the functions' names, and everything that a dynamic linker would do.
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
//!             PageSource::Copied(part) => part.copy_into(&mut bytes, file).expect("the plan is of this very file"),
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
