//! Writes the responses to the kernel's requests in the layout of the Limine boot protocol.
//!
//! A response starts with its revision, 0 except for the frame buffer's, and then has the fields of its kind. Pointers
//! are addresses in the direct map. The loader writes only the responses that the kernel asked for. A fact that does not
//! exist (no screen, no ACPI) leaves the request unanswered: its pointer stays null.

mod file;
mod frame_buffer;
mod lists;
mod mp;

pub use file::File;
pub use lists::MemoryMapEntry;
pub use mp::{MP_INFO_BYTES, MpAnswer, MpInfos};

use crate::address::{HHDM_OFFSET, PhysAddr, VirtAddr};
use crate::frame_buffer::FrameBuffer;
use crate::limine_requests::base_revision::BaseRevision;
use crate::limine_requests::{Requests, id::RequestKind};
use crate::pool::{Pool, PoolFull};

/// The firmware that started GRUB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum FirmwareType {
    /// A PC BIOS.
    Bios = 0,
    /// 64-bit EFI.
    Efi64 = 2,
}

/// Content of the responses, without the memory map.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The used base revision: it decides the form of some addresses.
    pub base_revision: BaseRevision,
    /// The loader's name.
    pub loader_name: &'a str,
    /// The loader's version.
    pub loader_version: &'a str,
    /// The kernel's file; its string is the command line.
    pub kernel_file: File<'a>,
    /// The other files.
    pub modules: &'a [File<'a>],
    /// The firmware.
    pub firmware: FirmwareType,
    /// The screen, if it was accepted.
    pub frame_buffer: Option<FrameBuffer>,
    /// The processors, if they were started.
    pub mp: Option<MpAnswer<'a>>,
    /// Address of the ACPI root pointer.
    pub rsdp: Option<PhysAddr>,
    /// Address of the EFI system table.
    pub efi_system_table: Option<PhysAddr>,
    /// Address of the 32-bit SMBIOS entry point.
    pub smbios_32: Option<PhysAddr>,
    /// Address of the 64-bit SMBIOS entry point.
    pub smbios_64: Option<PhysAddr>,
    /// The time of day in seconds since 1970.
    pub date_at_boot: Option<i64>,
    /// Physical address of the kernel's image.
    pub image_physical_base: PhysAddr,
    /// Virtual address of the kernel's image.
    pub image_virtual_base: VirtAddr,
}

/// Responds to all requests: writes the responses into the pool, and their addresses into the image. The entries of the memory map keep
/// their order.
///
/// # Errors
/// The pool is too small.
pub fn answer(
    image: &mut [u8],
    requests: &Requests,
    pool: &mut Pool<'_>,
    facts: &Facts<'_>,
    memory_map: impl ExactSizeIterator<Item = MemoryMapEntry>,
) -> Result<(), PoolFull> {
    let mut answering = Answering { image, requests, pool };
    answering.plain_facts(facts)?;
    answering.addresses(facts)?;
    answering.files(facts)?;
    if let Some(screen) = &facts.frame_buffer {
        answering.to(RequestKind::FrameBuffer, |pool| {
            frame_buffer::response_for(pool, screen)
        })?;
    }
    if let Some(mp) = &facts.mp {
        answering.to(RequestKind::Mp, |pool| mp::response_for(pool, mp))?;
    }
    answering.to(RequestKind::MemoryMap, |pool| {
        lists::memory_map_response(pool, memory_map)
    })
}

/// What every response needs.
struct Answering<'a, 'p> {
    /// The kernel's image, with the requests in it.
    image: &'a mut [u8],
    /// Its requests.
    requests: &'a Requests,
    /// The destination of the responses.
    pool: &'a mut Pool<'p>,
}

impl Answering<'_, '_> {
    /// Responds to one request, if the kernel made it, with what `write` puts into the pool.
    fn to(
        &mut self,
        kind: RequestKind,
        write: impl FnOnce(&mut Pool<'_>) -> Result<VirtAddr, PoolFull>,
    ) -> Result<(), PoolFull> {
        if self.requests.contains(kind) {
            let response = write(self.pool)?;
            self.requests.point_to(kind, response, self.image);
        }
        Ok(())
    }

    /// Responds to one request with a revision and `words`.
    fn words<const N: usize>(&mut self, kind: RequestKind, words: [u64; N]) -> Result<(), PoolFull> {
        self.to(kind, |pool| response(pool, words))
    }

    /// Responses that are neither addresses nor lists.
    fn plain_facts(&mut self, facts: &Facts<'_>) -> Result<(), PoolFull> {
        self.to(RequestKind::BootloaderInfo, |pool| {
            let name = pool.put_string(facts.loader_name)?;
            let version = pool.put_string(facts.loader_version)?;
            response(pool, [name.as_u64(), version.as_u64()])
        })?;
        self.words(RequestKind::FirmwareType, [facts.firmware as u64])?;
        // The existence of a response means that the loader complies.
        self.words(RequestKind::StackSize, [])?;
        self.words(RequestKind::EntryPoint, [])?;
        self.words(RequestKind::KeepIommu, [])?;
        // Mode 0 is 4-level paging.
        self.words(RequestKind::PagingMode, [0])?;
        if let Some(seconds) = facts.date_at_boot {
            self.words(RequestKind::DateAtBoot, [seconds.cast_unsigned()])?;
        }
        Ok(())
    }

    /// Responses that are addresses.
    fn addresses(&mut self, facts: &Facts<'_>) -> Result<(), PoolFull> {
        let revision = facts.base_revision;
        let firmware_address = |address| revision.firmware_address(address).as_u64();
        self.words(RequestKind::Hhdm, [HHDM_OFFSET])?;
        let (physical, virtual_base) = (facts.image_physical_base.as_u64(), facts.image_virtual_base.as_u64());
        self.words(RequestKind::ExecutableAddress, [physical, virtual_base])?;
        if let Some(address) = facts.rsdp {
            self.words(RequestKind::Rsdp, [revision.rsdp_address(address).as_u64()])?;
        }
        if let Some(address) = facts.efi_system_table {
            self.words(RequestKind::EfiSystemTable, [firmware_address(address)])?;
        }
        if facts.smbios_32.is_some() || facts.smbios_64.is_some() {
            let entry_points = [facts.smbios_32, facts.smbios_64].map(|entry| entry.map_or(0, firmware_address));
            self.words(RequestKind::Smbios, entry_points)?;
        }
        Ok(())
    }

    /// Responses with the kernel's file, its command line and the modules.
    fn files(&mut self, facts: &Facts<'_>) -> Result<(), PoolFull> {
        self.to(RequestKind::ExecutableCmdline, |pool| {
            let command_line = pool.put_string(facts.kernel_file.string)?;
            response(pool, [command_line.as_u64()])
        })?;
        self.to(RequestKind::ExecutableFile, |pool| {
            let file = facts.kernel_file.put(pool)?;
            response(pool, [file.as_u64()])
        })?;
        self.to(RequestKind::Modules, |pool| {
            lists::modules_response(pool, facts.modules)
        })
    }
}

/// Writes a response of revision 0 with these fields, one word each.
fn response<const N: usize>(pool: &mut Pool<'_>, fields: [u64; N]) -> Result<VirtAddr, PoolFull> {
    response_of_revision(pool, 0, fields)
}

/// Writes a response of `revision` with these fields, one word each.
fn response_of_revision<const N: usize>(
    pool: &mut Pool<'_>,
    revision: u64,
    fields: [u64; N],
) -> Result<VirtAddr, PoolFull> {
    let (address, bytes) = pool.reserve(8 * (N + 1))?;
    let (slots, _) = bytes.as_chunks_mut::<8>();
    for (slot, word) in slots.iter_mut().zip([revision].into_iter().chain(fields)) {
        *slot = word.to_le_bytes();
    }
    Ok(address)
}
