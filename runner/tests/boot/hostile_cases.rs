//! The hostile program's cases and their expected ends.

use End::{Exits, KilledFor, KilledForOneOf, KilledOnHardware, KilledWithUmip};

/// Expected end of a case.
#[derive(Debug, Clone, Copy)]
pub(crate) enum End {
    /// The program exits with this code: 0 if the kernel kept its promises.
    Exits(u64),
    /// The kernel kills the program for a reason with this prefix.
    KilledFor(&'static str),
    /// The kernel kills the program for a reason with one of these prefixes: processors differ.
    KilledForOneOf([&'static str; 2]),
    /// The kernel kills the program for a reason with this prefix. Under QEMU's TCG (10.0), which permits the action
    /// without harm, the program exits with [`SURVIVED`].
    KilledOnHardware(&'static str),
    /// The kernel kills the program if the processor has UMIP; otherwise it exits with [`SURVIVED`].
    KilledWithUmip,
}

/// The hostile program's exit code after it survived a fatal action.
pub(crate) const SURVIVED: u64 = 2;

/// End of a privileged instruction.
const PRIVILEGED: End = KilledFor("General Protection Fault (0x0)");

/// End of an unsupported or disabled instruction.
const UNDEFINED: End = KilledFor("Invalid Opcode (0x0)");

/// End of an instruction that is privileged on some processors and unsupported on others.
const REFUSED: End = KilledForOneOf(["Invalid Opcode (0x0)", "General Protection Fault (0x0)"]);

/// End of an access to a non-canonical address; the exception depends on the segment.
const NON_CANONICAL: End = KilledForOneOf(["General Protection Fault (0x0)", "Stack-Segment Fault (0x0)"]);

/// End of a read from an unmapped page.
const READ: End = KilledFor("Page Fault (0x4, not mapped, read, user mode)");

/// End of a write to an unmapped page.
const WRITE: End = KilledFor("Page Fault (0x6, not mapped, write, user mode)");

/// End of a jump to an unmapped page.
const JUMP: End = KilledFor("Page Fault (0x14, not mapped, user mode, instruction fetch)");

/// End of a read from a kernel page.
const READ_KERNEL: End = KilledFor("Page Fault (0x5, protection, read, user mode)");

/// End of a write to a kernel page or a read-only page.
const WRITE_PROTECTED: End = KilledFor("Page Fault (0x7, protection, write, user mode)");

/// End of a jump to a kernel page or a non-executable page.
const JUMP_PROTECTED: End = KilledFor("Page Fault (0x15, protection, user mode, instruction fetch)");

/// Cases with fixed arguments.
const NAMED: &[(&str, End)] = &[
    // Programs that do nothing wrong, and ends of all kinds.
    ("first_state", Exits(0)),
    ("exit 7", Exits(7)),
    ("exit 18446744073709551615", Exits(u64::MAX)),
    ("panic", Exits(99)),
    ("no_such_case", Exits(98)),
    ("leave_registers", Exits(0)),
    ("leave_x87_exception", Exits(0)),
    // Privileged and disabled instructions.
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
    // The program's own code segment.
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
    // Stack pointers, and the end of the lower half.
    ("call_with_any_stack", Exits(0)),
    ("tick_with_any_stack", Exits(0)),
    ("call_at_the_end", JUMP),
    ("step_off_the_end", JUMP),
    ("breakpoint_at_the_end", KilledFor("Breakpoint")),
    // System calls.
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
    // The registers at the first instruction again, after all attacks.
    ("first_state", Exits(0)),
];

/// Addresses that are not the program's, and the ends of a read, a write and a jump there.
const FOREIGN: &[(u64, [End; 3])] = &[
    // Null, the end of the null page, an unmapped page, the last page of the half, the local APIC's physical address.
    (0, [READ, WRITE, JUMP]),
    (0xfff, [READ, WRITE, JUMP]),
    (0x1234_5678, [READ, WRITE, JUMP]),
    (0x7fff_ffff_f000, [READ, WRITE, JUMP]),
    (0x7fff_ffff_ffff, [READ, WRITE, JUMP]),
    (0xfee0_0000, [READ, WRITE, JUMP]),
    // After the end of the stack.
    (0x7fff_0000_0000, [READ, WRITE, JUMP]),
    // The kernel's code, its data at the end of the address space, the direct map.
    (0xffff_ffff_8000_0000, [READ_KERNEL, WRITE_PROTECTED, JUMP_PROTECTED]),
    (0xffff_ffff_ffff_ffff, [READ, WRITE, JUMP]),
    (0xffff_8000_0010_0000, [READ_KERNEL, WRITE_PROTECTED, JUMP_PROTECTED]),
    // Device registers, and the first guard page of the stacks.
    (0xffff_f000_0000_0000, [READ, WRITE, JUMP]),
    (0xffff_f800_0000_0000, [READ, WRITE, JUMP]),
    // The top of the first processor's boot stack.
    (0xffff_f800_0001_fff8, [READ_KERNEL, WRITE_PROTECTED, JUMP_PROTECTED]),
    // Non-canonical addresses.
    (0x8000_0000_0000, [NON_CANONICAL; 3]),
    (0xffff_7fff_ffff_ffff, [NON_CANONICAL; 3]),
];

/// Cases that need much memory: so many mappings that the kernel cannot record them, or so much memory that the page
/// tables do not fit.
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

/// Returns every case: the program's arguments, and the expected end.
pub(crate) fn cases() -> Vec<(String, End)> {
    let named = NAMED.iter().map(|(arguments, end)| ((*arguments).to_owned(), *end));
    let foreign = FOREIGN.iter().flat_map(|(address, ends)| {
        let accesses = ["read", "write", "jump"].into_iter().zip(*ends);
        accesses.map(move |(access, end)| (format!("{access} {address}"), end))
    });
    let interrupts = (0..=255).map(|vector| (format!("int {vector}"), interrupt(vector)));
    named.chain(foreign).chain(interrupts).collect()
}

/// Returns the end of `int n`: programs may use the breakpoint's gate, and no other.
fn interrupt(vector: u32) -> End {
    if vector == 3 {
        KilledFor("Breakpoint")
    } else {
        KilledFor("General Protection Fault (0x")
    }
}
