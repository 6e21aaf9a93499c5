//! A program's file, checked and ready to be started.

use crate::{
    boot::module::Module,
    memory::{
        module_memory::{ModuleMemory, TakeModuleError},
        physical_memory,
        user_address_space::{UserAddressSpace, UserMemoryError},
        user_layout,
        virtual_memory::{READ_EXECUTE, READ_ONLY, READ_WRITE},
    },
};
use alloc::sync::Arc;
use backtrace::SymbolTable;
use core::fmt;
use elf_load_plan::{
    FilePart, Limits, LoadPlan, LoadPlanError, PAGE_SIZE_BYTES, PagePermissions, PageSource, PlannedPage,
};
use ez_paging::{ConfigurableFlags, Page, PageSize};
use memory_ranges::PAGE_BYTES;
use x86_64::VirtAddr;

/// The names of a program's functions may have so many bytes. They are kept in chunks, of which almost half may be left empty.
const SYMBOLS_LIMIT_BYTES: usize = 512 * 1024;

/// A program that can be started, also more than once at a time. Dropping the last reference gives the module's memory back.
#[derive(Debug)]
pub struct ProgramImage {
    /// What the log calls it.
    name: &'static str,
    /// What becomes of each page.
    plan: LoadPlan,
    /// The file, as far as the plan needs it.
    memory: ModuleMemory,
    /// The names of its functions, if it has any.
    symbols: Option<SymbolTable>,
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
    /// Makes a program of a module. On an error the module's memory is given back, unless it was not the module's.
    pub fn from_module(module: &Module) -> Result<Arc<Self>, ProgramImageError> {
        let mut memory = ModuleMemory::take(module).map_err(ProgramImageError::Memory)?;
        // It was just taken over, whole.
        let file = memory.whole().unwrap_or_default();
        let plan = LoadPlan::from_elf(file, &limits()).map_err(ProgramImageError::Plan)?;
        let symbols = SymbolTable::from_elf_within(file, SYMBOLS_LIMIT_BYTES);
        let name = module.path.rsplit('/').next().unwrap_or(module.path);
        if let Err(error) = &symbols {
            log::debug!("Program {name}: backtraces name no functions: {error}");
        }
        memory.keep_only(plan.needed_frames());
        Ok(Arc::new(Self {
            name,
            plan,
            memory,
            symbols: symbols.ok(),
        }))
    }

    /// What the log calls it.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Where it begins.
    pub fn entry_point(&self) -> VirtAddr {
        self.plan.entry_point()
    }

    /// The names of its functions.
    pub(super) fn symbols(&self) -> Option<&SymbolTable> {
        self.symbols.as_ref()
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
            PageSource::Copied(part) => space.map_private(page, flags, |bytes| self.fill(part, bytes)),
            PageSource::Zeroed => space.map_private(page, flags, |_| {}),
        }
    }

    /// Copies a part of the file into a page of zeroes.
    fn fill(&self, part: FilePart, page: &mut [u8; PAGE_SIZE_BYTES]) {
        let place = part.in_page();
        let place = usize::try_from(place.start).ok().zip(usize::try_from(place.end).ok());
        let place = place.and_then(|(start, end)| page.get_mut(start..end));
        // The plan is of this file, and what it needs is kept.
        if let (Some(place), Some(bytes)) = (place, self.memory.bytes(part.in_file())) {
            place.copy_from_slice(bytes);
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
