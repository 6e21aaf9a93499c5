# Where GRUB enters: 32-bit protected mode without paging, at an address that only GRUB knows (Multiboot2 specification
# 2.0, section 3.3). This code finds out where it is, makes page tables, enters long mode and calls Rust.
#
# In: EAX the Multiboot2 magic, EBX the physical address of the boot information. The stack pointer is undefined.
# Kept throughout: EBP the physical base of the image, ESI the boot information.
#
# The page tables stay in use until the kernel is entered, on every processor:
#   0xffff800000000000 and 0   the first 4 GiB of physical memory, pages of 2 MiB; the last GiB uncached (devices)
#   0xffffffffc0000000         this image
#   0xffffffff80000000         nothing yet: room for the screen, wherever that is (console/screen_window.rs)

    .section .boot, "awx", @progbits
    .code32

    .set MULTIBOOT2_MAGIC, 0x36d76289
    .set CODE_64_SELECTOR, 0x28
    .set DATA_64_SELECTOR, 0x30

    # Offsets in the image, for use beside EBP. The section begins the image.
    .set here_offset, here - boot_section_start
    .set long_mode_offset, long_mode - boot_section_start
    .set low_pointer_offset, low_descriptor_table_pointer - boot_section_start
    .set bad_magic_offset, bad_magic_message - boot_section_start
    .set no_long_mode_offset, no_long_mode_message - boot_section_start

    # The page tables in the order in which they lie.
    .set TOP, 0x0000
    .set LOW_POINTERS, 0x1000
    .set HIGH_POINTERS, 0x2000
    .set IMAGE_DIRECTORY, 0x3000
    .set LOW_DIRECTORIES, 0x4000
    .set SCREEN_DIRECTORY, 0x8000
    .set PAGE_SIZE, 0x1000

    # Entry bits.
    .set PRESENT_WRITABLE, 0x3
    .set LARGE_PAGE, 0x83
    .set UNCACHED, 0x10

    .global loader_start
loader_start:
    cli
    cld
    mov esi, ebx
    # To find its own place the code needs the stack of one `call`: the second word of the boot information is
    # reserved. Without boot information it is the top of what a PC's boot sector uses.
    lea esp, [ebx + 8]
    cmp eax, MULTIBOOT2_MAGIC
    je 1f
    mov esp, 0x7c00
1:  call here
here:
    pop ebp
    sub ebp, offset here_offset
    lea esp, [ebp + stack_end_offset]
    lea edi, [ebp + bad_magic_offset]
    cmp eax, MULTIBOOT2_MAGIC
    jne report_and_stop

    call check_long_mode
    call make_page_tables

    # The manuals' order (Intel SDM volume 3, section "Initializing IA-32e Mode"): PAE, CR3, EFER.LME, paging. The
    # registers are set as a whole: whatever firmware and GRUB left in them is gone, as the kernel may expect.
    mov eax, {control_register_4}
    mov cr4, eax
    lea eax, [ebp + page_tables_offset + TOP]
    mov cr3, eax
    mov ecx, 0xc0000080
    mov eax, 0x100
    xor edx, edx
    wrmsr
    mov eax, {control_register_0}
    mov cr0, eax

    lea eax, [ebp + descriptor_table_offset]
    mov [ebp + low_pointer_offset + 2], eax
    lgdt [ebp + low_pointer_offset]
    push CODE_64_SELECTOR
    lea eax, [ebp + long_mode_offset]
    push eax
    retf

# Returns if the processor has long mode: EFLAGS.ID can be changed, and CPUID says so.
check_long_mode:
    lea edi, [ebp + no_long_mode_offset]
    pushfd
    pop eax
    mov ecx, eax
    xor eax, 1 << 21
    push eax
    popfd
    pushfd
    pop eax
    xor eax, ecx
    test eax, 1 << 21
    jz report_and_stop
    mov eax, 0x80000000
    cpuid
    cmp eax, 0x80000001
    jb report_and_stop
    mov eax, 0x80000001
    cpuid
    bt edx, 29
    jnc report_and_stop
    ret

# Writes the page tables. GRUB has filled their memory with zeros.
make_page_tables:
    lea edi, [ebp + page_tables_offset]
    lea eax, [edi + LOW_POINTERS + PRESENT_WRITABLE]
    mov [edi + TOP], eax
    mov [edi + TOP + 256 * 8], eax
    lea eax, [edi + HIGH_POINTERS + PRESENT_WRITABLE]
    mov [edi + TOP + 511 * 8], eax
    lea eax, [edi + IMAGE_DIRECTORY + PRESENT_WRITABLE]
    mov [edi + HIGH_POINTERS + 511 * 8], eax
    lea eax, [edi + SCREEN_DIRECTORY + PRESENT_WRITABLE]
    mov [edi + HIGH_POINTERS + 510 * 8], eax

    lea ebx, [edi + LOW_POINTERS]
    lea eax, [edi + LOW_DIRECTORIES + PRESENT_WRITABLE]
    mov ecx, 4
    mov edx, 0x1000
    call fill
    lea ebx, [edi + IMAGE_DIRECTORY]
    lea eax, [ebp + LARGE_PAGE]
    mov ecx, 8
    mov edx, 0x200000
    call fill
    lea ebx, [edi + LOW_DIRECTORIES]
    mov eax, LARGE_PAGE
    mov ecx, 3 * 512
    call fill
    or eax, UNCACHED
    mov ecx, 512
    # falls through

# Writes ECX entries from EBX on, the first of them EAX, each EDX more than the one before.
fill:
    mov [ebx], eax
    add ebx, 8
    add eax, edx
    dec ecx
    jnz fill
    ret

# Writes the message at EDI to COM1 and to the text screen, then stops. A screen in a graphics mode does not show it.
report_and_stop:
    # 115200 baud, 8 bits, no parity, queues on: each pair is a register and what goes there.
    .irp pair, 0x80fb, 0x01f8, 0x00f9, 0x03fb, 0xc7fa
    mov dx, 0x300 + (\pair & 0xff)
    mov al, \pair >> 8
    out dx, al
    .endr
    mov ebx, 0xb8000
next_character:
    mov ah, [edi]
    inc edi
    test ah, ah
    jz stop
    # White on red.
    mov [ebx], ah
    mov byte ptr [ebx + 1], 0x4f
    add ebx, 2
    # The port may not exist: wait for its transmitter, but not for ever.
    mov ecx, 100000
    mov dx, 0x3fd
1:  in al, dx
    test al, 0x20
    jnz 2f
    dec ecx
    jnz 1b
2:  mov dx, 0x3f8
    mov al, ah
    out dx, al
    jmp next_character
stop:
    hlt
    jmp stop

bad_magic_message:
    .asciz "multiboot2_loader: error: not started by a Multiboot2 boot loader"
no_long_mode_message:
    .asciz "multiboot2_loader: error: this computer has no 64-bit CPU"

    .balign 8
low_descriptor_table_pointer:
    .short {descriptor_table_limit}
    .long 0

    .code64
long_mode:
    mov eax, DATA_64_SELECTOR
    mov ds, eax
    mov es, eax
    mov fs, eax
    mov gs, eax
    mov ss, eax
    movabs rax, offset high_half
    jmp rax
high_half:
    lgdt [rip + high_descriptor_table_pointer]
    lea rsp, [rip + stack_end]
    mov edi, esi
    mov esi, ebp
    xor ebp, ebp
    call loader_main
    ud2

    .balign 8
high_descriptor_table_pointer:
    .short {descriptor_table_limit}
    .quad {descriptor_table}

    .section .bss.page_tables, "aw", @nobits
    .balign 4096
    .global page_tables
page_tables:
    .skip SCREEN_DIRECTORY
    .global screen_directory
screen_directory:
    .skip PAGE_SIZE

    # Ample, since unoptimised code keeps many copies of its lists.
    .section .bss.stack, "aw", @nobits
    .balign 4096
    .skip 512 * 1024
    .global stack_end
stack_end:

    .text
