# Where every processor but the first begins: in real mode, at the start of a page below 1 MiB that the first processor
# has filled with a copy of this code. Several run it at once. It has no stack and writes nothing.
#
# Kept throughout: EBX the physical address of the page.
# The fields at the end are filled in by processors/trampoline.rs, and so are the targets of the two far jumps: where the
# page lies is known only then.

    .section .rodata.trampoline, "a", @progbits

    # Offsets in the page.
    .set page_tables_field, trampoline_page_tables - trampoline_start
    .set features_field, trampoline_extended_features - trampoline_start
    .set entry_field, trampoline_entry - trampoline_start
    .set descriptor_table_field, trampoline_descriptor_table_pointer - trampoline_start

    .code16
    .global trampoline_start
trampoline_start:
    cli
    cld
    mov ax, cs
    mov ds, ax
    movzx ebx, ax
    shl ebx, 4
    # The prefix makes it load all 32 bits of the base.
    .byte 0x66
    lgdt [descriptor_table_field]
    mov eax, cr0
    or al, 1
    mov cr0, eax
    # A far jump with a 32-bit offset.
    .byte 0x66, 0xea
    .global trampoline_protected_mode_target
trampoline_protected_mode_target:
    .long 0
    .short {code_32_selector}

    .code32
    .global trampoline_protected_mode
trampoline_protected_mode:
    mov eax, {data_32_selector}
    mov ds, eax
    mov es, eax
    mov ss, eax
    mov eax, {control_register_4}
    mov cr4, eax
    mov eax, [ebx + page_tables_field]
    mov cr3, eax
    mov ecx, 0xc0000080
    mov eax, [ebx + features_field]
    xor edx, edx
    wrmsr
    mov eax, {control_register_0}
    mov cr0, eax
    .byte 0xea
    .global trampoline_long_mode_target
trampoline_long_mode_target:
    .long 0
    .short {code_64_selector}

    .code64
    .global trampoline_long_mode
trampoline_long_mode:
    mov eax, {data_64_selector}
    mov ds, eax
    mov es, eax
    mov fs, eax
    mov gs, eax
    mov ss, eax
    # The upper half of a register is undefined after the change of mode.
    mov ebx, ebx
    mov rax, [rbx + entry_field]
    jmp rax

    .balign 8
    .global trampoline_entry
trampoline_entry:
    .quad 0
    .global trampoline_page_tables
trampoline_page_tables:
    .long 0
    .global trampoline_extended_features
trampoline_extended_features:
    .long 0
    .global trampoline_descriptor_table_pointer
trampoline_descriptor_table_pointer:
    .short {descriptor_table_limit}
    .long 0
    .global trampoline_end
trampoline_end:

    # Where the trampoline leads: a processor draws a number, takes the stack of that number and calls Rust. It gives the
    # stack up again when it knows who it is, so a stack may be another processor's in the end: see
    # processors/application_processor.rs.
    .section .text.application_processor_entry, "ax", @progbits
    .code64
    .global application_processor_entry
application_processor_entry:
    mov eax, 1
    lock xadd [rip + {next_number}], eax
    cmp eax, [rip + {number_limit}]
    jae 1f
    mov rcx, [rip + {stack_tops}]
    mov rsp, [rcx + rax * 8]
    # The owner of this stack may reach its last step first: it pushes a few words at the top.
    sub rsp, 64
    xor ebp, ebp
    call {application_processor_main}
    ud2
    # More processors than were called.
1:  hlt
    jmp 1b

    .text
