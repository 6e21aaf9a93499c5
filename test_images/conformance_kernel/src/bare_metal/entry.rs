//! The entry point of the bootstrap processor, and the assembly of every entry point: it stores all registers before compiled
//! code can change one.
//!
//! The stack is used only after `rsp` and the return slot were stored. Each entry point has a cell of its own to store to; the
//! application processors, whose entry point is in `checks/processors.rs`, share one because they are started one by one.

use super::{
    entry_registers::{BSP_REGISTERS, EntryRegisters},
    main_of_bsp, report,
};
use core::{arch::naked_asm, mem::offset_of};

/// Stores the registers to the cell `$cell`, then goes on in `$next` on the same stack: it finds the boot loader's
/// return slot where a caller's return address would be.
macro_rules! store_registers_and_go_to {
    ($cell:path, $next:path) => {
        naked_asm!(
            "mov [rip + {cell} + {rax}], rax",
            "mov [rip + {cell} + {rbx}], rbx",
            "mov [rip + {cell} + {rcx}], rcx",
            "mov [rip + {cell} + {rdx}], rdx",
            "mov [rip + {cell} + {rsi}], rsi",
            "mov [rip + {cell} + {rdi}], rdi",
            "mov [rip + {cell} + {rbp}], rbp",
            "mov [rip + {cell} + {rsp}], rsp",
            "mov [rip + {cell} + {r8}], r8",
            "mov [rip + {cell} + {r9}], r9",
            "mov [rip + {cell} + {r10}], r10",
            "mov [rip + {cell} + {r11}], r11",
            "mov [rip + {cell} + {r12}], r12",
            "mov [rip + {cell} + {r13}], r13",
            "mov [rip + {cell} + {r14}], r14",
            "mov [rip + {cell} + {r15}], r15",
            "mov rax, [rsp]",
            "mov [rip + {cell} + {return_slot}], rax",
            "pushfq",
            "pop rax",
            "mov [rip + {cell} + {rflags}], rax",
            "mov eax, cs",
            "mov [rip + {cell} + {cs}], rax",
            "mov eax, ds",
            "mov [rip + {cell} + {ds}], rax",
            "mov eax, es",
            "mov [rip + {cell} + {es}], rax",
            "mov eax, fs",
            "mov [rip + {cell} + {fs}], rax",
            "mov eax, gs",
            "mov [rip + {cell} + {gs}], rax",
            "mov eax, ss",
            "mov [rip + {cell} + {ss}], rax",
            "mov rax, cr0",
            "mov [rip + {cell} + {cr0}], rax",
            "mov rax, cr3",
            "mov [rip + {cell} + {cr3}], rax",
            "mov rax, cr4",
            "mov [rip + {cell} + {cr4}], rax",
            "mov rax, cr8",
            "mov [rip + {cell} + {cr8}], rax",
            "xor eax, eax",
            "sldt ax",
            "mov [rip + {cell} + {ldtr}], rax",
            "str ax",
            "mov [rip + {cell} + {tr}], rax",
            "sgdt [rip + {cell} + {gdtr}]",
            "sidt [rip + {cell} + {idtr}]",
            "jmp {next}",
            cell = sym $cell,
            next = sym $next,
            rax = const offset_of!(EntryRegisters, rax),
            rbx = const offset_of!(EntryRegisters, rbx),
            rcx = const offset_of!(EntryRegisters, rcx),
            rdx = const offset_of!(EntryRegisters, rdx),
            rsi = const offset_of!(EntryRegisters, rsi),
            rdi = const offset_of!(EntryRegisters, rdi),
            rbp = const offset_of!(EntryRegisters, rbp),
            rsp = const offset_of!(EntryRegisters, rsp),
            r8 = const offset_of!(EntryRegisters, r8),
            r9 = const offset_of!(EntryRegisters, r9),
            r10 = const offset_of!(EntryRegisters, r10),
            r11 = const offset_of!(EntryRegisters, r11),
            r12 = const offset_of!(EntryRegisters, r12),
            r13 = const offset_of!(EntryRegisters, r13),
            r14 = const offset_of!(EntryRegisters, r14),
            r15 = const offset_of!(EntryRegisters, r15),
            return_slot = const offset_of!(EntryRegisters, return_slot),
            rflags = const offset_of!(EntryRegisters, rflags),
            cs = const offset_of!(EntryRegisters, cs),
            ds = const offset_of!(EntryRegisters, ds),
            es = const offset_of!(EntryRegisters, es),
            fs = const offset_of!(EntryRegisters, fs),
            gs = const offset_of!(EntryRegisters, gs),
            ss = const offset_of!(EntryRegisters, ss),
            cr0 = const offset_of!(EntryRegisters, cr0),
            cr3 = const offset_of!(EntryRegisters, cr3),
            cr4 = const offset_of!(EntryRegisters, cr4),
            cr8 = const offset_of!(EntryRegisters, cr8),
            ldtr = const offset_of!(EntryRegisters, ldtr),
            tr = const offset_of!(EntryRegisters, tr),
            gdtr = const offset_of!(EntryRegisters, gdtr),
            idtr = const offset_of!(EntryRegisters, idtr),
        )
    };
}

pub(super) use store_registers_and_go_to;

/// Where the entry point request sends the bootstrap processor.
///
/// # Safety
/// Only for the boot loader, once.
#[unsafe(naked)]
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn entry_point_from_limine() -> ! {
    store_registers_and_go_to!(BSP_REGISTERS, main_of_bsp)
}

/// The entry point that the ELF file names. The entry point request names another one.
#[unsafe(no_mangle)]
extern "C" fn entry_point_that_was_not_asked_for() -> ! {
    report::fail_at_once(format_args!(
        "identity.entry_point: expected the one of the request, found the ELF file's"
    ))
}
