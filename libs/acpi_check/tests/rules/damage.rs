//! Rules for random damage to a machine's tables: no panic, no endless loop, and every table of the copy is sound.

use super::machine::{ALL, FACS, RSDP, copied, machine, madt};
use super::support::{FakeMemory, fix_checksum, put};
use acpi_check::{Hpet, IsaRoutes, MadtEntries, SerialConsole, SleepType};
use proptest::prelude::{ProptestConfig, Strategy, any, prop_oneof, proptest};
use proptest::{collection, sample};

/// A damage to one structure.
#[derive(Clone, Debug)]
enum Damage {
    /// Some bytes are overwritten.
    Bytes(Vec<(u16, u8)>),
    /// It is shorter, and its length says so.
    Cut(u16),
    /// It is shorter than its length says.
    Lost(u16),
    /// It is longer, and its length says so.
    Longer(Vec<u8>),
    /// Its length is another.
    Length(u32),
}

/// A damage to one structure, and whether its checksum is corrected.
fn damage() -> impl Strategy<Value = (usize, Damage, bool)> {
    let byte = prop_oneof![any::<u8>(), 0..4_u8, 0xfe..=0xff_u8];
    let bytes = collection::vec((0..300_u16, byte.clone()), 1..8);
    let kind = prop_oneof![
        4 => bytes.prop_map(Damage::Bytes),
        2 => (0..300_u16).prop_map(Damage::Cut),
        1 => (0..300_u16).prop_map(Damage::Lost),
        1 => collection::vec(byte, 0..300).prop_map(Damage::Longer),
        1 => any::<u32>().prop_map(Damage::Length),
    ];
    (0..ALL.len(), kind, sample::select(vec![true, true, true, false]))
}

/// Damages a machine's tables.
fn hurt(memory: &mut FakeMemory, index: usize, damage: Damage, mend: bool) {
    let address = ALL[index];
    let bytes = memory.island(address);
    let mut truthful = false;
    match damage {
        Damage::Bytes(places) => {
            for (place, byte) in places {
                let length = bytes.len().max(1);
                if let Some(target) = bytes.get_mut(usize::from(place) % length) {
                    *target = byte;
                }
            }
        }
        Damage::Cut(length) => {
            bytes.truncate(usize::from(length));
            truthful = true;
        }
        Damage::Lost(length) => bytes.truncate(usize::from(length)),
        Damage::Longer(more) => {
            bytes.extend(more);
            truthful = true;
        }
        Damage::Length(length) => put(bytes, 4, length.to_le_bytes()),
    }
    if address == RSDP {
        if mend && bytes.len() >= 36 {
            fix_checksum(&mut bytes[..20], 8);
            fix_checksum(&mut bytes[..36], 32);
        }
    } else if bytes.len() >= 10 {
        if truthful {
            let length = u32::try_from(bytes.len()).expect("short");
            put(bytes, 4, length.to_le_bytes());
        }
        if mend && address != FACS {
            fix_checksum(bytes, 9);
        }
    }
}

/// Checks, copies and reads the tables.
fn run(memory: &FakeMemory) {
    let mut room = Vec::new();
    let (tables, notes) = copied(memory, &mut room);
    notes.iter().for_each(|note| _ = note.to_string());
    let Some(tables) = tables else { return };
    if let Some(fadt) = tables.fadt() {
        _ = (fadt.pm1_control(), fadt.pm_timer(), fadt.reset_register());
        _ = (
            fadt.acpi_mode_command(),
            fadt.keyboard_controller(),
            fadt.century_register(),
        );
    }
    _ = tables.soft_off();
    let mut size_bytes = 0;
    for (signature, table) in tables.iter() {
        assert!(tables.find(signature).is_some());
        assert_eq!(table.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte)), 0);
        let length_bytes = u32::from_le_bytes(table[4..8].try_into().expect("four bytes"));
        assert_eq!(table.len(), usize::try_from(length_bytes).expect("64 bits"));
        _ = Hpet::from_table(table);
        _ = SerialConsole::from_table(table);
        assert!(MadtEntries::in_bytes(table).count() <= table.len());
        let routes = IsaRoutes::read(MadtEntries::in_bytes(table));
        (0..=255).for_each(|irq| _ = routes.route(irq));
        _ = SleepType::find_soft_off(table);
        size_bytes += table.len();
    }
    assert!(size_bytes <= room.len());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2048))]

    #[test]
    fn damaged_tables_never_panic_and_their_copy_is_sound(damages in collection::vec(damage(), 1..6)) {
        let mut memory = machine();
        for (index, damage, mend) in damages {
            hurt(&mut memory, index, damage, mend);
        }
        run(&memory);
    }

    #[test]
    fn plausible_entries_of_the_madt_never_panic(
        entries in collection::vec((0..20_u8, 0..20_u8, any::<[u8; 18]>()), 0..12)
    ) {
        let entries: Vec<Vec<u8>> = entries
            .into_iter()
            .map(|(kind, length, rest)| [&[kind, length][..], &rest[..usize::from(length).saturating_sub(2)]].concat())
            .collect();
        let mut memory = machine();
        *memory.island(super::machine::MADT) = madt(&entries.iter().map(Vec::as_slice).collect::<Vec<_>>());
        run(&memory);
    }

    #[test]
    fn any_bytes_as_memory_never_panic(bytes in collection::vec(any::<u8>(), 0..400)) {
        let mut memory = FakeMemory::default().with(RSDP, bytes);
        run(&memory);
        if memory.island(RSDP).len() >= 36 {
            memory.island(RSDP)[..8].copy_from_slice(b"RSD PTR ");
            fix_checksum(&mut memory.island(RSDP)[..20], 8);
        }
        run(&memory);
    }
}
