//! The registers of interrupted code: saved at the entry of an interrupt or exception, restored at its exit.

use core::fmt;

/// All general registers, the vector, and what the processor pushed. `trap_entry.s` builds it on the stack.
#[derive(Debug, Clone, Copy, Default)]
#[repr(C)]
#[expect(missing_docs, reason = "the registers go by their own names")]
pub struct TrapFrame {
    pub r15: u64,
    pub r14: u64,
    pub r13: u64,
    pub r12: u64,
    pub r11: u64,
    pub r10: u64,
    pub r9: u64,
    pub r8: u64,
    pub rbp: u64,
    pub rdi: u64,
    pub rsi: u64,
    pub rdx: u64,
    pub rcx: u64,
    pub rbx: u64,
    pub rax: u64,
    /// The vector, 0 to 255: see [`TrapFrame::vector`].
    pub vector: u64,
    /// What the processor pushed, or 0 for vectors without an error code.
    pub error_code: u64,
    pub rip: u64,
    pub cs: u64,
    pub rflags: u64,
    pub rsp: u64,
    pub ss: u64,
}

impl TrapFrame {
    pub fn vector(&self) -> u8 {
        self.vector.to_le_bytes()[0]
    }
}

impl fmt::Display for TrapFrame {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
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
            ..
        } = self;
        let Self {
            rip, cs, rflags, ss, ..
        } = self;
        writeln!(
            formatter,
            "rip {rip:#018x}  cs {cs:#06x}  rflags {rflags:#x}  rsp {rsp:#018x}  ss {ss:#06x}"
        )?;
        writeln!(
            formatter,
            "rax {rax:#018x}  rbx {rbx:#018x}  rcx {rcx:#018x}  rdx {rdx:#018x}"
        )?;
        writeln!(
            formatter,
            "rsi {rsi:#018x}  rdi {rdi:#018x}  rbp {rbp:#018x}  r8  {r8:#018x}"
        )?;
        writeln!(
            formatter,
            "r9  {r9:#018x}  r10 {r10:#018x}  r11 {r11:#018x}  r12 {r12:#018x}"
        )?;
        write!(formatter, "r13 {r13:#018x}  r14 {r14:#018x}  r15 {r15:#018x}")
    }
}
