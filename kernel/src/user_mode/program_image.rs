//! A program's validated file, ready to be started.

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
use elf_load_plan::{Limits, LoadPlan, LoadPlanError, PagePermissions, PageSource, PlannedPage};
use ez_paging::{ConfigurableFlags, Page, PageSize};
use memory_ranges::PAGE_BYTES;
use thiserror::Error;
use x86_64::VirtAddr;

/// Maximum number of symbols for which backtraces have function names: each frame's lookup reads all symbols.
const MAX_SYMBOLS: usize = 1 << 15;

const LOG_SEPARATOR: &str = ": ";

/// A program that can be started, also several times at once. Dropping the last reference frees the module's memory.
#[derive(Debug)]
pub struct ProgramImage {
    /// The program's name and `: `: the start of its lines in the log.
    log_prefix: Box<str>,
    plan: LoadPlan,
    /// The file. Pages are shared with it or copied from it, and backtraces read its symbols.
    memory: ModuleMemory,
}

/// Why a module cannot be run as a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ProgramImageError {
    #[error(transparent)]
    Memory(TakeModuleError),
    #[error(transparent)]
    Plan(LoadPlanError),
}

impl ProgramImage {
    /// Validates a module. On an error the module's memory is freed, except on [`ProgramImageError::Memory`].
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

    pub fn name(&self) -> &str {
        self.log_prefix.strip_suffix(LOG_SEPARATOR).unwrap_or_default()
    }

    pub(super) fn log_prefix(&self) -> &str {
        &self.log_prefix
    }

    pub fn entry_point(&self) -> VirtAddr {
        self.plan.entry_point()
    }

    pub(super) fn symbols(&self) -> Result<SymbolTable<'_>, SymbolTableError> {
        SymbolTable::from_elf_within(self.memory.bytes(), MAX_SYMBOLS)
    }

    /// Maps the program into an address space, which must not outlive this image.
    pub(super) fn map_into(&self, space: &mut UserAddressSpace) -> Result<(), UserMemoryError> {
        self.plan.pages().try_for_each(|planned| self.map_page(planned, space))
    }

    fn map_page(&self, planned: PlannedPage, space: &mut UserAddressSpace) -> Result<(), UserMemoryError> {
        let page = Page::containing(planned.page.start_address(), PageSize::_4KiB);
        let flags = flags_of(planned.permissions);
        match planned.source {
            PageSource::Shared(frame) => {
                let frame = self.memory.physical(frame.offset_bytes());
                // SAFETY: The frame holds only bytes of the file, which the program may read, and lives as long as the image. A
                // plan shares no writable page.
                unsafe { space.map_shared(page, frame, flags) }
            }
            PageSource::Copied(part) => space.map_private(page, flags, |bytes| {
                // The plan was made from this file.
                let copied = part.copy_into(bytes, self.memory.bytes());
                debug_assert!(copied.is_ok(), "{copied:?}");
            }),
            PageSource::Zeroed => space.map_private(page, flags, |_| {}),
        }
    }
}

fn limits() -> Limits {
    Limits {
        area: user_layout::file_pages(),
        stack: user_layout::stack_pages(),
        free_frames: free_pages(),
    }
}

pub(super) fn free_pages() -> u64 {
    physical_memory::lock().map_or(0, |memory| memory.bytes_for_programs()) / PAGE_BYTES
}

fn flags_of(permissions: PagePermissions) -> ConfigurableFlags {
    match permissions {
        PagePermissions::ReadOnly => READ_ONLY,
        PagePermissions::ReadWrite => READ_WRITE,
        PagePermissions::ReadExecute => READ_EXECUTE,
    }
}
