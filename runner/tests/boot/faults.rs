//! Exceptions in the kernel, and stack overflows.

use crate::scenario::Scenario;
use crate::test_kernel::{Expectation, reaches_last_line, reports};

/// Exceptions, and the expected report or log line.
const EXCEPTIONS: [Expectation; 21] = [
    reports(
        "read_unmapped",
        "a_read_where_nothing_is_mapped_is_reported",
        &["ERROR Page fault! Error code: 0x0, not mapped, read, kernel mode. Accessed address: 0xffffd000dead0000"],
    ),
    reports(
        "write_unmapped",
        "a_write_where_nothing_is_mapped_is_reported",
        &["ERROR Page fault! Error code: 0x2, not mapped, write, kernel mode. Accessed address: 0xffffd000dead0000"],
    ),
    reports(
        "write_text",
        "the_kernels_code_cannot_be_written",
        &["ERROR Page fault! Error code: 0x3, protection, write, kernel mode. Accessed address: 0xffffffff8"],
    ),
    reports(
        "write_text_in_direct_map",
        "the_kernels_code_cannot_be_written_in_the_direct_map",
        &["ERROR Page fault! Error code: 0x3, protection, write, kernel mode. Accessed address: 0xffff8"],
    ),
    reports(
        "execute_heap",
        "the_heap_cannot_be_executed",
        &["ERROR Page fault! Error code: 0x11, protection, kernel mode, instruction fetch."],
    ),
    reports(
        "divide_error",
        "a_division_by_zero_is_reported",
        &["ERROR Divide Error! Error code: 0x0"],
    ),
    reports(
        "undefined_instruction",
        "an_undefined_instruction_is_reported_with_a_backtrace",
        &[
            "ERROR Invalid Opcode! Error code: 0x0",
            "  0: 0xffffffff8",
            "test_kernel::scenarios::fault::undefined_instruction+0x",
            "kernel::init_bsp_on_own_stack+0x",
        ],
    ),
    reports(
        "general_protection",
        "a_general_protection_fault_is_reported",
        &["ERROR General Protection Fault! Error code: 0xfff8"],
    ),
    reports(
        "non_canonical",
        "a_non_canonical_address_is_reported",
        &["ERROR General Protection Fault! Error code: 0x0"],
    ),
    reports(
        "double_fault",
        "a_double_fault_is_reported",
        &["ERROR Double Fault! Error code: 0x0"],
    ),
    reports(
        "fault_without_stack",
        "a_fault_with_a_stack_pointer_of_0_is_reported",
        &["ERROR Double Fault! Error code: 0x0"],
    ),
    reports(
        "stack_overflow",
        "a_stack_overflow_names_the_stack",
        &[
            "[0] ERROR Stack overflow: StackInfo { id: StackId { cpu_id: 0, stack_type: Normal }",
            "test_kernel::scenarios::memory_faults::use_up_stack+0x",
        ],
    ),
    reports(
        "stack_overflow_on_ap",
        "a_stack_overflow_on_an_ap_names_the_stack",
        &["[1] ERROR Stack overflow: StackInfo { id: StackId { cpu_id: 1, stack_type: Normal }"],
    ),
    reports(
        "nmi_stack_overflow",
        "an_overflow_of_the_stack_for_non_maskable_interrupts_names_it",
        &["[0] ERROR Stack overflow: StackInfo { id: StackId { cpu_id: 0, stack_type: ExceptionHandler(1) }"],
    ),
    reports(
        "machine_check_stack_overflow",
        "an_overflow_of_the_stack_for_machine_checks_names_it",
        &["[0] ERROR Stack overflow: StackInfo { id: StackId { cpu_id: 0, stack_type: ExceptionHandler(2) }"],
    ),
    reports(
        "debug_stack_overflow",
        "an_overflow_of_the_stack_for_debug_exceptions_names_it",
        &["[0] ERROR Stack overflow: StackInfo { id: StackId { cpu_id: 0, stack_type: ExceptionHandler(3) }"],
    ),
    reports(
        "nmi_stack_overflow_on_ap",
        "an_overflow_of_an_exception_stack_on_an_ap_names_it",
        &["[1] ERROR Stack overflow: StackInfo { id: StackId { cpu_id: 1, stack_type: ExceptionHandler(1) }"],
    ),
    reports(
        "machine_check_stack_overflow_on_ap",
        "an_overflow_of_the_stack_for_machine_checks_on_an_ap_names_it",
        &["[1] ERROR Stack overflow: StackInfo { id: StackId { cpu_id: 1, stack_type: ExceptionHandler(2) }"],
    ),
    reports(
        "debug_stack_overflow_on_ap",
        "an_overflow_of_the_stack_for_debug_exceptions_on_an_ap_names_it",
        &["[1] ERROR Stack overflow: StackInfo { id: StackId { cpu_id: 1, stack_type: ExceptionHandler(3) }"],
    ),
    reaches_last_line(
        "breakpoint",
        "a_breakpoint_continues",
        &["Breakpoint! Stack frame:"],
        "The breakpoint continued",
    ),
    reaches_last_line(
        "nmi_while_logging",
        "a_non_maskable_interrupt_while_the_log_is_held_does_not_deadlock",
        &["WARN  Non-maskable interrupt!"],
        "The log continues after a non-maskable interrupt, lock held: true",
    ),
];

pub(crate) fn scenarios() -> Vec<Scenario> {
    EXCEPTIONS.map(|exception| exception.test("faults")).into()
}
