//! State of a processor at its entry: the same rules for the bootstrap and the application processors, except that an
//! application processor gets its `MpInfo` in `rdi`.

use super::{
    super::{facts::Facts, machine_state::MachineState, report::Report, requests::STACK_SIZE_BYTES},
    memory_map,
};
use core::arch::x86_64::__cpuid;
use limine::memmap::MEMMAP_BOOTLOADER_RECLAIMABLE;

/// Memory types by index: write-back, write-through, uncached-, uncached, write-protect, write-combining,
/// uncached, uncached.
const PAGE_ATTRIBUTE_TABLE: u64 = 0x0000_0105_0007_0406;
/// Descriptors in the order of the protocol, the accessed bits left out: null; code and data of 16, 32 and 64 bits.
const GDT: [(&str, u64); 7] = [
    ("gdt_null", 0),
    ("gdt_code_16", 0x0000_9a00_0000_ffff),
    ("gdt_data_16", 0x0000_9200_0000_ffff),
    ("gdt_code_32", 0x00cf_9a00_0000_ffff),
    ("gdt_data_32", 0x00cf_9200_0000_ffff),
    ("gdt_code_64", 0x0020_9a00_0000_0000),
    ("gdt_data_64", 0x0000_9200_0000_0000),
];
/// Set by the processor when it loads a segment.
const ACCESSED: u64 = 1 << 40;
/// Present, system segment, busy 64-bit task state.
const BUSY_TASK_STATE: u64 = 0x8b;

/// Checks one processor; `argument` is what `rdi` has to hold.
pub(crate) fn check(
    report: &mut Report,
    facts: &Facts,
    section: &'static str,
    index: Option<usize>,
    state: &MachineState,
) {
    match index {
        Some(index) => report.numbered_section(section, index),
        None => report.section(section),
    }
    check_general_purpose(report, state);
    check_selectors(report, state);
    check_control(report, facts, state);
    check_descriptor_tables(report, facts, state);
    check_stack(report, facts, state);
}

/// All zero; `rdi` of an application processor is checked where its `MpInfo` is known.
fn check_general_purpose(report: &mut Report, state: &MachineState) {
    let registers = &state.registers;
    let named = [
        ("rax", registers.rax),
        ("rbx", registers.rbx),
        ("rcx", registers.rcx),
        ("rdx", registers.rdx),
        ("rsi", registers.rsi),
        ("rbp", registers.rbp),
        ("r8", registers.r8),
        ("r9", registers.r9),
        ("r10", registers.r10),
        ("r11", registers.r11),
        ("r12", registers.r12),
        ("r13", registers.r13),
        ("r14", registers.r14),
        ("r15", registers.r15),
    ];
    for (name, value) in named {
        report.equal(name, 0, value);
    }
}

/// Code in segment 0x28, everything else in 0x30.
fn check_selectors(report: &mut Report, state: &MachineState) {
    let registers = &state.registers;
    report.equal("cs", 0x28, registers.cs);
    for (name, value) in [
        ("ds", registers.ds),
        ("es", registers.es),
        ("fs", registers.fs),
        ("gs", registers.gs),
        ("ss", registers.ss),
    ] {
        report.equal(name, 0x30, value);
    }
    report.equal("fs_base", 0, state.fs_base);
    report.equal("gs_base", 0, state.gs_base);
    report.info("kernel_gs_base", format_args!("{:#x}", state.kernel_gs_base));
}

/// Exactly the promised bits; no-execute as far as the processor has it.
fn check_control(report: &mut Report, facts: &Facts, state: &MachineState) {
    let registers = &state.registers;
    let efer = if has_no_execute() { 0xd00 } else { 0x500 };
    report.equal("rflags", 2, registers.rflags);
    report.equal("cr0", 0x8001_0011, registers.cr0);
    report.equal("cr3", facts.bsp.registers.cr3 & !0xfff, registers.cr3);
    report.equal("cr4", 0x20, registers.cr4);
    report.equal("cr8", 0, registers.cr8);
    report.equal("efer", efer, state.efer);
    report.equal("pat", PAGE_ATTRIBUTE_TABLE, state.page_attribute_table);
}

/// The GDT of the protocol with a task state behind it, no LDT, no IDT.
fn check_descriptor_tables(report: &mut Report, facts: &Facts, state: &MachineState) {
    let registers = &state.registers;
    let (gdt_base, gdt_limit) = (registers.gdtr.base, registers.gdtr.limit);
    let (idt_base, idt_limit) = (registers.idtr.base, registers.idtr.limit);
    report.equal("ldtr", 0, registers.ldtr);
    report.equal("idt_base", 0, idt_base);
    report.equal("idt_limit", 0, u64::from(idt_limit));
    report.fact("gdt_limit", format_args!("{gdt_limit:#x}"));
    report.info("gdt_base", format_args!("{gdt_base:#x}"));

    let is_reclaimable = gdt_base.checked_sub(facts.hhdm_offset).is_some_and(|physical_address| {
        memory_map::is_covered(physical_address, u64::from(gdt_limit) + 1, |kind| {
            kind == MEMMAP_BOOTLOADER_RECLAIMABLE
        })
    });
    report.holds(
        "gdt_memory",
        is_reclaimable,
        "bootloader-reclaimable",
        format_args!("{gdt_base:#x}"),
    );
    if !facts.page_tables.is_mapped(gdt_base, u64::from(gdt_limit) + 1) {
        report.holds("gdt_mapped", false, "mapped", format_args!("{gdt_base:#x}"));
        return;
    }
    for (index, (name, expected)) in GDT.into_iter().enumerate() {
        report.equal(
            name,
            expected,
            read_descriptor(gdt_base, gdt_limit, index as u64 * 8) & !ACCESSED,
        );
    }
    check_task_register(report, gdt_base, gdt_limit, registers.tr);
}

/// A task state at address 0 with limit 0: the protocol's words are "base and limit 0".
fn check_task_register(report: &mut Report, gdt_base: u64, gdt_limit: u16, selector: u64) {
    report.fact("tr", format_args!("{selector:#x}"));
    if selector == 0 {
        return;
    }
    let low = read_descriptor(gdt_base, gdt_limit, selector & 0xfff8);
    let high = read_descriptor(gdt_base, gdt_limit, (selector & 0xfff8) + 8);
    report.equal("tr_type", BUSY_TASK_STATE, low >> 40 & 0xff);
    report.equal(
        "tr_base",
        0,
        low >> 16 & 0xff_ffff | low >> 56 << 24 | (high & 0xffff_ffff) << 32,
    );
    report.equal("tr_limit", 0, low & 0xffff | (low >> 48 & 0xf) << 16);
}

/// A descriptor of the GDT, or a value that no descriptor has when the table is shorter.
fn read_descriptor(base: u64, limit: u16, offset: u64) -> u64 {
    if offset + 7 > u64::from(limit) {
        return u64::MAX;
    }
    // SAFETY: the caller saw that the table is mapped up to its limit, and the limit holds the descriptor.
    unsafe { ((base + offset) as *const u64).read_unaligned() }
}

/// A stack as large as requested, ending in a zero return address, aligned as after a call.
fn check_stack(report: &mut Report, facts: &Facts, state: &MachineState) {
    let top = state.registers.rsp;
    report.equal("return_slot", 0, state.registers.return_slot);
    report.equal("stack_alignment", 8, top & 0xf);
    let bottom = (top + 8).saturating_sub(STACK_SIZE_BYTES);
    let is_reclaimable = bottom.checked_sub(facts.hhdm_offset).is_some_and(|physical_address| {
        memory_map::is_covered(physical_address, STACK_SIZE_BYTES, |kind| {
            kind == MEMMAP_BOOTLOADER_RECLAIMABLE
        })
    });
    report.holds(
        "stack_memory",
        is_reclaimable,
        "bootloader-reclaimable",
        format_args!("{top:#x}"),
    );
    report.info("rsp", format_args!("{top:#x}"));
}

/// Whether page tables of this processor can forbid execution.
pub(crate) fn has_no_execute() -> bool {
    __cpuid(0x8000_0000).eax >= 0x8000_0001 && __cpuid(0x8000_0001).edx & 1 << 20 != 0
}

/// Whether the local APIC of this processor has the x2APIC mode.
pub(crate) fn has_x2apic() -> bool {
    __cpuid(1).ecx & 1 << 21 != 0
}
