//! ACPI's root pointer (ACPI specification, section "Root System Description Pointer").
//!
//! The copies in Multiboot2's tags do not help: the kernel shall get the address of the real one.

use crate::address::{Extent, PhysAddr};
use crate::bytes::{sums_to_zero, u32_at, u64_at};
use crate::physical_memory::{OutOfReach, PhysicalMemory};

/// What it begins with.
const SIGNATURE: &[u8; 8] = b"RSD PTR ";
/// Length of the first version: signature, checksum, OEM id, revision, RSDT.
const FIRST_LENGTH_BYTES: usize = 20;
/// Length of the second version: those, then length, XSDT, extended checksum.
const SECOND_LENGTH_BYTES: u32 = 36;
/// Where the BIOS data area holds the segment of the extended BIOS data area.
const EBDA_SEGMENT: PhysAddr = PhysAddr::new(0x40e);
/// The first KiB of the extended BIOS data area is searched.
const EBDA_SEARCH_BYTES: u64 = 1024;
/// The BIOS's read-only memory that is searched.
const BIOS_AREA: Extent = Extent::new(PhysAddr::new(0xe_0000), 0x2_0000);
/// The pointer lies at a multiple of this.
const STEP_BYTES: usize = 16;
/// How much is read at once.
const CHUNK_BYTES: usize = 1024;

/// A root pointer whose checksums hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rsdp {
    /// Where it lies.
    pub address: PhysAddr,
    /// How long it is.
    pub length_bytes: u64,
    /// The list with 32-bit addresses.
    pub rsdt: Option<PhysAddr>,
    /// The list with 64-bit addresses, to be preferred.
    pub xsdt: Option<PhysAddr>,
}

/// Why a root pointer is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RsdpError {
    /// It cannot be read.
    #[error("ACPI's root pointer: {0}")]
    OutOfReach(#[from] OutOfReach),
    /// There is something else.
    #[error("no ACPI root pointer at {address}")]
    Signature {
        /// Where it should be.
        address: PhysAddr,
    },
    /// A checksum is wrong.
    #[error("the ACPI root pointer at {address} has a wrong checksum")]
    Checksum {
        /// Where it lies.
        address: PhysAddr,
    },
    /// It names no list.
    #[error("the ACPI root pointer at {address} names neither RSDT nor XSDT")]
    NoTables {
        /// Where it lies.
        address: PhysAddr,
    },
}

/// Searches where a BIOS puts it.
#[must_use]
pub fn find_in_low_memory<M: PhysicalMemory>(memory: &M) -> Option<Rsdp> {
    let ebda = memory
        .read_array(EBDA_SEGMENT)
        .ok()
        .map(|segment| u64::from(u16::from_le_bytes(segment)) << 4);
    let ebda = ebda.map(|base| Extent::new(PhysAddr::new(base), EBDA_SEARCH_BYTES));
    ebda.into_iter()
        .chain([BIOS_AREA])
        .find_map(|area| find_in(memory, area))
}

/// Searches a stretch of memory.
fn find_in<M: PhysicalMemory>(memory: &M, area: Extent) -> Option<Rsdp> {
    let mut chunk = [0; CHUNK_BYTES];
    let mut address = area.base;
    while address < area.end() {
        if memory.read(address, &mut chunk).is_ok() {
            for (index, candidate) in chunk.as_chunks::<STEP_BYTES>().0.iter().enumerate() {
                if candidate.starts_with(SIGNATURE)
                    && let Some(at) = address.checked_add((index * STEP_BYTES) as u64)
                    && let Ok(rsdp) = check(memory, at)
                {
                    return Some(rsdp);
                }
            }
        }
        address = address.checked_add(CHUNK_BYTES as u64)?;
    }
    None
}

/// Checks the root pointer at `address`.
///
/// # Errors
/// When it cannot be read, is none, or a checksum is wrong.
pub fn check<M: PhysicalMemory>(memory: &M, address: PhysAddr) -> Result<Rsdp, RsdpError> {
    let first: [u8; FIRST_LENGTH_BYTES] = memory.read_array(address)?;
    if !first.starts_with(SIGNATURE) {
        return Err(RsdpError::Signature { address });
    }
    if !sums_to_zero(&first) {
        return Err(RsdpError::Checksum { address });
    }
    let [.., revision, _, _, _, _] = first;
    let rsdt = u32_at(&first, 16)
        .filter(|rsdt| *rsdt != 0)
        .map(|rsdt| PhysAddr::new(u64::from(rsdt)));
    let mut rsdp = Rsdp {
        address,
        length_bytes: FIRST_LENGTH_BYTES as u64,
        rsdt,
        xsdt: None,
    };
    if revision >= 2 {
        let second: [u8; 36] = memory.read_array(address)?;
        // Only the defined part is summed up: a length that is not 36 is itself wrong.
        if !sums_to_zero(&second) || u32_at(&second, 20) != Some(SECOND_LENGTH_BYTES) {
            return Err(RsdpError::Checksum { address });
        }
        rsdp.length_bytes = u64::from(SECOND_LENGTH_BYTES);
        rsdp.xsdt = u64_at(&second, 24).filter(|xsdt| *xsdt != 0).map(PhysAddr::new);
    }
    if rsdp.rsdt.is_none() && rsdp.xsdt.is_none() {
        return Err(RsdpError::NoTables { address });
    }
    Ok(rsdp)
}
