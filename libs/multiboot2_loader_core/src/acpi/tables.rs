//! The list of all ACPI tables: what the root table names, and what the FADT names beside them (FACS and DSDT).
//!
//! What always holds: no list or table is believed to be longer than [`TABLE_LIMIT_BYTES`], and at most [`TABLE_LIMIT`]
//! are taken. A table with a wrong checksum stays in the list, marked: what to make of it is the kernel's decision.

use arrayvec::ArrayVec;

use super::rsdp::Rsdp;
use crate::address::{Extent, PhysAddr};
use crate::bytes::{array_at, u32_at, u64_at};
use crate::physical_memory::{OutOfReach, PhysicalMemory};

/// The most tables that are listed. A large server has about 60.
pub const TABLE_LIMIT: usize = 192;
/// The longest table that is believed. The longest seen, a DSDT, has half a MiB.
pub const TABLE_LIMIT_BYTES: u32 = 16 << 20;
/// Length of the header that all tables but the FACS have.
pub const HEADER_BYTES: u32 = 36;
/// How much is read at once.
const CHUNK_BYTES: usize = 512;

/// One table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub signature: [u8; 4],
    /// Where it lies, header included.
    pub extent: Extent,
    /// Whether its bytes add up.
    pub checksum: Checksum,
}

/// Whether a table's bytes add up to zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checksum {
    /// They do.
    Right,
    /// They do not.
    Wrong,
    /// The FACS has no checksum.
    None,
}

/// All tables, the root table first.
#[derive(Clone, Debug, Default)]
pub struct TableList {
    /// The tables.
    tables: ArrayVec<Table, TABLE_LIMIT>,
    /// How many addresses did not lead to a table.
    pub unreadable: usize,
}

/// Why there is no list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TablesError {
    /// The root table cannot be read.
    #[error("ACPI's root table: {0}")]
    OutOfReach(#[from] OutOfReach),
    /// There is something else.
    #[error("no ACPI root table at {address}")]
    Signature {
        /// Where it should be.
        address: PhysAddr,
    },
    /// Shorter than a header or absurdly long.
    #[error("the ACPI table at {address} has an absurd length, {length_bytes} bytes")]
    Length {
        /// Where it lies.
        address: PhysAddr,
        /// Its alleged length.
        length_bytes: u32,
    },
    /// The root table's bytes do not add up.
    #[error("the ACPI root table at {address} has a wrong checksum")]
    Checksum {
        /// Where it lies.
        address: PhysAddr,
    },
}

/// Lists all tables. A damaged XSDT is passed over for the RSDT.
///
/// # Errors
/// When neither root table is sound.
pub fn list<M: PhysicalMemory>(memory: &M, rsdp: &Rsdp) -> Result<TableList, TablesError> {
    let xsdt = rsdp.xsdt.map(|address| root(memory, address, *b"XSDT"));
    let rsdt = || rsdp.rsdt.map(|address| root(memory, address, *b"RSDT"));
    let root_table = match xsdt {
        Some(Ok(table)) => table,
        Some(Err(error)) => rsdt().unwrap_or(Err(error))?,
        None => rsdt().unwrap_or(Err(TablesError::Signature { address: rsdp.address }))?,
    };
    let mut list = TableList::default();
    list.tables.push(root_table);
    let pointer_bytes: u64 = if root_table.signature == *b"XSDT" { 8 } else { 4 };
    let mut offset = u64::from(HEADER_BYTES);
    while offset + pointer_bytes <= root_table.extent.length_bytes && !list.tables.is_full() {
        let at = PhysAddr::new(root_table.extent.base.as_u64().saturating_add(offset));
        let mut pointer = [0; 8];
        let (low, _) = pointer.split_at_mut(if pointer_bytes == 8 { 8 } else { 4 });
        memory.read(at, low)?;
        list.take(memory, PhysAddr::new(u64::from_le_bytes(pointer)));
        offset += pointer_bytes;
    }
    if let Some(&fadt) = list.find(*b"FACP") {
        list.take_tables_of_fadt(memory, &fadt);
    }
    // The kernel may read the old list too, even where there is a new one.
    list.take(memory, rsdp.rsdt.unwrap_or_default());
    Ok(list)
}

impl TableList {
    /// The first table of this name.
    #[must_use]
    pub fn find(&self, signature: [u8; 4]) -> Option<&Table> {
        self.tables.iter().find(|table| table.signature == signature)
    }

    /// The tables.
    #[must_use]
    pub fn tables(&self) -> &[Table] {
        &self.tables
    }

    /// Adds the table at `address`, unless it is there already, is none, or the list is full.
    fn take<M: PhysicalMemory>(&mut self, memory: &M, address: PhysAddr) {
        if address.as_u64() == 0 || self.tables.iter().any(|table| table.extent.base == address) {
            return;
        }
        match read_table(memory, address) {
            Ok(table) => _ = self.tables.try_push(table),
            Err(_) => self.unreadable += 1,
        }
    }

    /// Adds what the FADT names: FACS and DSDT at offsets 36 and 40, again with 64 bits at 132 and 140.
    fn take_tables_of_fadt<M: PhysicalMemory>(&mut self, memory: &M, fadt: &Table) {
        let mut fields = [0; 148];
        let length = usize::try_from(fadt.extent.length_bytes)
            .unwrap_or(fields.len())
            .min(fields.len());
        let (inside, _) = fields.split_at_mut(length);
        if memory.read(fadt.extent.base, inside).is_err() {
            self.unreadable += 1;
            return;
        }
        // What lies behind a short FADT's end stays 0, which names nothing.
        let narrow = [36, 40].map(|offset| u32_at(&fields, offset).map_or(0, u64::from));
        let wide = [132, 140].map(|offset| u64_at(&fields, offset).unwrap_or(0));
        for address in narrow.into_iter().chain(wide) {
            self.take(memory, PhysAddr::new(address));
        }
    }
}

/// Reads and checks a root table.
fn root<M: PhysicalMemory>(memory: &M, address: PhysAddr, signature: [u8; 4]) -> Result<Table, TablesError> {
    let table = read_table(memory, address)?;
    if table.signature != signature {
        return Err(TablesError::Signature { address });
    }
    if table.checksum != Checksum::Right {
        return Err(TablesError::Checksum { address });
    }
    Ok(table)
}

/// Reads name and length of a table and sums it up.
fn read_table<M: PhysicalMemory>(memory: &M, address: PhysAddr) -> Result<Table, TablesError> {
    let start: [u8; 8] = memory.read_array(address)?;
    let signature = array_at(&start, 0).unwrap_or_default();
    let length_bytes = u32_at(&start, 4).unwrap_or(0);
    let shortest = if signature == *b"FACS" { 64 } else { HEADER_BYTES };
    if length_bytes < shortest || length_bytes > TABLE_LIMIT_BYTES {
        return Err(TablesError::Length { address, length_bytes });
    }
    let extent = Extent::new(address, u64::from(length_bytes));
    let checksum = match signature {
        [b'F', b'A', b'C', b'S'] => Checksum::None,
        _ if sum(memory, extent)? == 0 => Checksum::Right,
        _ => Checksum::Wrong,
    };
    Ok(Table {
        signature,
        extent,
        checksum,
    })
}

/// Adds all bytes up.
fn sum<M: PhysicalMemory>(memory: &M, extent: Extent) -> Result<u8, OutOfReach> {
    let mut sum = 0_u8;
    let mut chunk = [0; CHUNK_BYTES];
    let mut done = 0;
    while done < extent.length_bytes {
        let left = usize::try_from(extent.length_bytes - done)
            .unwrap_or(CHUNK_BYTES)
            .min(CHUNK_BYTES);
        let (part, _) = chunk.split_at_mut(left);
        memory.read(PhysAddr::new(extent.base.as_u64().saturating_add(done)), part)?;
        sum = part.iter().fold(sum, |sum, &byte| sum.wrapping_add(byte));
        done += left as u64;
    }
    Ok(sum)
}
