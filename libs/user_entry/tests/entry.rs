//! The rules of entering user mode.

use elf_load_plan::PROGRAM_END;
use proptest::prelude::*;
use user_entry::{EntryInstruction, MASKED_BY_SYSCALL, entry_instruction, user_flags};
use x86_64::VirtAddr;

/// Where the lower half ends.
const LOWER_HALF_END: u64 = 0x8000_0000_0000;

#[test]
fn the_last_page_of_the_lower_half_and_all_above_never_get_sysretq() {
    for rip in [
        PROGRAM_END,
        LOWER_HALF_END - 1,
        LOWER_HALF_END,
        0x7fff_8000_0000_0000,
        0xffff_8000_0000_0000,
        u64::MAX,
    ] {
        assert_ne!(
            entry_instruction(rip, true),
            Some(EntryInstruction::Sysretq),
            "{rip:#x}"
        );
    }
}

#[test]
fn the_end_of_a_syscall_in_the_highest_page_is_left_by_iretq() {
    assert_eq!(entry_instruction(PROGRAM_END, true), Some(EntryInstruction::Iretq));
}

#[test]
fn an_interrupted_program_gets_all_its_registers_back() {
    assert_eq!(entry_instruction(0x40_0000, false), Some(EntryInstruction::Iretq));
    assert_eq!(entry_instruction(0x40_0000, true), Some(EntryInstruction::Sysretq));
}

#[test]
fn interrupts_stay_off_and_strings_go_upwards_in_the_kernel() {
    for flag in [8, 9, 10, 12, 13, 14, 16, 18, 21] {
        assert_ne!(MASKED_BY_SYSCALL & 1 << flag, 0, "flag {flag}");
    }
}

proptest! {
    #[test]
    fn no_address_that_faults_in_the_kernel_is_entered(rip: u64, after_system_call: bool) {
        if entry_instruction(rip, after_system_call).is_some() {
            prop_assert!(VirtAddr::try_new(rip).is_ok());
            prop_assert!(rip < LOWER_HALF_END);
        }
    }

    #[test]
    fn addresses_of_programs_are_entered_after_a_system_call_by_sysretq(rip in 0..PROGRAM_END) {
        prop_assert_eq!(entry_instruction(rip, true), Some(EntryInstruction::Sysretq));
        prop_assert_eq!(entry_instruction(rip, false), Some(EntryInstruction::Iretq));
    }

    #[test]
    fn no_program_gets_ports_virtual_8086_mode_or_runs_with_interrupts_off(rflags: u64) {
        let flags = user_flags(rflags);
        prop_assert_eq!(flags & (3 << 12), 0, "IOPL");
        prop_assert_eq!(flags & (1 << 17), 0, "VM");
        prop_assert_eq!(flags & (3 << 19), 0, "VIF, VIP");
        prop_assert_eq!(flags >> 22, 0, "reserved");
        prop_assert_eq!(flags & (1 << 9 | 1 << 1), 1 << 9 | 1 << 1);
    }

    #[test]
    fn a_program_keeps_its_own_flags(rflags: u64) {
        let own = 0b10_0101_0100_1101_1101_0101;
        prop_assert_eq!(user_flags(rflags) & own, rflags & own);
    }
}
