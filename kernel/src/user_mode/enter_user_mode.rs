//! Enters user mode by a call that returns the reason why user mode was left.
//!
//! [`UserContext::run`] saves the kernel's registers on the current stack, loads the program's, and enters ring 3. A system call,
//! an exception or an interrupt saves the program's registers in the context and returns from `run`, on the same stack. So a
//! program needs no kernel stack of its own, and the caller of `run` is a plain loop.

use super::vector_state::VectorState;
use crate::cpu::{
    cpu_local_data::CpuLocalData,
    exception::vector::{GENERAL_PROTECTION, PAGE_FAULT},
    gdt::{USER_CODE, USER_DATA},
    trap_frame::TrapFrame,
};
use alloc::boxed::Box;
use core::{
    arch::global_asm,
    mem::offset_of,
    sync::atomic::{AtomicU64, Ordering},
};
use elf_load_plan::PROGRAM_END;
use user_entry::{EntryInstruction, entry_instruction, user_flags};
use x86_64::{VirtAddr, instructions::interrupts, registers::control::Cr2, structures::tss::TaskStateSegment};

/// Value that `enter_user_mode` returns after a system call.
const LEFT_BY_SYSCALL: u32 = 0;

const FIRST_INTERRUPT: u8 = 32;

/// See [`returns_by_iretq`].
static RETURNS_BY_IRETQ: AtomicU64 = AtomicU64::new(0);

global_asm!(
    include_str!("enter_user_mode.s"),
    left_by_syscall = const LEFT_BY_SYSCALL,
    kernel_stack_offset = const offset_of!(CpuLocalData, kernel_stack),
    user_stack_offset = const offset_of!(CpuLocalData, user_stack),
    privileged_stack_offset =
        const offset_of!(CpuLocalData, tss) + offset_of!(TaskStateSegment, privilege_stack_table),
    frame_size = const size_of::<TrapFrame>(),
    vector_offset = const offset_of!(TrapFrame, vector),
    rip_offset = const offset_of!(TrapFrame, rip),
    rflags_offset = const offset_of!(TrapFrame, rflags),
    rsp_offset = const offset_of!(TrapFrame, rsp),
    r15_offset = const offset_of!(TrapFrame, r15),
    r14_offset = const offset_of!(TrapFrame, r14),
    r13_offset = const offset_of!(TrapFrame, r13),
    r12_offset = const offset_of!(TrapFrame, r12),
    r10_offset = const offset_of!(TrapFrame, r10),
    r9_offset = const offset_of!(TrapFrame, r9),
    r8_offset = const offset_of!(TrapFrame, r8),
    rbp_offset = const offset_of!(TrapFrame, rbp),
    rdi_offset = const offset_of!(TrapFrame, rdi),
    rsi_offset = const offset_of!(TrapFrame, rsi),
    rdx_offset = const offset_of!(TrapFrame, rdx),
    rbx_offset = const offset_of!(TrapFrame, rbx),
    rax_offset = const offset_of!(TrapFrame, rax),
);

unsafe extern "C" {
    /// Enters user mode with the registers of a frame, by `sysretq` if `by_sysretq` is not 0, else by `iretq`. Returns why user mode
    /// was left.
    fn enter_user_mode(frame: *mut TrapFrame, by_sysretq: u32) -> u32;
    /// Target of the instruction `syscall`.
    static raw_syscall_handler: u8;
}

const _: () = assert!(
    offset_of!(UserContext, frame) == 0 && size_of::<TrapFrame>().is_multiple_of(16),
    "the processor aligns the stack that it pushes to, so the frame's end is aligned"
);

/// A program's registers while it does not run.
#[derive(Debug)]
#[repr(C, align(16))]
pub struct UserContext {
    /// All registers except the vector registers. The processor pushes to the end of the frame, so the end is aligned to 16 bytes.
    frame: TrapFrame,
    /// Whether the last run ended with a system call: then `rcx` and `r11` need not be restored.
    after_system_call: bool,
    vector_state: VectorState,
}

/// Why user mode was left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeaveReason {
    Syscall,
    Exception {
        vector: u8,
        /// The processor's error code; 0 if the exception has none.
        error_code: u64,
        /// The accessed address for a page fault; else 0.
        address: u64,
    },
    Interrupt(u8),
}

impl UserContext {
    /// Creates the registers of a new program: entry point, stack pointer, `arguments` in `rdi` and `rsi`. The others are 0.
    pub fn new(entry_point: VirtAddr, stack_pointer: VirtAddr, arguments: [u64; 2]) -> Box<Self> {
        let [rdi, rsi] = arguments;
        let frame = TrapFrame {
            rip: entry_point.as_u64(),
            rsp: stack_pointer.as_u64(),
            rdi,
            rsi,
            ..TrapFrame::default()
        };
        Box::new(Self {
            frame,
            after_system_call: false,
            vector_state: VectorState::INITIAL,
        })
    }

    /// All registers except the vector registers.
    pub fn registers(&self) -> &TrapFrame {
        &self.frame
    }

    /// The registers of a system call: rdi, rsi, rdx, r10, r8, r9, rax.
    #[inline]
    pub fn call_registers(&self) -> [u64; 7] {
        let frame = &self.frame;
        [
            frame.rdi, frame.rsi, frame.rdx, frame.r10, frame.r8, frame.r9, frame.rax,
        ]
    }

    /// Sets the registers of a system call, in the same order.
    #[inline]
    pub fn set_call_registers(&mut self, registers: [u64; 7]) {
        let frame = &mut self.frame;
        [
            frame.rdi, frame.rsi, frame.rdx, frame.r10, frame.r8, frame.r9, frame.rax,
        ] = registers;
    }

    /// Sets the status of a system call alone.
    #[inline]
    pub fn set_rax(&mut self, rax: u64) {
        self.frame.rax = rax;
    }

    /// Loads the initial vector registers. Once, before the first run.
    pub fn load_vector_state(&self) {
        self.vector_state.load();
    }

    /// Runs the program until it leaves user mode. Its address space must be in use. Interrupts must be off, and are off on return.
    #[inline]
    pub fn run(&mut self) -> LeaveReason {
        debug_assert!(!interrupts::are_enabled(), "interrupts are off");
        let Some(instruction) = self.sanitize() else {
            // A non-canonical entry address raises #GP in the kernel on some processors, and in the program on the others.
            return LeaveReason::Exception {
                vector: GENERAL_PROTECTION,
                error_code: 0,
                address: 0,
            };
        };
        let by_sysretq = u32::from(instruction == EntryInstruction::Sysretq);
        // SAFETY: The frame has a program's segments, flags that a program may have, and a canonical address in the lower half.
        // So the processor enters ring 3, where the page tables limit the program to its own memory. `leave_user_mode` returns
        // here and restores all registers that this call saved. The frame is not moved meanwhile.
        let left_by = unsafe { enter_user_mode(&raw mut self.frame, by_sysretq) };
        self.after_system_call = left_by == LEFT_BY_SYSCALL;
        if self.after_system_call {
            return LeaveReason::Syscall;
        }
        self.trap_reason()
    }

    /// Replaces flags and segments that a program may not have. After a system call this is not needed: the flags are the
    /// program's own, without those that `syscall` masks, and unchanged since. Returns the instruction for entering user mode;
    /// `None` if the entry address is not canonical.
    #[inline]
    fn sanitize(&mut self) -> Option<EntryInstruction> {
        let instruction = entry_instruction(self.frame.rip, self.after_system_call)?;
        if instruction == EntryInstruction::Iretq {
            self.frame.rflags = user_flags(self.frame.rflags);
            if self.after_system_call {
                // `sysretq` leaves them so.
                self.frame.rcx = self.frame.rip;
                self.frame.r11 = self.frame.rflags;
            }
            self.frame.cs = u64::from(USER_CODE);
            self.frame.ss = u64::from(USER_DATA);
            if self.frame.rip >= PROGRAM_END {
                RETURNS_BY_IRETQ.fetch_add(1, Ordering::Relaxed);
            }
        }
        Some(instruction)
    }

    fn trap_reason(&self) -> LeaveReason {
        // The entry stubs push at most 255.
        let vector = u8::try_from(self.frame.vector).unwrap_or(u8::MAX);
        if vector >= FIRST_INTERRUPT {
            return LeaveReason::Interrupt(vector);
        }
        LeaveReason::Exception {
            vector,
            error_code: self.frame.error_code,
            address: if vector == PAGE_FAULT { Cr2::read_raw() } else { 0 },
        }
    }
}

/// Number of times a program was entered by `iretq` at a canonical address outside of program memory. This happens after a system
/// call at the very end of the lower half, where `sysretq` may not be used.
pub fn returns_by_iretq() -> u64 {
    RETURNS_BY_IRETQ.load(Ordering::Relaxed)
}

pub(super) fn raw_syscall_handler_address() -> u64 {
    (&raw const raw_syscall_handler).addr() as u64
}
