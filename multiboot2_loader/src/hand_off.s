# The last step of every processor: it leaves the loader's page tables for the kernel's, waits until there is an address
# to go to, and goes there with everything as the protocol promises.
#
# In: RDI the address of the last step (hand_off.rs), in the direct map.
# Runs at its alias in the direct map, the only place that both page tables show. It uses nothing but registers and what
# RDI leads to. Any exception from here on resets the machine, as there is no interrupt descriptor table.

    .section .text.leave_loader, "ax", @progbits
    .global leave_loader
leave_loader:
    mov rax, [rdi + {page_tables}]
    mov cr3, rax
    mov rsp, [rdi + {stack_top}]

    lgdt [rdi + {descriptor_table_pointer}]
    push {code_selector}
    lea rax, [rip + 1f]
    push rax
    retfq
1:  mov eax, {data_selector}
    mov ds, eax
    mov es, eax
    mov fs, eax
    mov gs, eax
    mov ss, eax
    mov eax, {task_selector}
    ltr ax
    xor eax, eax
    lldt ax
    # A descriptor table without an entry: 10 bytes of zeros on the stack.
    push rax
    push rax
    lidt [rsp]

    # Bases of FS and GS, and the one that SWAPGS brings.
    xor edx, edx
    mov ecx, 0xc0000100
    wrmsr
    mov ecx, 0xc0000101
    wrmsr
    mov ecx, 0xc0000102
    wrmsr

    # From here on this processor needs nothing of the loader but this page, its last step and the word it waits for.
    mov qword ptr [rdi + {is_parked}], 1
    mov rsi, [rdi + {go_to_word}]
2:  mov rax, [rsi]
    test rax, rax
    jnz 3f
    pause
    jmp 2b

3:  mov rsp, [rdi + {stack_top}]
    mov rdi, [rdi + {argument}]
    # What a return from the kernel's entry would find; then where to go, and the flags.
    push 0
    push rax
    push 2
    xor eax, eax
    xor ebx, ebx
    xor ecx, ecx
    xor edx, edx
    xor esi, esi
    xor ebp, ebp
    xor r8d, r8d
    xor r9d, r9d
    xor r10d, r10d
    xor r11d, r11d
    xor r12d, r12d
    xor r13d, r13d
    xor r14d, r14d
    xor r15d, r15d
    popfq
    ret

    .text
