//! Registers for the report of a panic.

use core::{arch::asm, fmt};
use x86_64::registers::{
    control::{Cr0, Cr2, Cr3, Cr4, Efer},
    rflags,
};

/// Values of the registers at one place of the code.
#[derive(Debug, Clone, Copy)]
pub struct Registers {
    pub rsp: u64,
    pub rbp: u64,
    rflags: u64,
    cr0: u64,
    cr2: u64,
    cr3: u64,
    cr4: u64,
    efer: u64,
}

impl Registers {
    /// Reads the registers. Inlined, so that stack pointer and frame pointer are those of the caller.
    #[inline(always)]
    pub fn read() -> Self {
        let (rsp, rbp): (u64, u64);
        // SAFETY: Copies two registers and has no other effect.
        unsafe {
            asm!("mov {}, rsp", "mov {}, rbp", out(reg) rsp, out(reg) rbp, options(nomem, nostack, preserves_flags))
        };
        let (table, flags) = Cr3::read_raw();
        Self {
            rsp,
            rbp,
            rflags: rflags::read_raw(),
            cr0: Cr0::read_raw(),
            cr2: Cr2::read_raw(),
            cr3: table.start_address().as_u64() | u64::from(flags),
            cr4: Cr4::read_raw(),
            efer: Efer::read_raw(),
        }
    }
}

impl fmt::Display for Registers {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            rsp,
            rbp,
            rflags,
            cr0,
            cr2,
            cr3,
            cr4,
            efer,
        } = self;
        writeln!(formatter, "rsp {rsp:#018x}  rbp {rbp:#018x}  rflags {rflags:#x}")?;
        write!(
            formatter,
            "cr0 {cr0:#x}  cr2 {cr2:#018x}  cr3 {cr3:#x}  cr4 {cr4:#x}  efer {efer:#x}"
        )
    }
}
