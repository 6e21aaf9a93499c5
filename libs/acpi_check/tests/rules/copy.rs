//! Rules of the copy: the sound tables, byte for byte.

use super::machine::{MADT, NAMED, RSDP, SSDT, WAET, XSDT, copied, machine, madt, madt_entries};
use super::support::{FakeMemory, at, table};
use acpi_check::{AllegedAddress, CopiedTables, OutOfReach, ReadMemory, Signature, SoundTables, check};

/// The bytes of all tables in the copy.
fn bytes(tables: CopiedTables<'_>) -> Vec<Vec<u8>> {
    tables.iter().map(|(_, bytes)| bytes.to_vec()).collect()
}

fn sound(memory: &dyn ReadMemory) -> SoundTables {
    check(memory, Some(at(RSDP)), &mut |_| ()).expect("there is a root table")
}

/// Copies into this many bytes, and returns the number of copied tables and the notes.
fn copy_into(memory: &dyn ReadMemory, size_bytes: usize) -> (usize, Vec<String>) {
    let mut room = vec![0xff; size_bytes];
    let mut notes = Vec::new();
    let tables = sound(memory).copy_into(memory, &mut room, &mut |note| notes.push(note.to_string()));
    (tables.iter().count(), notes)
}

#[test]
fn every_table_is_copied_byte_for_byte_under_its_name() {
    let mut memory = machine();
    let mut room = Vec::new();
    let (tables, _) = copied(&memory, &mut room);
    let tables = tables.expect("sound");
    let expected = NAMED.iter().chain(&[super::machine::DSDT]);
    let expected: Vec<Vec<u8>> = expected.map(|address| memory.island(*address).clone()).collect();
    assert_eq!(bytes(tables), expected);
    for (signature, bytes) in tables.iter() {
        assert_eq!(signature, Signature::new(bytes[..4].try_into().expect("a name")));
        assert_eq!(tables.find(signature), Some(bytes));
    }
}

#[test]
fn the_copy_needs_exactly_the_length_of_all_tables() {
    let memory = machine();
    let size_bytes = sound(&memory).size_bytes();
    let mut room = Vec::new();
    let (tables, _) = copied(&memory, &mut room);
    assert_eq!(bytes(tables.expect("sound")).concat().len(), size_bytes);
    let missing = [
        "table DSDT at 0x8005: there is no room for its copy",
        "no sound table DSDT",
    ];
    assert_eq!(
        copy_into(&memory, size_bytes - 1),
        (10, missing.map(str::to_owned).to_vec())
    );
    assert_eq!(copy_into(&memory, size_bytes), (11, vec![]));
    assert_eq!(copy_into(&memory, size_bytes + 4096), (11, vec![]));
    assert_eq!(copy_into(&memory, 0).0, 0);
}

#[test]
fn a_root_table_without_pointers_gives_an_empty_copy() {
    let mut memory = machine();
    *memory.island(XSDT) = table(b"XSDT", &[]);
    let mut room = Vec::new();
    let (tables, _) = copied(&memory, &mut room);
    let tables = tables.expect("the root table is sound");
    assert_eq!(tables.iter().count(), 0);
    assert!(tables.fadt().is_none() && tables.soft_off().is_none() && tables.find(Signature::MADT).is_none());
    assert_eq!(tables.madt_entries().count(), 0);
}

#[test]
fn of_tables_of_one_name_the_first_sound_one_is_found() {
    let mut memory = machine();
    *memory.island(WAET) = madt(&madt_entries()[..1]);
    let madt_of = |memory: &FakeMemory| {
        let mut room = Vec::new();
        let (tables, _) = copied(memory, &mut room);
        tables.and_then(|tables| tables.find(Signature::MADT).map(<[u8]>::to_vec))
    };
    assert_eq!(madt_of(&memory), Some(madt(&madt_entries())));
    memory.island(MADT)[40] ^= 1;
    assert_eq!(madt_of(&memory), Some(madt(&madt_entries()[..1])));
}

/// Memory in which a byte of the SSDT differs from the second time on that it is read.
struct ChangingMemory {
    memory: FakeMemory,
    /// Offset of the byte.
    offset: usize,
    reads: core::cell::Cell<u32>,
}

impl ReadMemory for ChangingMemory {
    fn read(&self, address: AllegedAddress, bytes: &mut [u8]) -> Result<(), OutOfReach> {
        self.memory.read(address, bytes)?;
        if address == at(SSDT) && bytes.len() > 8 {
            self.reads.set(self.reads.get() + 1);
            if self.reads.get() > 1 {
                bytes[self.offset] ^= 1;
            }
        }
        Ok(())
    }
}

#[test]
fn a_table_that_changes_after_its_validation_is_left_out() {
    // In the name, the length and the code.
    for offset in [0, 4, 5, 36] {
        let memory = ChangingMemory {
            memory: machine(),
            offset,
            reads: core::cell::Cell::new(0),
        };
        let mut notes = Vec::new();
        let tables = check(&memory, Some(at(RSDP)), &mut |note| notes.push(note.to_string())).expect("sound");
        let mut room = vec![0; tables.size_bytes()];
        let copied = tables.copy_into(&memory, &mut room, &mut |note| notes.push(note.to_string()));
        assert!(copied.find(Signature::SSDT).is_none());
        assert_eq!(copied.iter().count(), 10);
        assert_eq!(notes, ["table SSDT at 0xb000: it changed while it was copied"]);
    }
}
