//! What most checks need.

use super::{expectations::Expectations, machine_state::MachineState, page_tables::PageTables};

/// Set up once from the responses that no boot loader may leave out.
pub(super) struct Facts {
    /// State of the bootstrap processor at its entry.
    pub(super) bsp: MachineState,
    /// What the command line says about this boot.
    pub(super) expectations: Expectations<'static>,
    /// Offset of the higher-half direct map.
    pub(super) hhdm_offset: u64,
    /// The page tables that CR3 named at entry.
    pub(super) page_tables: PageTables,
}
