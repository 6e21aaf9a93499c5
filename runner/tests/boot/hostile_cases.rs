//! What the hostile program tries, and what has to come of it.

use End::{Exits, KilledFor, KilledForOneOf, KilledOnHardware, KilledWithUmip};

/// How a case has to end.
#[derive(Debug, Clone, Copy)]
pub(crate) enum End {
    /// By the program itself, with this exit code: 0 if the kernel kept its promises.
    Exits(u64),
    /// By the kernel, for a reason that begins so.
    KilledFor(&'static str),
    /// By the kernel, for a reason that begins so or so: processors differ.
    KilledForOneOf([&'static str; 2]),
    /// By the kernel, for a reason that begins so. QEMU's TCG (10.0) lets programs do it, though, and no harm comes of it: then the
    /// program exits with [`SURVIVED`].
    KilledOnHardware(&'static str),
    /// By the kernel where the processor has UMIP; else it exits with [`SURVIVED`].
    KilledWithUmip,
}

/// The hostile program's exit code when it has done what should have ended it.
pub(crate) const SURVIVED: u64 = 2;

/// What a privileged instruction raises.
const PRIVILEGED: End = KilledFor("General Protection Fault (0x0)");

/// What an instruction raises that the processor does not have, or that is switched off.
const UNDEFINED: End = KilledFor("Invalid Opcode (0x0)");

/// What an instruction raises that is privileged on some processors and unknown to others.
const REFUSED: End = KilledForOneOf(["Invalid Opcode (0x0)", "General Protection Fault (0x0)"]);

/// What an address that is not canonical raises, by the segment that it is reached through.
const NON_CANONICAL: End = KilledForOneOf(["General Protection Fault (0x0)", "Stack-Segment Fault (0x0)"]);

/// A read where nothing is.
const READ: End = KilledFor("Page Fault (0x4, not mapped, read, user mode)");

/// A write where nothing is.
const WRITE: End = KilledFor("Page Fault (0x6, not mapped, write, user mode)");

/// A jump to where nothing is.
const JUMP: End = KilledFor("Page Fault (0x14, not mapped, user mode, instruction fetch)");

/// A read of what is the kernel's.
const READ_KERNEL: End = KilledFor("Page Fault (0x5, protection, read, user mode)");

/// A write to what is the kernel's, or only to be read.
const WRITE_PROTECTED: End = KilledFor("Page Fault (0x7, protection, write, user mode)");

/// A jump to what is the kernel's, or no code.
const JUMP_PROTECTED: End = KilledFor("Page Fault (0x15, protection, user mode, instruction fetch)");

/// Cases with a name alone.
const NAMED: &[(&str, End)] = &[
    // Programs that do nothing wrong, and ends of all kinds.
    ("first_state", Exits(0)),
    ("exit 7", Exits(7)),
    ("exit 18446744073709551615", Exits(u64::MAX)),
    ("panic", Exits(99)),
    ("no_such_case", Exits(98)),
    ("leave_registers", Exits(0)),
    ("leave_x87_exception", Exits(0)),
    // Instructions of the kernel's.
    ("cli", PRIVILEGED),
    ("sti", PRIVILEGED),
    ("hlt", PRIVILEGED),
    ("in_port", PRIVILEGED),
    ("in_wide", PRIVILEGED),
    ("in_number", PRIVILEGED),
    ("out_port", PRIVILEGED),
    ("out_debug_console", PRIVILEGED),
    ("out_exit", PRIVILEGED),
    ("ins", PRIVILEGED),
    ("outs", PRIVILEGED),
    ("read_cr0", PRIVILEGED),
    ("read_cr2", PRIVILEGED),
    ("read_cr3", PRIVILEGED),
    ("read_cr4", PRIVILEGED),
    ("read_cr8", PRIVILEGED),
    ("write_cr0", PRIVILEGED),
    ("write_cr2", PRIVILEGED),
    ("write_cr3", PRIVILEGED),
    ("write_cr4", PRIVILEGED),
    ("write_cr8", PRIVILEGED),
    ("clts", PRIVILEGED),
    ("lmsw", PRIVILEGED),
    ("xgetbv", UNDEFINED),
    ("xsetbv", REFUSED),
    ("read_dr0", PRIVILEGED),
    ("read_dr7", PRIVILEGED),
    ("write_dr0", PRIVILEGED),
    ("write_dr7", PRIVILEGED),
    ("read_efer", PRIVILEGED),
    ("read_lstar", PRIVILEGED),
    ("read_kernel_gs", PRIVILEGED),
    ("write_lstar", PRIVILEGED),
    ("write_gs", PRIVILEGED),
    ("write_apic_base", PRIVILEGED),
    ("rdpmc", REFUSED),
    ("rdfsbase", UNDEFINED),
    ("rdgsbase", UNDEFINED),
    ("wrfsbase", UNDEFINED),
    ("wrgsbase", UNDEFINED),
    ("swapgs", PRIVILEGED),
    ("lgdt", PRIVILEGED),
    ("lidt", PRIVILEGED),
    ("lldt", PRIVILEGED),
    ("ltr", PRIVILEGED),
    ("invlpg", PRIVILEGED),
    ("invpcid", REFUSED),
    ("invd", KilledOnHardware("General Protection Fault (0x0)")),
    ("wbinvd", KilledOnHardware("General Protection Fault (0x0)")),
    ("sysret", PRIVILEGED),
    ("sysexit", REFUSED),
    ("sysenter", REFUSED),
    ("rsm", UNDEFINED),
    ("vmcall", UNDEFINED),
    ("vmlaunch", UNDEFINED),
    ("vmrun", REFUSED),
    ("vmmcall", UNDEFINED),
    ("stgi", REFUSED),
    ("clgi", REFUSED),
    ("skinit", REFUSED),
    ("clac", UNDEFINED),
    ("stac", UNDEFINED),
    ("monitor", REFUSED),
    ("mwait", REFUSED),
    ("sgdt", KilledWithUmip),
    ("sidt", KilledWithUmip),
    ("sldt", KilledWithUmip),
    ("str", KilledWithUmip),
    ("smsw", KilledWithUmip),
    // Exceptions.
    ("divide_by_zero", KilledFor("Divide Error")),
    ("divide_overflow", KilledFor("Divide Error")),
    ("undefined", UNDEFINED),
    ("undefined_1", UNDEFINED),
    ("into", KilledOnHardware("Invalid Opcode (0x0)")),
    ("push_segment", UNDEFINED),
    ("far_jump_direct", UNDEFINED),
    ("locked_move", UNDEFINED),
    ("too_long", REFUSED),
    ("breakpoint", KilledFor("Breakpoint")),
    ("icebp", KilledFor("Debug")),
    ("single_step", KilledFor("Debug")),
    ("read_non_canonical", NON_CANONICAL),
    ("write_non_canonical", NON_CANONICAL),
    ("read_by_frame", NON_CANONICAL),
    ("jump_non_canonical", NON_CANONICAL),
    ("call_non_canonical", NON_CANONICAL),
    ("return_non_canonical", NON_CANONICAL),
    ("push_non_canonical", NON_CANONICAL),
    ("call_without_stack", NON_CANONICAL),
    ("fault_without_stack", UNDEFINED),
    ("fault_with_kernel_stack", UNDEFINED),
    ("fault_with_null_stack", UNDEFINED),
    ("misaligned_vector", PRIVILEGED),
    ("x87_division", KilledFor("x87 Floating-Point Exception")),
    ("sse_division", KilledOnHardware("SIMD Floating-Point Exception")),
    ("reserved_mxcsr", KilledOnHardware("General Protection Fault (0x0)")),
    ("vex", UNDEFINED),
    ("xsave", UNDEFINED),
    // Memory.
    ("execute_stack", JUMP_PROTECTED),
    ("execute_data", JUMP_PROTECTED),
    ("execute_mapped", JUMP_PROTECTED),
    ("push_below_stack", WRITE),
    ("push_far_below_stack", WRITE),
    ("overflow_stack", WRITE),
    ("write_own_code", WRITE_PROTECTED),
    ("atomic_write_own_code", WRITE_PROTECTED),
    ("write_constant", WRITE_PROTECTED),
    ("string_into_kernel", WRITE_PROTECTED),
    ("string_out_of_kernel", READ_KERNEL),
    ("string_over_the_end", READ),
    ("vector_out_of_kernel", READ_KERNEL),
    ("save_into_kernel", WRITE_PROTECTED),
    (
        "compare_in_kernel",
        KilledForOneOf([
            "Page Fault (0x5, protection, read, user mode)",
            "Page Fault (0x7, protection, write, user mode)",
        ]),
    ),
    ("map_until_refused", Exits(0)),
    ("map_odd_sizes", Exits(0)),
    ("unmap_what_is_not_mapped", Exits(0)),
    ("unmap_and_touch", READ),
    ("scatter_mappings", Exits(0)),
    ("scatter_frames", Exits(0)),
    ("mapped_is_zeroed", Exits(0)),
    ("pointers", Exits(0)),
    // Segments.
    ("odd_selectors", Exits(0)),
    ("kernel_data_in_ds", KilledFor("General Protection Fault (0x10)")),
    ("kernel_data_in_ss", KilledFor("General Protection Fault (0x10)")),
    ("kernel_code_in_es", KilledFor("General Protection Fault (0x8)")),
    ("task_state_in_fs", KilledFor("General Protection Fault (0x28)")),
    ("task_state_in_gs", KilledFor("General Protection Fault (0x28)")),
    ("nothing_in_ss", PRIVILEGED),
    ("nothing_with_privilege_3_in_ss", PRIVILEGED),
    (
        "selector_beyond_the_table",
        KilledFor("General Protection Fault (0xfff8)"),
    ),
    ("local_table", KilledFor("General Protection Fault (0xc)")),
    ("far_call_to_kernel", KilledFor("General Protection Fault (0x8)")),
    (
        "interrupt_return_to_kernel",
        KilledFor("General Protection Fault (0x8)"),
    ),
    ("interrupt_return", Exits(0)),
    // Its own code segment.
    ("far_return 35", Exits(SURVIVED)),
    ("far_return 0", PRIVILEGED),
    ("far_return 3", PRIVILEGED),
    ("far_return 8", KilledFor("General Protection Fault (0x8)")),
    ("far_return 11", KilledFor("General Protection Fault (0x8)")),
    ("far_return 16", KilledFor("General Protection Fault (0x10)")),
    ("far_return 27", KilledFor("General Protection Fault (0x18)")),
    ("far_return 32", KilledFor("General Protection Fault (0x20)")),
    ("far_return 43", KilledFor("General Protection Fault (0x28)")),
    ("far_return 51", KilledFor("General Protection Fault (0x30)")),
    ("far_return 59", KilledFor("General Protection Fault (0x38)")),
    // Flags.
    ("odd_flags", Exits(0)),
    ("kernel_flags", Exits(0)),
    ("step_over_syscall", KilledFor("Debug")),
    ("stack_segment_and_syscall", Exits(SURVIVED)),
    ("stack_segment_step_and_syscall", KilledFor("Debug")),
    ("stack_segment_and_breakpoint", KilledFor("Breakpoint")),
    (
        "stack_segment_step_and_breakpoint",
        KilledForOneOf(["Breakpoint", "Debug"]),
    ),
    // Stack pointers, and the end of the half.
    ("call_with_any_stack", Exits(0)),
    ("tick_with_any_stack", Exits(0)),
    ("call_at_the_end", JUMP),
    ("step_off_the_end", JUMP),
    ("breakpoint_at_the_end", KilledFor("Breakpoint")),
    // Calls.
    ("unknown_calls", Exits(0)),
    ("registers", Exits(0)),
    ("bad_utf8", Exits(0)),
    ("fake_lines", Exits(0)),
    ("long_text", Exits(0)),
    ("killed_under_an_odd_name", UNDEFINED),
    ("many_lines", Exits(0)),
    ("random_calls 1", Exits(0)),
    ("random_calls 2", Exits(0)),
    ("random_calls 3", Exits(0)),
    ("random_calls 4", Exits(0)),
    // Once more, after all of that.
    ("first_state", Exits(0)),
];

/// Addresses that are not the program's, and what a read, a write and a jump there raise.
const FOREIGN: &[(u64, [End; 3])] = &[
    // Null, the end of its page, nothing, the page that nobody gets, the local APIC's physical address.
    (0, [READ, WRITE, JUMP]),
    (0xfff, [READ, WRITE, JUMP]),
    (0x1234_5678, [READ, WRITE, JUMP]),
    (0x7fff_ffff_f000, [READ, WRITE, JUMP]),
    (0x7fff_ffff_ffff, [READ, WRITE, JUMP]),
    (0xfee0_0000, [READ, WRITE, JUMP]),
    // Behind the stack.
    (0x7fff_0000_0000, [READ, WRITE, JUMP]),
    // The kernel's code, its data at the end of all, the direct map.
    (0xffff_ffff_8000_0000, [READ_KERNEL, WRITE_PROTECTED, JUMP_PROTECTED]),
    (0xffff_ffff_ffff_ffff, [READ, WRITE, JUMP]),
    (0xffff_8000_0010_0000, [READ_KERNEL, WRITE_PROTECTED, JUMP_PROTECTED]),
    // Registers of devices, and the first guard page of the stacks.
    (0xffff_f000_0000_0000, [READ, WRITE, JUMP]),
    (0xffff_f800_0000_0000, [READ, WRITE, JUMP]),
    // The first processor's boot stack: its uppermost bytes.
    (0xffff_f800_0001_fff8, [READ_KERNEL, WRITE_PROTECTED, JUMP_PROTECTED]),
    // Neither half.
    (0x8000_0000_0000, [NON_CANONICAL; 3]),
    (0xffff_7fff_ffff_ffff, [NON_CANONICAL; 3]),
];

/// Cases that need much memory: it can be taken in so many pieces that the kernel has none to remember them, or so much of it that the
/// page tables do not fit.
pub(crate) fn cases_for_much_memory() -> Vec<(String, End)> {
    [
        ("scatter_mappings", Exits(0)),
        ("scatter_frames", Exits(0)),
        ("touch_until_killed", KilledFor("out of memory")),
        ("scatter_frames", Exits(0)),
    ]
    .map(|(name, end)| (name.to_owned(), end))
    .into()
}

/// Every case: the program's arguments, and its end.
pub(crate) fn cases() -> Vec<(String, End)> {
    let named = NAMED.iter().map(|(arguments, end)| ((*arguments).to_owned(), *end));
    let foreign = FOREIGN.iter().flat_map(|(address, ends)| {
        let accesses = ["read", "write", "jump"].into_iter().zip(*ends);
        accesses.map(move |(access, end)| (format!("{access} {address}"), end))
    });
    let interrupts = (0..=255).map(|vector| (format!("int {vector}"), interrupt(vector)));
    named.chain(foreign).chain(interrupts).collect()
}

/// What `int n` raises: programs may use the breakpoint's gate, and no other.
fn interrupt(vector: u32) -> End {
    if vector == 3 {
        KilledFor("Breakpoint")
    } else {
        KilledFor("General Protection Fault (0x")
    }
}
