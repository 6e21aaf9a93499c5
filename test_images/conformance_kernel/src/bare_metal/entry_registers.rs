//! The registers of a processor at its entry, and where the entry points store them.

use core::cell::UnsafeCell;

/// Limit and base, as `sgdt` and `sidt` store them.
#[derive(Clone, Copy)]
#[repr(C, packed)]
pub(super) struct DescriptorTableRegister {
    /// Offset of the table's last byte.
    pub(super) limit: u16,
    /// Linear address of the table.
    pub(super) base: u64,
}

/// Fills the structure and its zero value from one list of names.
macro_rules! entry_registers {
    ($($name:ident),*) => {
        /// Registers at the first instruction. Selectors stand in the low 16 bits.
        #[derive(Clone, Copy)]
        #[repr(C)]
        pub(super) struct EntryRegisters {
            $(
                #[doc = concat!("Value of `", stringify!($name), "`.")]
                pub(super) $name: u64,
            )*
            /// Where the GDT lies.
            pub(super) gdtr: DescriptorTableRegister,
            /// Where the IDT lies.
            pub(super) idtr: DescriptorTableRegister,
        }

        impl EntryRegisters {
            /// Before the entry.
            pub(super) const ZERO: Self = Self {
                $($name: 0,)*
                gdtr: DescriptorTableRegister { limit: 0, base: 0 },
                idtr: DescriptorTableRegister { limit: 0, base: 0 },
            };
        }
    };
}

entry_registers!(
    rax,
    rbx,
    rcx,
    rdx,
    rsi,
    rdi,
    rbp,
    rsp,
    r8,
    r9,
    r10,
    r11,
    r12,
    r13,
    r14,
    r15,
    return_slot,
    rflags,
    cs,
    ds,
    es,
    fs,
    gs,
    ss,
    cr0,
    cr3,
    cr4,
    cr8,
    ldtr,
    tr
);

/// Memory that the assembly of an entry point stores to.
#[repr(transparent)]
pub(super) struct EntryRegistersCell(UnsafeCell<EntryRegisters>);

// SAFETY: one processor at a time writes a cell, before the one that reads it looks (see `processors`).
unsafe impl Sync for EntryRegistersCell {}

impl EntryRegistersCell {
    /// What was stored last.
    pub(super) fn load(&self) -> EntryRegisters {
        // SAFETY: the assembly that fills the cell has run: the callers are only reached through it, or wait for it.
        unsafe { self.0.get().read_volatile() }
    }
}

/// Filled by `entry_point_from_limine`.
pub(super) static BSP_REGISTERS: EntryRegistersCell = EntryRegistersCell(UnsafeCell::new(EntryRegisters::ZERO));
/// Filled by `entry_point_from_limine_mp`.
pub(super) static AP_REGISTERS: EntryRegistersCell = EntryRegistersCell(UnsafeCell::new(EntryRegisters::ZERO));
