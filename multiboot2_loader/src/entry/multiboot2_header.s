# The Multiboot2 header (Multiboot2 specification 2.0, section 3.1): how GRUB recognises the loader and what it asks for.

    .section .boot, "awx", @progbits

    .set MULTIBOOT2_HEADER_MAGIC, 0xe85250d6
    .set ARCHITECTURE_I386, 0
    .set HEADER_LENGTH, multiboot2_header_end - multiboot2_header

    .set TAG_END, 0
    .set TAG_FRAME_BUFFER, 5
    .set TAG_MODULE_ALIGNMENT, 6
    .set TAG_RELOCATABLE, 10
    .set OPTIONAL, 1

boot_section_start:
    .balign 8
multiboot2_header:
    .long MULTIBOOT2_HEADER_MAGIC
    .long ARCHITECTURE_I386
    .long HEADER_LENGTH
    .long -(MULTIBOOT2_HEADER_MAGIC + ARCHITECTURE_I386 + HEADER_LENGTH)

    # A screen if there is one. Without a size GRUB prefers 800x600 with 24 bits per pixel.
    .balign 8
    .short TAG_FRAME_BUFFER, OPTIONAL
    .long 20
    .long 1280, 800, 32

    # Modules begin at pages: the kernel gets them where GRUB put them.
    .balign 8
    .short TAG_MODULE_ALIGNMENT, 0
    .long 8

    # The loader may lie anywhere from 1 MiB to 2 GiB at a multiple of 2 MiB, the page size of its mapping; the lowest
    # such place is preferred.
    .balign 8
    .short TAG_RELOCATABLE, 0
    .long 24
    .long 0x100000, 0x80000000, 0x200000, 1

    .balign 8
    .short TAG_END, 0
    .long 8
multiboot2_header_end:
