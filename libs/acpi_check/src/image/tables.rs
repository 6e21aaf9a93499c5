//! Copies the sound tables, and finds tables in the copy.

use core::ops::Range;

use arrayvec::ArrayVec;
use x86_64::PhysAddr;

use super::ImageError;
use super::layout::ImageLayout;
use super::{fadt, root, sanitize};
use crate::address::AllegedAddress;
use crate::fadt::Fadt;
use crate::note::AcpiNote;
use crate::read_memory::ReadMemory;
use crate::signature::Signature;
use crate::sleep_type::SleepType;
use crate::table::{Table, TableFault};
use crate::table_list::TABLE_LIMIT;

/// Alignment of the copy.
const PAGE_BYTES: u64 = 4096;
/// Tables that the list does not name: the FADT names the DSDT, and the crate `acpi` must not read the other two.
const NOT_LISTED: [Signature; 3] = [Signature::DSDT, Signature::SRAT, Signature::SLIT];
/// The last address that a processor can put on its bus.
const LAST_ADDRESS: u64 = (1 << 52) - 1;

/// The copied tables.
#[derive(Clone, Debug)]
pub struct CheckedTables<'a> {
    /// The copy.
    image: &'a [u8],
    /// Where it lies.
    base: PhysAddr,
    /// The tables in it, in the order of the root table, then the DSDT.
    places: ArrayVec<Place, TABLE_LIMIT>,
    /// The FADT as the firmware wrote it.
    fadt: Option<Fadt>,
}

/// A table's place in the copy.
#[derive(Clone, Debug)]
struct Place {
    /// Its name.
    signature: Signature,
    /// Its bytes.
    bytes: Range<usize>,
}

impl<'a> CheckedTables<'a> {
    /// Address of the copy's root pointer, for the crate `acpi`.
    #[must_use]
    pub const fn root_pointer(&self) -> PhysAddr {
        self.base
    }

    /// The names of all tables, in the order of the root table, then the DSDT.
    pub fn signatures(&self) -> impl Iterator<Item = Signature> {
        self.places.iter().map(|place| place.signature)
    }

    /// The first table of this name. For the FADT use [`Self::fadt`]: its copy is rewritten for the crate `acpi`.
    #[must_use]
    pub fn find(&self, signature: Signature) -> Option<&'a [u8]> {
        self.of(signature).next()
    }

    /// The FADT as the firmware wrote it.
    #[must_use]
    pub const fn fadt(&self) -> Option<&Fadt> {
        self.fadt.as_ref()
    }

    /// The sleep type that switches the machine off, if the DSDT or an SSDT has it as constants.
    #[must_use]
    pub fn soft_off(&self) -> Option<SleepType> {
        self.of(Signature::DSDT)
            .chain(self.of(Signature::SSDT))
            .find_map(SleepType::find_soft_off)
    }

    /// The tables of this name.
    fn of(&self, signature: Signature) -> impl Iterator<Item = &'a [u8]> {
        let places = self.places.iter();
        places
            .filter(move |place| place.signature == signature)
            .filter_map(|place| self.image.get(place.bytes.clone()))
    }

    /// Copies the tables into `image`.
    pub(crate) fn copy(
        tables: &[Table],
        memory: &dyn ReadMemory,
        base: PhysAddr,
        image: &'a mut [u8],
        note: &mut dyn FnMut(AcpiNote),
    ) -> Result<Self, ImageError> {
        let layout = ImageLayout::new(tables);
        let needed_bytes = layout.size_bytes();
        check_place(base, needed_bytes, image.len())?;
        image.fill(0);
        let mut copier = Copier {
            image,
            base,
            places: ArrayVec::new(),
            fadt: None,
        };
        for (table, room) in layout.rooms() {
            if let Err(fault) = copier.copy(memory, table, room, note) {
                note(table.error(fault).into());
            }
        }
        copier.note_missing(note);
        Ok(copier.finish())
    }
}

/// The copy in the making.
struct Copier<'a> {
    /// The copy.
    image: &'a mut [u8],
    /// Where it lies.
    base: PhysAddr,
    /// What has been copied.
    places: ArrayVec<Place, TABLE_LIMIT>,
    /// The first FADT.
    fadt: Option<Fadt>,
}

impl<'a> Copier<'a> {
    /// Copies one table, checks the copy, and sanitizes it.
    fn copy(
        &mut self,
        memory: &dyn ReadMemory,
        table: &Table,
        room: Range<usize>,
        note: &mut dyn FnMut(AcpiNote),
    ) -> Result<(), TableFault> {
        let start = room.start;
        let length = usize::try_from(table.length_bytes).unwrap_or(usize::MAX);
        let Some(bytes) = self.image.get_mut(room).and_then(|room| room.get_mut(..length)) else {
            // Cannot happen: the layout has room for every table.
            return Ok(());
        };
        let outcome = copy_and_check(memory, table, bytes).and_then(|()| {
            if table.signature == Signature::FADT && self.fadt.is_none() {
                self.fadt = Some(Fadt::from_bytes(bytes));
            }
            sanitize::sanitize(table.signature, bytes, note)
        });
        let length = outcome.inspect_err(|_| bytes.fill(0))?;
        // Cannot fail: there are at most as many as in the list of tables.
        _ = self.places.try_push(Place {
            signature: table.signature,
            bytes: start..start.saturating_add(length),
        });
        Ok(())
    }

    /// Reports which tables are missing that the kernel uses.
    fn note_missing(&self, note: &mut dyn FnMut(AcpiNote)) {
        for signature in [Signature::FADT, Signature::DSDT, Signature::MADT] {
            if !self.places.iter().any(|place| place.signature == signature) {
                note(AcpiNote::Missing { signature });
            }
        }
    }

    /// Writes the root pointer, the list of tables and the FADT's pointers.
    fn finish(mut self) -> CheckedTables<'a> {
        let dsdt = self.places.iter().find(|place| place.signature == Signature::DSDT);
        let dsdt = dsdt.map(|place| root::address_at(self.base, place.bytes.start));
        let is_fadt = |place: &&mut Place| place.signature == Signature::FADT;
        for place in self.places.iter_mut().filter(is_fadt) {
            let room = self.image.get_mut(place.bytes.start..).unwrap_or_default();
            if let Some(length) = fadt::rewrite(room, place.bytes.len(), dsdt) {
                place.bytes.end = place.bytes.start.saturating_add(length);
            }
        }
        let listed = |place: &&Place| !NOT_LISTED.contains(&place.signature);
        let offsets = self.places.iter().filter(listed).map(|place| place.bytes.start);
        root::write_xsdt(self.image, self.base, offsets);
        root::write_rsdp(self.image, self.base);
        CheckedTables {
            image: self.image,
            base: self.base,
            places: self.places,
            fadt: self.fadt,
        }
    }
}

/// Copies a table and checks that it has not changed since it was validated.
fn copy_and_check(memory: &dyn ReadMemory, table: &Table, bytes: &mut [u8]) -> Result<(), TableFault> {
    memory.read(table.address, bytes)?;
    let copied = Table::read(&&*bytes, AllegedAddress::new(0)).map_err(|_| TableFault::Changed)?;
    let expected = Table {
        address: AllegedAddress::new(0),
        ..*table
    };
    if copied == expected {
        Ok(())
    } else {
        Err(TableFault::Changed)
    }
}

/// Checks the address and size of the copy.
fn check_place(base: PhysAddr, needed_bytes: usize, given_bytes: usize) -> Result<(), ImageError> {
    if !base.is_aligned(PAGE_BYTES) {
        return Err(ImageError::NotAPage { base });
    }
    if given_bytes < needed_bytes {
        return Err(ImageError::TooSmall {
            needed_bytes,
            given_bytes,
        });
    }
    match base.as_u64().checked_add(given_bytes as u64) {
        Some(end) if end <= LAST_ADDRESS => Ok(()),
        _ => Err(ImageError::PastTheEnd { base }),
    }
}
