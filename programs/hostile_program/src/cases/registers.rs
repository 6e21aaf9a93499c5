//! Registers after a system call: only results may change.

use super::{Case, GOOD};
use core::arch::global_asm;
use syscall_abi::SyscallNumber;

/// Number of general registers without the stack pointer: rax, rbx, rcx, rdx, rsi, rdi, rbp, r8 to r15.
const GENERAL: usize = 15;

/// Indexes of general registers.
const RAX: usize = 0;
/// `syscall` stores the return address there.
const RCX: usize = 2;
/// `syscall` stores the flags there.
const R11: usize = 10;
/// Indexes of the result registers, in order.
const RESULTS: [usize; 6] = [5, 4, 3, 9, 7, 8];

/// Flags that a call must preserve: carry, parity, adjust, zero, sign, overflow, ID, interrupt and the constant bit.
const FLAGS: u64 = 0x20_0202 | 0x8d5;

pub(super) const CASES: &[Case] = &[Case {
    name: "registers",
    run: registers,
}];

/// Register values before or after a call.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(C, align(16))]
struct AllRegisters {
    /// xmm0 to xmm15.
    xmm: [[u64; 2]; 16],
    general: [u64; GENERAL],
    rflags: u64,
    /// The control words of SSE and of the x87.
    control_words: [u64; 2],
    /// Two x87 registers, as 64-bit integers.
    x87: [u64; 2],
}

global_asm!(
    // call_with_registers(before: rdi, after: rsi)
    ".globl call_with_registers",
    "call_with_registers:",
    "push rbx",
    "push rbp",
    "push r12",
    "push r13",
    "push r14",
    "push r15",
    "push rsi",
    ".irp number, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15",
    "movaps xmm\\number, [rdi + 16 * \\number]",
    ".endr",
    "fninit",
    "ldmxcsr [rdi + 384]",
    "fldcw [rdi + 392]",
    "fild qword ptr [rdi + 400]",
    "fild qword ptr [rdi + 408]",
    "push [rdi + 376]",
    "mov rax, [rdi + 256]",
    "mov rbx, [rdi + 264]",
    "mov rcx, [rdi + 272]",
    "mov rdx, [rdi + 280]",
    "mov rsi, [rdi + 288]",
    "mov rbp, [rdi + 304]",
    "mov r8, [rdi + 312]",
    "mov r9, [rdi + 320]",
    "mov r10, [rdi + 328]",
    "mov r11, [rdi + 336]",
    "mov r12, [rdi + 344]",
    "mov r13, [rdi + 352]",
    "mov r14, [rdi + 360]",
    "mov r15, [rdi + 368]",
    "mov rdi, [rdi + 296]",
    "popfq",
    "syscall",
    ".globl after_call_with_registers",
    "after_call_with_registers:",
    "push rdi",
    "mov rdi, [rsp + 8]",
    "pop [rdi + 296]",
    "mov [rdi + 256], rax",
    "mov [rdi + 264], rbx",
    "mov [rdi + 272], rcx",
    "mov [rdi + 280], rdx",
    "mov [rdi + 288], rsi",
    "mov [rdi + 304], rbp",
    "mov [rdi + 312], r8",
    "mov [rdi + 320], r9",
    "mov [rdi + 328], r10",
    "mov [rdi + 336], r11",
    "mov [rdi + 344], r12",
    "mov [rdi + 352], r13",
    "mov [rdi + 360], r14",
    "mov [rdi + 368], r15",
    "pushfq",
    "pop [rdi + 376]",
    ".irp number, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15",
    "movaps [rdi + 16 * \\number], xmm\\number",
    ".endr",
    "stmxcsr [rdi + 384]",
    "fnstcw [rdi + 392]",
    "fistp qword ptr [rdi + 408]",
    "fistp qword ptr [rdi + 400]",
    "pop rsi",
    "pop r15",
    "pop r14",
    "pop r13",
    "pop r12",
    "pop rbp",
    "pop rbx",
    "push 0x202",
    "popfq",
    "ret",
);

unsafe extern "C" {
    /// Loads the registers, makes the call, and stores the registers.
    fn call_with_registers(before: *const AllRegisters, after: *mut AllRegisters);
    /// Return address of the call.
    static after_call_with_registers: u8;
}

/// Makes every call with a distinct value in each register, and checks the number of results.
fn registers(_number: u64) -> u64 {
    let calls = [
        (u64::from(SyscallNumber::Exists), 2),
        (u64::from(SyscallNumber::Log), 0),
        (u64::from(SyscallNumber::Echo), 6),
        (u64::from(SyscallNumber::Now), 1),
        (u64::from(SyscallNumber::YieldNow), 0),
        (u64::from(SyscallNumber::Map), 1),
        (u64::from(SyscallNumber::Unmap), 0),
        (u64::MAX, 0),
    ];
    for (index, (number, results)) in (0..).zip(calls) {
        for carry in [0, 1] {
            if !changes_only_results(number, results, carry) {
                return 10 + index;
            }
        }
    }
    GOOD
}

/// Returns whether a call changes only `rax`, its results, and the registers that `syscall` overwrites.
fn changes_only_results(number: u64, results: usize, carry: u64) -> bool {
    let before = registers_before(number, carry);
    let mut after = before;
    // SAFETY: The call unmaps nothing: `unmap` gets an invalid address.
    unsafe { call_with_registers(&raw const before, &raw mut after) };
    let mut expected = before;
    let return_address = (&raw const after_call_with_registers).addr() as u64;
    expected.general[RCX] = return_address;
    expected.general[R11] = before.rflags;
    expected.general[RAX] = after.general[RAX];
    // A failed call changes no result; `log` and `unmap` get invalid arguments.
    if after.general[RAX] == 0 {
        for register in RESULTS.into_iter().take(results) {
            expected.general[register] = after.general[register];
        }
    }
    after == expected && after.rflags & FLAGS == before.rflags & FLAGS
}

/// Returns distinct values that do not occur in the kernel.
fn registers_before(number: u64, carry: u64) -> AllRegisters {
    /// x87 control word: the initial value, but with rounding down.
    const X87_CONTROL: u64 = 0x077f;
    /// MXCSR: the initial value, but with rounding down.
    const SSE_CONTROL: u64 = 0x3f80;
    let mut value = 0x0101_0101_0101_0100_u64;
    let mut next = || {
        value += 1;
        value
    };
    let mut before = AllRegisters {
        xmm: [[0; 2]; 16].map(|_: [u64; 2]| [next(), next()]),
        general: [0; GENERAL].map(|_: u64| next()),
        rflags: if carry == 0 { 0x246 } else { 0xa93 },
        control_words: [SSE_CONTROL, X87_CONTROL],
        x87: [next(), next()],
    };
    before.general[RAX] = number;
    // `map` gets a valid size.
    if number == u64::from(SyscallNumber::Map) {
        before.general[RESULTS[0]] = 4096;
    }
    before
}
