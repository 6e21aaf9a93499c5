//! Exceptions that an instruction of any program can raise.

use super::{Case, fatal_instructions, kept};
use core::arch::asm;

/// Cases of instructions only.
pub(super) const INSTRUCTIONS: &[Case] = &fatal_instructions! {
    divide_by_zero: "xor ecx, ecx", "mov eax, 1", "xor edx, edx", "div ecx";
    divide_overflow: "mov ecx, 1", "mov edx, 2", "div ecx";
    undefined: "ud2";
    undefined_1: ".byte 0x0f, 0xb9, 0xc0";
    into: ".byte 0xce";
    push_segment: ".byte 0x06";
    far_jump_direct: ".byte 0xea, 0, 0, 0, 0, 0, 0";
    locked_move: ".byte 0xf0, 0x89, 0xc0";
    too_long: ".byte 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x90";
    breakpoint: "int3";
    icebp: ".byte 0xf1";
    single_step: "pushfq", "or qword ptr [rsp], 0x100", "popfq", "nop", "nop";
    // Loads from non-canonical addresses, through DS and SS.
    read_non_canonical: "mov rax, 0x800000000000", "mov rax, [rax]";
    write_non_canonical: "mov rax, 0x8000000000000000", "mov [rax], rax";
    read_by_frame: "push rbp", "mov rbp, 0x800000000000", "mov rax, [rbp]", "pop rbp";
    jump_non_canonical: "mov rax, 0x800000000000", "jmp rax";
    call_non_canonical: "mov rax, 0x7fffffffffffffff", "call rax";
    return_non_canonical: "mov rax, 0x800000000000", "push rax", "ret";
    push_non_canonical: "mov rcx, rsp", "mov rax, 0x900000000000", "mov rsp, rax", "push rax", "mov rsp, rcx";
    call_without_stack: "mov rcx, rsp", "mov rax, 0x900000000000", "mov rsp, rax", "call rcx", "mov rsp, rcx";
    fault_without_stack: "mov rax, 0x800000000000", "mov rsp, rax", "ud2";
    fault_with_kernel_stack: "mov rsp, 0xffffffff80001000", "ud2";
    fault_with_null_stack: "xor esp, esp", "ud2";
    // Alignment, floating point.
    misaligned_vector: "lea rax, [rsp + 1]", "and rax, -16", "or rax, 1", "movaps xmm0, [rax]";
    x87_division: "fninit", "push 0x37b", "fldcw [rsp]", "pop rax", "fldz", "fld1", "fdiv st(0), st(1)", "fwait";
    sse_division: "push 0", "ldmxcsr [rsp]", "pop rax", "xorps xmm0, xmm0", "divps xmm0, xmm0";
    reserved_mxcsr: "push -1", "ldmxcsr [rsp]", "pop rax";
    // CR4.OSXSAVE is off.
    vex: "vzeroupper";
    xsave: "sub rsp, 1024", "and rsp, -64", "xsave [rsp]";
};

/// Other cases.
pub(super) const CASES: &[Case] = &[Case {
    name: "leave_x87_exception",
    run: leave_x87_exception,
}];

/// x87 status bit: an unmasked exception is pending.
const EXCEPTION_PENDING: u16 = 1 << 7;

/// Exits with a pending x87 exception, which neither the kernel nor the next program may receive.
fn leave_x87_exception(_number: u64) -> u64 {
    let status: u16;
    // SAFETY: The division only sets a flag; the exception would be raised by the next waiting x87 instruction.
    unsafe {
        asm!(
            "fninit",
            "push 0x37b",
            "fldcw [rsp]",
            "pop rax",
            "fldz",
            "fld1",
            "fdiv st(0), st(1)",
            "fnstsw ax",
            out("ax") status,
            clobber_abi("C")
        );
    }
    kept(status & EXCEPTION_PENDING != 0)
}
