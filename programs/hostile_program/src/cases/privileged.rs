//! Privileged instructions, and instructions that the kernel disables.

use super::{Case, fatal_instructions};

/// Cases of instructions only.
pub(super) const INSTRUCTIONS: &[Case] = &fatal_instructions! {
    // Interrupts and ports.
    cli: "cli";
    sti: "sti";
    hlt: "hlt";
    in_port: "mov dx, 0x3f8", "in al, dx";
    in_wide: "mov dx, 0xcf8", "in eax, dx";
    in_number: "in al, 0x60";
    out_port: "mov dx, 0x3f8", "mov al, 0x41", "out dx, al";
    out_debug_console: "mov al, 0x41", "out 0xe9, al";
    out_exit: "mov al, 0x10", "out 0xf4, al";
    ins: "mov dx, 0x3f8", "lea rdi, [rsp - 8]", "insb";
    outs: "mov dx, 0x3f8", "mov rsi, rsp", "outsb";
    // Control registers.
    read_cr0: "mov rax, cr0";
    read_cr2: "mov rax, cr2";
    read_cr3: "mov rax, cr3";
    read_cr4: "mov rax, cr4";
    read_cr8: "mov rax, cr8";
    write_cr0: "xor eax, eax", "mov cr0, rax";
    write_cr2: "xor eax, eax", "mov cr2, rax";
    write_cr3: "xor eax, eax", "mov cr3, rax";
    write_cr4: "xor eax, eax", "mov cr4, rax";
    write_cr8: "xor eax, eax", "mov cr8, rax";
    clts: "clts";
    lmsw: "xor eax, eax", "lmsw ax";
    xgetbv: "xor ecx, ecx", "xgetbv";
    xsetbv: "xor ecx, ecx", "xor edx, edx", "mov eax, 1", "xsetbv";
    // Debug registers.
    read_dr0: "mov rax, dr0";
    read_dr7: "mov rax, dr7";
    write_dr0: "xor eax, eax", "mov dr0, rax";
    write_dr7: "mov eax, 0x401", "mov dr7, rax";
    // Model-specific registers: EFER, LSTAR, the GS bases, the APIC base.
    read_efer: "mov ecx, 0xc0000080", "rdmsr";
    read_lstar: "mov ecx, 0xc0000082", "rdmsr";
    read_kernel_gs: "mov ecx, 0xc0000102", "rdmsr";
    write_lstar: "mov ecx, 0xc0000082", "xor eax, eax", "xor edx, edx", "wrmsr";
    write_gs: "mov ecx, 0xc0000101", "xor eax, eax", "mov edx, -1", "wrmsr";
    write_apic_base: "mov ecx, 0x1b", "xor eax, eax", "xor edx, edx", "wrmsr";
    rdpmc: "xor ecx, ecx", "rdpmc";
    // Segment bases.
    rdfsbase: "rdfsbase rax";
    rdgsbase: "rdgsbase rax";
    wrfsbase: "mov rax, -1", "wrfsbase rax";
    wrgsbase: "mov rax, 0xffffffff80000000", "wrgsbase rax";
    swapgs: "swapgs";
    // Descriptor tables.
    lgdt: "lgdt [rsp]";
    lidt: "lidt [rsp]";
    lldt: "xor eax, eax", "lldt ax";
    ltr: "mov eax, 0x28", "ltr ax";
    // Caches and TLB.
    invlpg: "invlpg [rsp]";
    invpcid: "xor eax, eax", "invpcid rax, [rsp]";
    invd: "invd";
    wbinvd: "wbinvd";
    // Instructions for system calls and returns.
    sysret: "lea rcx, [rip]", "mov r11, 0x202", "sysretq";
    sysexit: "sysexit";
    sysenter: "sysenter";
    rsm: "rsm";
    vmcall: "vmcall";
    vmlaunch: "vmlaunch";
    vmrun: "mov rax, rsp", "vmrun";
    vmmcall: "vmmcall";
    stgi: "stgi";
    clgi: "clgi";
    skinit: "skinit";
    // SMAP.
    clac: "clac";
    stac: "stac";
    // Halting and waiting.
    monitor: "mov rax, rsp", "xor ecx, ecx", "xor edx, edx", "monitor";
    mwait: "xor eax, eax", "xor ecx, ecx", "mwait";
    // Reads of the kernel's table addresses: forbidden where the processor has UMIP.
    sgdt: "sub rsp, 16", "sgdt [rsp]", "add rsp, 16";
    sidt: "sub rsp, 16", "sidt [rsp]", "add rsp, 16";
    sldt: "sldt ax";
    str: "str ax";
    smsw: "smsw ax";
};
