//! Odd things that the loader does when a test asks for them, so that the kernel meets machines that are hard to find.
//!
//! The words are read by [`multiboot2_loader_core::command_line`], and only if the binary allows it: the shipped one
//! does not.

use acpi_check::{Signature, TableList};
use multiboot2_loader_core::acpi::extent_of;
use multiboot2_loader_core::address::PhysAddr;
use multiboot2_loader_core::boot_information::Module;
use multiboot2_loader_core::command_line::{TableBytes, TestHooks, UnknownHook};
use multiboot2_loader_core::physical_memory::{OutOfReach, PhysicalMemory};

use crate::console;
use crate::direct_map::DirectMap;

/// Whether the words of the kernel's command line that begin with `loader.` mean anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HookPolicy {
    /// They are the kernel's, like all others.
    Ignore,
    /// The loader obeys them.
    Obey,
}

/// Why a hook cannot be carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TestHookError {
    /// There is no such table.
    #[error("test hook: there is no ACPI table {signature}")]
    NoSuchTable {
        /// Its name.
        signature: Signature,
    },
    /// The table does not take what is written.
    #[error("test hook: the ACPI table at {address} cannot be written")]
    TableIsReadOnly {
        /// Where it lies.
        address: PhysAddr,
    },
    /// The table is beyond reach.
    #[error("test hook: {0}")]
    OutOfReach(#[from] OutOfReach),
    /// There is no such module.
    #[error("test hook: there is no module {path}")]
    NoSuchModule {
        /// Its path.
        path: &'static str,
    },
}

/// Offset of the length in a table's header.
const LENGTH_OFFSET: u64 = 4;
/// Offset of the checksum in a table's header.
const CHECKSUM_OFFSET: u64 = 9;
/// Offset of the length of the MADT's first entry.
const MADT_ENTRY_LENGTH_OFFSET: u64 = 45;
/// Longer than any memory of the machines under test.
const ABSURD_LENGTH: u32 = 0xffff_fff0;

/// Reads the hooks, if they mean anything.
pub(crate) fn read(policy: HookPolicy, command_line: &'static str) -> Result<TestHooks<'static>, UnknownHook<'static>> {
    if policy == HookPolicy::Ignore {
        return Ok(TestHooks::default());
    }
    let hooks = TestHooks::parse(command_line);
    // A test that asks for nonsense has failed.
    if hooks.is_err() || hooks.is_ok_and(|hooks| hooks.debug_exit) {
        console::leave_qemu_on_error();
    }
    hooks
}

/// Spoils a table: of the MADT the first entry's length, which becomes 0, under a right checksum; of any other table its
/// length and its checksum.
pub(crate) fn garble(memory: &mut DirectMap, tables: &TableList, signature: [u8; 4]) -> Result<(), TestHookError> {
    let signature = Signature::new(signature);
    let table = tables.find(signature).ok_or(TestHookError::NoSuchTable { signature })?;
    let base = extent_of(table).base;
    let field = |offset| PhysAddr::new(base.as_u64().saturating_add(offset));
    let [checksum] = memory.read_array(field(CHECKSUM_OFFSET))?;
    let checksum = if signature == Signature::MADT {
        let [length] = memory.read_array(field(MADT_ENTRY_LENGTH_OFFSET))?;
        overwrite(memory, field(MADT_ENTRY_LENGTH_OFFSET), &[0])?;
        checksum.wrapping_add(length)
    } else {
        overwrite(memory, field(LENGTH_OFFSET), &ABSURD_LENGTH.to_le_bytes())?;
        !checksum
    };
    overwrite(memory, field(CHECKSUM_OFFSET), &[checksum])
}

/// Writes into a table, under a right checksum.
pub(crate) fn write(memory: &mut DirectMap, tables: &TableList, what: &TableBytes) -> Result<(), TestHookError> {
    let signature = Signature::new(what.signature);
    let table = tables.find(signature).ok_or(TestHookError::NoSuchTable { signature })?;
    let base = extent_of(table).base;
    let field = |offset| PhysAddr::new(base.as_u64().saturating_add(offset));
    for (byte, offset) in what.bytes().iter().zip(u64::from(what.offset)..) {
        let [before] = memory.read_array(field(offset))?;
        overwrite(memory, field(offset), &[*byte])?;
        let [checksum] = memory.read_array(field(CHECKSUM_OFFSET))?;
        let checksum = checksum.wrapping_add(before).wrapping_sub(*byte);
        overwrite(memory, field(CHECKSUM_OFFSET), &[checksum])?;
    }
    Ok(())
}

/// Writes a field of a table and looks whether it is there: some firmware protects its tables.
fn overwrite<const N: usize>(memory: &mut DirectMap, address: PhysAddr, bytes: &[u8; N]) -> Result<(), TestHookError> {
    memory.write(address, bytes)?;
    if memory.read_array::<N>(address)? != *bytes {
        return Err(TestHookError::TableIsReadOnly { address });
    }
    Ok(())
}

/// The module whose entries are to be published instead of the memory map.
pub(crate) fn module_of_map<'a>(
    modules: &'a [Module<'static>],
    path: &'static str,
) -> Result<&'a Module<'static>, TestHookError> {
    modules
        .iter()
        .find(|module| module.path == path)
        .ok_or(TestHookError::NoSuchModule { path })
}
