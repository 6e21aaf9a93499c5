//! A program's file, checked and ready to be started.

use crate::{
    boot::module::Module,
    memory::{
        module_memory::{ModuleMemory, TakeModuleError},
        page_tables::{READ_EXECUTE, READ_ONLY, READ_WRITE},
        physical_memory,
        user_address_space::{UserAddressSpace, UserMemoryError},
        user_layout,
    },
};
use alloc::{boxed::Box, format, sync::Arc};
use backtrace::{SymbolTable, SymbolTableError};
use core::fmt;
use elf_load_plan::{Limits, LoadPlan, LoadPlanError, PagePermissions, PageSource, PlannedPage};
use ez_paging::{ConfigurableFlags, Page, PageSize};
use memory_ranges::PAGE_BYTES;
use x86_64::VirtAddr;

/// Maximum number of symbols of a program with function names in its backtraces: each frame's name is searched among all.
const MAX_SYMBOLS: usize = 1 << 15;

/// Separates the name of a program from its text in the log.
const LOG_SEPARATOR: &str = ": ";

/// A program that can be started, also more than once at a time. Dropping the last reference gives the module's memory back.
#[derive(Debug)]
pub struct ProgramImage {
    /// Its name and `: `, with which its lines in the log start.
    log_prefix: Box<str>,
    /// What becomes of each page.
    plan: LoadPlan,
    /// The file: pages are shared with it or copied from it, and a backtrace reads its symbols.
    memory: ModuleMemory,
}

/// Why a module is no program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProgramImageError {
    /// Its memory cannot be taken over.
    Memory(TakeModuleError),
    /// Its file is refused.
    Plan(LoadPlanError),
}

impl ProgramImage {
    /// Makes a program of a module. On an error the module's memory is freed, unless taking it over was what failed.
    pub fn from_module(module: &Module) -> Result<Arc<Self>, ProgramImageError> {
        let memory = ModuleMemory::take(module.content).map_err(ProgramImageError::Memory)?;
        let plan = LoadPlan::from_elf(memory.bytes(), &limits()).map_err(ProgramImageError::Plan)?;
        let name = module.path.rsplit('/').next().unwrap_or(module.path);
        Ok(Arc::new(Self {
            log_prefix: format!("{name}{LOG_SEPARATOR}").into(),
            plan,
            memory,
        }))
    }

    /// Its name in the log.
    pub fn name(&self) -> &str {
        self.log_prefix.strip_suffix(LOG_SEPARATOR).unwrap_or_default()
    }

    /// Start of its lines in the log: its name and `: `.
    pub(super) fn log_prefix(&self) -> &str {
        &self.log_prefix
    }

    /// Where it begins.
    pub fn entry_point(&self) -> VirtAddr {
        self.plan.entry_point()
    }

    /// Finds the names of its functions.
    pub(super) fn symbols(&self) -> Result<SymbolTable<'_>, SymbolTableError> {
        SymbolTable::from_elf_within(self.memory.bytes(), MAX_SYMBOLS)
    }

    /// Maps the program into an address space, which must not outlive this image.
    pub(super) fn map_into(&self, space: &mut UserAddressSpace) -> Result<(), UserMemoryError> {
        self.plan.pages().try_for_each(|planned| self.map_page(planned, space))
    }

    /// Maps one page.
    fn map_page(&self, planned: PlannedPage, space: &mut UserAddressSpace) -> Result<(), UserMemoryError> {
        let page = Page::containing(planned.page.start_address(), PageSize::_4KiB);
        let flags = flags_of(planned.permissions);
        match planned.source {
            PageSource::Shared(frame) => {
                let frame = self.memory.physical(frame.offset_bytes());
                // SAFETY: The frame is one of the file's, which the program may know, and kept for as long as the image is; a
                // plan shares no page that is writable.
                unsafe { space.map_shared(page, frame, flags) }
            }
            PageSource::Copied(part) => space.map_private(page, flags, |bytes| {
                // The plan is of this very file.
                let copied = part.copy_into(bytes, self.memory.bytes());
                debug_assert!(copied.is_ok(), "{copied:?}");
            }),
            PageSource::Zeroed => space.map_private(page, flags, |_| {}),
        }
    }
}

/// What any program may have.
fn limits() -> Limits {
    Limits {
        area: user_layout::file_pages(),
        stack: user_layout::stack_pages(),
        free_frames: free_pages(),
    }
}

/// How many pages there are for programs.
pub(super) fn free_pages() -> u64 {
    physical_memory::lock().map_or(0, |memory| memory.bytes_for_programs()) / PAGE_BYTES
}

/// What the page tables say of a page.
fn flags_of(permissions: PagePermissions) -> ConfigurableFlags {
    match permissions {
        PagePermissions::ReadOnly => READ_ONLY,
        PagePermissions::ReadWrite => READ_WRITE,
        PagePermissions::ReadExecute => READ_EXECUTE,
    }
}

impl fmt::Display for ProgramImageError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory(error) => write!(formatter, "{error}"),
            Self::Plan(error) => write!(formatter, "{error}"),
        }
    }
}
