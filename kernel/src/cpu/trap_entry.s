// The way into the kernel for every interrupt vector, and back out.
//
// The processor has pushed ss, rsp, rflags, cs, rip and, for some exceptions, an error code (Intel SDM vol. 3,
// section 7.14.2). A stub makes the error code uniform and pushes its vector; what follows makes the `TrapFrame` whole.

.section .text

// 256 stubs of 16 bytes each, in order: stub n begins at trap_stubs + 16 * n.
.balign 16
.globl trap_stubs
trap_stubs:
.set vector, 0
.rept 256
    .balign 16
    // These push an error code themselves: #DF #TS #NP #SS #GP #PF, #AC, #CP, #VC #SX.
    .if (vector == 8) || ((vector >= 10) && (vector <= 14)) || (vector == 17) || (vector == 21) || (vector == 29) || (vector == 30)
    .else
        push 0
    .endif
    push vector
    // These can come in while the kernel has not swapped GS yet, or has swapped it back: #DB NMI #DF #MC.
    .if (vector == 1) || (vector == 2) || (vector == 8) || (vector == 18)
        jmp paranoid_entry
    .else
        jmp trap_entry
    .endif
    .set vector, vector + 1
.endr

// Saves the general registers, lowest field of the frame last. The flags are the kernel's from here on: strings go upwards, and
// SMAP holds, whatever the interrupted code had set.
.macro save_registers
    push {kernel_flags}
    popfq
    push rax
    push rbx
    push rcx
    push rdx
    push rsi
    push rdi
    push rbp
    push r8
    push r9
    push r10
    push r11
    push r12
    push r13
    push r14
    push r15
.endm

// Restores them and drops vector and error code.
.macro restore_registers
    pop r15
    pop r14
    pop r13
    pop r12
    pop r11
    pop r10
    pop r9
    pop r8
    pop rbp
    pop rdi
    pop rsi
    pop rdx
    pop rcx
    pop rbx
    pop rax
    add rsp, 16
.endm

// Calls kernel_trap(&mut TrapFrame). The frame is a multiple of 16 bytes, so the stack is aligned as the ABI wants it.
// A frame pointer of 0 ends a backtrace of the handler itself.
.macro call_handler
    mov rdi, rsp
    xor ebp, ebp
    call {kernel_trap}
.endm

// Entry where GS is the kernel's exactly if the interrupted code was.
//
// From a program, the processor has pushed to the end of the program's context (the TSS leads there), so that the frame that
// is whole now is the one in the context. The kernel goes on where it entered the program, on its own stack.
trap_entry:
    save_registers
    test qword ptr [rsp + {cs_offset}], 3
    jnz leave_user_mode_by_trap
    call_handler
    restore_registers
    iretq

leave_user_mode_by_trap:
    swapgs
    mov eax, {left_by_trap}
    jmp leave_user_mode

// Entry that trusts only the GS base itself: the kernel's lies in the upper half, a program's never does.
paranoid_entry:
    save_registers
    test qword ptr [rsp + {cs_offset}], 3
    jnz paranoid_entry_from_user_mode
    mov ecx, {gs_base_msr}
    rdmsr
    xor ebx, ebx
    test edx, edx
    js 2f
    swapgs
    inc ebx
2:
    // rbx is kept by the called function.
    call_handler
    test ebx, ebx
    jz 3f
    swapgs
3:
    restore_registers
    iretq

// From a program: a debug exception is the program's, so its frame is copied to the context; anything else is the machine's.
paranoid_entry_from_user_mode:
    swapgs
    cmp qword ptr [rsp + {vector_offset}], {debug_vector}
    jne 4f
    mov rsi, rsp
    mov rdi, gs:[{privileged_stack_offset}]
    sub rdi, {frame_words} * 8
    mov ecx, {frame_words}
    rep movsq
    mov eax, {left_by_trap}
    jmp leave_user_mode
4:
    call_handler
    swapgs
    restore_registers
    iretq
