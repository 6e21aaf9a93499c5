// Entry into the kernel for every interrupt vector, and the exit.
//
// The processor has pushed ss, rsp, rflags, cs, rip and, for some exceptions, an error code (Intel SDM vol. 3,
// section 7.14.2). A stub pushes 0 where there is no error code, then its vector; the code after it completes the `TrapFrame`.

.section .text

// 256 stubs of 16 bytes each, in order: stub n starts at trap_stubs + 16 * n.
.balign 16
.globl trap_stubs
trap_stubs:
.set vector, 0
.rept 256
    .balign 16
    // The processor pushes an error code for: #DF #TS #NP #SS #GP #PF, #AC, #CP, #VC #SX.
    .if (vector == 8) || ((vector >= 10) && (vector <= 14)) || (vector == 17) || (vector == 21) || (vector == 29) || (vector == 30)
    .else
        push 0
    .endif
    push vector
    // These can arrive before the kernel has swapped GS, or after it has swapped it back: #DB NMI #DF #MC.
    .if (vector == 1) || (vector == 2) || (vector == 8) || (vector == 18)
        jmp paranoid_entry
    .else
        jmp trap_entry
    .endif
    .set vector, vector + 1
.endr

// Saves the general registers, the lowest field of the frame last. Sets the kernel's flags first: DF and AC are clear, whatever the
// interrupted code had set.
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

// Restores the general registers, and removes vector and error code.
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

// Calls kernel_trap(&mut TrapFrame). The size of the frame is a multiple of 16, so the stack has the alignment of the ABI.
// A frame pointer of 0 ends the backtrace of the handler.
.macro call_handler
    mov rdi, rsp
    xor ebp, ebp
    call {kernel_trap}
.endm

// Entry for vectors at which GS is swapped if, and only if, user mode was interrupted.
//
// From user mode, the processor has pushed to the end of the program's context, to which the TSS points; so the complete frame is the
// one in the context. The kernel continues on its own stack, where it entered user mode.
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

// Entry that looks at the GS base itself: the kernel's is in the upper half, a program's never is.
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
    // The called function preserves rbx.
    call_handler
    test ebx, ebx
    jz 3f
    swapgs
3:
    restore_registers
    iretq

// From user mode: a debug exception belongs to the program, so its frame is copied to the context. Others belong to the machine.
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
