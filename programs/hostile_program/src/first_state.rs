//! The entry point, which keeps what the registers held at the first instruction.

use core::arch::global_asm;
use core::cell::UnsafeCell;

/// General registers that hold 0 at the first instruction: all but `rdi`, `rsi` and `rsp`.
const ZERO_REGISTERS: usize = 13;

/// The only flags at the first instruction: interrupts are on, and bit 1 is always set.
const FIRST_FLAGS: u64 = 0x202;

/// The x87's control word and the control word of SSE, as the System V ABI wants them (section 3.4.1).
const FIRST_CONTROL_WORDS: [u64; 2] = [0x037f, 0x1f80];

/// What the registers held.
#[repr(C)]
struct FirstState {
    /// General registers that should hold 0.
    zero: [u64; ZERO_REGISTERS],
    /// The flags.
    rflags: u64,
    /// The stack pointer, and what it points to.
    stack: [u64; 2],
    /// ds, es, fs, gs.
    data_segments: [u64; 4],
    /// x87, SSE.
    control_words: [u64; 2],
    /// xmm0 to xmm15.
    xmm: [u64; 32],
}

/// The one of this program.
#[repr(transparent)]
struct Kept(UnsafeCell<FirstState>);

// SAFETY: It is written before the first line of Rust, and only read from then on.
unsafe impl Sync for Kept {}

/// Written at the first instruction.
static FIRST_STATE: Kept = Kept(UnsafeCell::new(FirstState {
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

/// Goes on in Rust.
extern "C" fn start(arguments: *const u8, length_bytes: usize) -> ! {
    // SAFETY: The kernel has put that many bytes there, which nobody changes.
    unsafe { program_runtime::start(arguments, length_bytes, crate::main) }
}

/// Whether the first instruction found what the kernel promises: nothing of the kernel's, nor of another program's.
pub(crate) fn is_as_promised() -> bool {
    // SAFETY: Nobody writes to it any more.
    let state = unsafe { &*FIRST_STATE.0.get() };
    state.zero == [0; ZERO_REGISTERS]
        && state.rflags == FIRST_FLAGS
        && state.stack[0] % 16 == 8
        && state.stack[1] == 0
        && state.data_segments == [0; 4]
        && state.control_words == FIRST_CONTROL_WORDS
        && state.xmm == [0; 32]
}
