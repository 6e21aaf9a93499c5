//! The entry point, which saves the registers at the first instruction.

use core::arch::global_asm;
use core::cell::UnsafeCell;

/// General registers that hold 0 at the first instruction: all but `rdi`, `rsi` and `rsp`.
const ZERO_REGISTERS: usize = 13;

/// Flags at the first instruction: interrupts are on, and bit 1 is always set.
const FIRST_FLAGS: u64 = 0x202;

/// Control words of x87 and SSE, as the System V ABI requires (section 3.4.1).
const FIRST_CONTROL_WORDS: [u64; 2] = [0x037f, 0x1f80];

/// Register values at the first instruction.
#[repr(C)]
struct FirstState {
    /// General registers that must be 0.
    zero: [u64; ZERO_REGISTERS],
    rflags: u64,
    /// Stack pointer, and the value that it points to.
    stack: [u64; 2],
    /// ds, es, fs, gs.
    data_segments: [u64; 4],
    /// x87, SSE.
    control_words: [u64; 2],
    /// xmm0 to xmm15.
    xmm: [u64; 32],
}

/// Wrapper that allows a `static`.
#[repr(transparent)]
struct FirstStateCell(UnsafeCell<FirstState>);

// SAFETY: The entry code writes the value before any Rust code runs; later code only reads it.
unsafe impl Sync for FirstStateCell {}

/// Written at the first instruction.
static FIRST_STATE: FirstStateCell = FirstStateCell(UnsafeCell::new(FirstState {
    zero: [1; ZERO_REGISTERS],
    rflags: 0,
    stack: [1; 2],
    data_segments: [1; 4],
    control_words: [0; 2],
    xmm: [1; 32],
}));

global_asm!(
    ".globl entry_point",
    "entry_point:",
    "mov [{state}], rax",
    "mov [{state} + 8], rbx",
    "mov [{state} + 16], rcx",
    "mov [{state} + 24], rdx",
    "mov [{state} + 32], rbp",
    "mov [{state} + 40], r8",
    "mov [{state} + 48], r9",
    "mov [{state} + 56], r10",
    "mov [{state} + 64], r11",
    "mov [{state} + 72], r12",
    "mov [{state} + 80], r13",
    "mov [{state} + 88], r14",
    "mov [{state} + 96], r15",
    "mov rax, [rsp]",
    "mov [{state} + 120], rax",
    "pushfq",
    "pop [{state} + 104]",
    "mov [{state} + 112], rsp",
    "mov [{state} + 128], ds",
    "mov [{state} + 136], es",
    "mov [{state} + 144], fs",
    "mov [{state} + 152], gs",
    "fnstcw [{state} + 160]",
    "stmxcsr [{state} + 168]",
    ".irp number, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15",
    "movups [{state} + 176 + 16 * \\number], xmm\\number",
    ".endr",
    "jmp {start}",
    state = sym FIRST_STATE,
    start = sym start,
);

/// Continues in Rust.
extern "C" fn start(arguments: *const u8, length_bytes: usize) -> ! {
    // SAFETY: The kernel stored that many bytes there, and no code changes them.
    unsafe { program_runtime::start(arguments, length_bytes, crate::main) }
}

/// Returns whether the first instruction found the promised state, without values of the kernel or of another program.
pub(crate) fn is_as_promised() -> bool {
    // SAFETY: No code writes to the state any more.
    let state = unsafe { &*FIRST_STATE.0.get() };
    state.zero == [0; ZERO_REGISTERS]
        && state.rflags == FIRST_FLAGS
        && state.stack[0] % 16 == 8
        && state.stack[1] == 0
        && state.data_segments == [0; 4]
        && state.control_words == FIRST_CONTROL_WORDS
        && state.xmm == [0; 32]
}
