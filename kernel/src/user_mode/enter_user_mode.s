// Enters user mode, and returns from it on a system call. Interrupts and exceptions return by `trap_entry.s`.
//
// Interrupts are off here. A program runs with interrupts on, and every exit from user mode switches them off.

.section .text

// enter_user_mode(frame: rdi, by_sysretq: esi) -> eax: why user mode was left.
.globl enter_user_mode
enter_user_mode:
    push rbx
    push rbp
    push r12
    push r13
    push r14
    push r15
    mov gs:[{kernel_stack_offset}], rsp
    // End of the frame: a system call saves the registers below it, and the processor pushes below it on a trap.
    lea rax, [rdi + {frame_size}]
    mov gs:[{privileged_stack_offset}], rax
    test esi, esi
    jz 2f

    // `sysretq` takes the address from rcx and the flags from r11.
    mov rcx, [rdi + {rip_offset}]
    mov r11, [rdi + {rflags_offset}]
    mov r15, [rdi + {r15_offset}]
    mov r14, [rdi + {r14_offset}]
    mov r13, [rdi + {r13_offset}]
    mov r12, [rdi + {r12_offset}]
    mov r10, [rdi + {r10_offset}]
    mov r9, [rdi + {r9_offset}]
    mov r8, [rdi + {r8_offset}]
    mov rbp, [rdi + {rbp_offset}]
    mov rsi, [rdi + {rsi_offset}]
    mov rdx, [rdi + {rdx_offset}]
    mov rbx, [rdi + {rbx_offset}]
    mov rax, [rdi + {rax_offset}]
    mov rsp, [rdi + {rsp_offset}]
    mov rdi, [rdi + {rdi_offset}]
    swapgs
    sysretq

2:
    // The frame is in the order of these pops, and ends with the five values that `iretq` pops.
    mov rsp, rdi
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
    add rsp, {rip_offset} - {vector_offset}
    swapgs
    iretq

// Target of `syscall` (Intel SDM vol. 2, SYSCALL): rcx holds the program's address, r11 its flags, and rsp is the program's. The
// frame's fields for rcx and r11 stay as they are: `sysretq` overwrites both registers.
.globl raw_syscall_handler
raw_syscall_handler:
    swapgs
    mov gs:[{user_stack_offset}], rsp
    mov rsp, gs:[{privileged_stack_offset}]
    mov [rsp + {rip_offset} - {frame_size}], rcx
    mov [rsp + {rflags_offset} - {frame_size}], r11
    mov [rsp + {r15_offset} - {frame_size}], r15
    mov [rsp + {r14_offset} - {frame_size}], r14
    mov [rsp + {r13_offset} - {frame_size}], r13
    mov [rsp + {r12_offset} - {frame_size}], r12
    mov [rsp + {r10_offset} - {frame_size}], r10
    mov [rsp + {r9_offset} - {frame_size}], r9
    mov [rsp + {r8_offset} - {frame_size}], r8
    mov [rsp + {rbp_offset} - {frame_size}], rbp
    mov [rsp + {rdi_offset} - {frame_size}], rdi
    mov [rsp + {rsi_offset} - {frame_size}], rsi
    mov [rsp + {rdx_offset} - {frame_size}], rdx
    mov [rsp + {rbx_offset} - {frame_size}], rbx
    mov [rsp + {rax_offset} - {frame_size}], rax
    mov rcx, gs:[{user_stack_offset}]
    mov [rsp + {rsp_offset} - {frame_size}], rcx
    mov eax, {left_by_syscall}

// Returns from `enter_user_mode`. GS is the kernel's, and eax holds the reason.
.globl leave_user_mode
leave_user_mode:
    mov rsp, gs:[{kernel_stack_offset}]
    pop r15
    pop r14
    pop r13
    pop r12
    pop rbp
    pop rbx
    ret
