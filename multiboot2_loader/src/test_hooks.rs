//! Test hooks: changes to what the kernel sees, so that tests can boot it on unusual machines.
//!
//! [`multiboot2_loader_core::command_line`] reads the words, if the binary allows them; the shipped one does not.

use acpi_check::{Signature, TableList};
use multiboot2_loader_core::acpi::extent_of;
use multiboot2_loader_core::address::PhysAddr;
use multiboot2_loader_core::boot_information::Module;
use multiboot2_loader_core::command_line::{TableBytes, TestHooks, UnknownHook};
use multiboot2_loader_core::physical_memory::{OutOfReach, PhysicalMemory};

use crate::console;
use crate::direct_map::DirectMap;

/// Whether the loader reads words of the kernel's command line that start with `loader.`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HookPolicy {
    /// They belong to the kernel, like all others.
    Ignore,
    /// The loader carries them out.
    Obey,
}

/// The reason why a hook cannot be carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TestHookError {
    /// There is no such table.
    #[error("test hook: there is no ACPI table {signature}")]
    NoSuchTable {
        /// Its name.
        signature: Signature,
    },
    /// The table does not keep a written value.
    #[error("test hook: the ACPI table at {address} cannot be written")]
    TableIsReadOnly {
        /// Its address.
        address: PhysAddr,
    },
    /// The table cannot be accessed.
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
/// A length above the memory of any machine under test.
const ABSURD_LENGTH: u32 = 0xffff_fff0;

/// Reads the hooks, if they are allowed.
pub(crate) fn read(policy: HookPolicy, command_line: &'static str) -> Result<TestHooks<'static>, UnknownHook<'static>> {
    if policy == HookPolicy::Ignore {
        return Ok(TestHooks::default());
    }
    let hooks = TestHooks::parse(command_line);
    // An invalid hook fails the test.
    if hooks.is_err() || hooks.is_ok_and(|hooks| hooks.debug_exit) {
        console::leave_qemu_on_error();
    }
    hooks
}

/// Damages a table. In the MADT it sets the length of the first entry to 0 and corrects the checksum; in any other table it changes
/// length and checksum.
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

/// Writes into a table, and corrects its checksum.
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

/// Writes a field of a table, and reads it back: some firmware protects its tables.
fn overwrite<const N: usize>(memory: &mut DirectMap, address: PhysAddr, bytes: &[u8; N]) -> Result<(), TestHookError> {
    memory.write(address, bytes)?;
    if memory.read_array::<N>(address)? != *bytes {
        return Err(TestHookError::TableIsReadOnly { address });
    }
    Ok(())
}

/// Returns the module whose entries replace the memory map.
pub(crate) fn module_of_map<'a>(
    modules: &'a [Module<'static>],
    path: &'static str,
) -> Result<&'a Module<'static>, TestHookError> {
    modules
        .iter()
        .find(|module| module.path == path)
        .ok_or(TestHookError::NoSuchModule { path })
}
