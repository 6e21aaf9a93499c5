# The processor's exceptions, 0 to 31: each is a fault of the loader itself. A stub is 16 bytes long. It pushes the number
# behind the error code (0 for those that have none) and goes on to what all share.

    .section .text.exceptions, "ax", @progbits
    .code64
    # By number, those for which the processor pushes an error code (Intel SDM volume 3, table "Protected-Mode Exceptions
    # and Interrupts").
    .set HAVE_ERROR_CODE, 0x60227d00

    .balign 16
    .global exception_stubs
exception_stubs:
    .irp number, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
    .balign 16
    .if (HAVE_ERROR_CODE >> \number) & 1
    .else
    push 0
    .endif
    push \number
    jmp exception_entry
    .endr

exception_entry:
    pop rdi
    pop rsi
    mov rdx, [rsp]
    mov rcx, cr2
    and rsp, -16
    call {report}
    ud2

    .text
