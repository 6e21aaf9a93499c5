//! Parses the Multiboot2 boot information from GRUB into plain structs.
//!
//! Words: the *boot information* is a chain of tags, each a type, a size and a body, 8-byte aligned (Multiboot2
//! specification 2.0, section 3.4). It is untrusted until it is parsed into a [`BootInformation`].
//!
//! The crate `multiboot2` is not used: it needs `unsafe` and a pointer to load the structure, and it asserts that tags are long
//! enough, so a damaged chain would cause a panic instead of an error.
//!
//! Strings and memory maps borrow from the input, so nothing is cut to a fixed size. The caller must not change the input: the memory
//! map lists it as boot loader memory.

use arrayvec::ArrayVec;

use crate::address::{Extent, PhysAddr};
use crate::bytes::{u32_at, u64_at};
use crate::firmware_memory_map::FirmwareMemoryMap;
use crate::frame_buffer::FrameBufferTag;

/// The value that a Multiboot2 loader passes in `eax`.
pub const MULTIBOOT2_MAGIC: u32 = 0x36d7_6289;

/// Maximum number of modules, including the kernel.
pub const MODULE_LIMIT: usize = 16;

/// Maximum size of the boot information. GRUB passes a few KiB; most of it is the EFI memory map.
pub const SIZE_LIMIT_BYTES: u32 = 1 << 20;

/// Type of the tag that describes the screen.
const FRAME_BUFFER_TAG: u32 = 8;

/// Size of the fixed part before the first tag.
const HEADER_BYTES: usize = 8;

/// A file that GRUB loaded beside the loader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Module<'a> {
    /// Address range of its bytes.
    pub extent: Extent,
    /// First word of its string, which is the path in our `grub.cfg`.
    pub path: &'a str,
    /// Rest of its string, without the leading blanks.
    pub string: &'a str,
}

/// All information from GRUB that the loader uses.
#[derive(Clone, Debug)]
pub struct BootInformation<'a> {
    /// The files, in the order of `grub.cfg`.
    pub modules: ArrayVec<Module<'a>, MODULE_LIMIT>,
    /// Memory map of tag 6: from the BIOS, or converted by GRUB from the EFI memory map.
    pub memory_map: Option<FirmwareMemoryMap<'a>>,
    /// EFI memory map (tag 17), more exact than tag 6.
    pub efi_memory_map: Option<FirmwareMemoryMap<'a>>,
    /// The screen (tag 8), unchecked.
    pub frame_buffer: Option<FrameBufferTag>,
    /// 64-bit EFI system table (tag 12): present if the firmware is 64-bit EFI.
    pub efi_system_table: Option<PhysAddr>,
    /// Whether the firmware is 32-bit EFI (tag 11).
    pub efi_is_32_bit: bool,
    /// Address at which GRUB loaded the loader (tag 21).
    pub load_base: Option<PhysAddr>,
    /// Whether GRUB found ACPI (tags 14 and 15, which hold copies of the RSDP).
    pub has_rsdp_copy: bool,
    /// Whether the EFI boot services still run (tag 18).
    pub boot_services_run: bool,
}

/// The reason why the boot information is rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BootInformationError {
    /// The total size is too small for any tag, or too large.
    #[error("boot information: a total size of {size_bytes} bytes")]
    TotalSize {
        /// The stated size.
        size_bytes: u32,
    },
    /// A tag is shorter than its fixed fields.
    #[error("boot information: tag {tag} at offset {offset} is too short")]
    TagTooShort {
        /// Type of the tag.
        tag: u32,
        /// Its address.
        offset: usize,
    },
    /// A tag extends beyond the end, or there is no end tag.
    #[error("boot information: the tag at offset {offset} runs past the end")]
    PastTheEnd {
        /// Offset of the tag.
        offset: usize,
    },
    /// The entries of a memory map have an undefined size or version.
    #[error("boot information: tag {tag} has entries of {entry_size_bytes} bytes, version {version}")]
    MemoryMapFormat {
        /// Type of the tag.
        tag: u32,
        /// Size of an entry.
        entry_size_bytes: u32,
        /// Version of an entry.
        version: u32,
    },
    /// More modules than [`MODULE_LIMIT`].
    #[error("more than 16 modules")]
    TooManyModules,
    /// The end of a module is before its start.
    #[error("module {index}: it starts at {start:#x} and ends at {end:#x}")]
    ModuleBounds {
        /// Index of the module.
        index: usize,
        /// First byte.
        start: u32,
        /// End (exclusive).
        end: u32,
    },
    /// A module's string has no terminator or is not UTF-8. The protocol library of the kernel would panic on it.
    #[error("module {index}: its string is not NUL-terminated UTF-8")]
    ModuleString {
        /// Index of the module.
        index: usize,
    },
}

/// Returns the size of the boot information, read from its first 8 bytes.
///
/// # Errors
/// The size is too small for a header and an end tag, or above [`SIZE_LIMIT_BYTES`].
pub fn total_size_bytes(header: [u8; HEADER_BYTES]) -> Result<usize, BootInformationError> {
    let [a, b, c, d, ..] = header;
    let size_bytes = u32::from_le_bytes([a, b, c, d]);
    if !(16..=SIZE_LIMIT_BYTES).contains(&size_bytes) {
        return Err(BootInformationError::TotalSize { size_bytes });
    }
    Ok(size_bytes as usize)
}

impl<'a> BootInformation<'a> {
    /// Parses the boot information at the start of `bytes`.
    ///
    /// # Errors
    /// [`BootInformationError`]: the first violation of the specification.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, BootInformationError> {
        let header = *bytes
            .first_chunk()
            .ok_or(BootInformationError::PastTheEnd { offset: 0 })?;
        let bytes = bytes
            .get(..total_size_bytes(header)?)
            .ok_or(BootInformationError::PastTheEnd { offset: bytes.len() })?;
        let mut information = Self {
            modules: ArrayVec::new(),
            memory_map: None,
            efi_memory_map: None,
            frame_buffer: None,
            efi_system_table: None,
            efi_is_32_bit: false,
            load_base: None,
            has_rsdp_copy: false,
            boot_services_run: false,
        };
        let mut offset = HEADER_BYTES;
        while let Some(Tag { tag, body, next }) = tag_at(bytes, offset)? {
            information
                .take_tag(tag, body)?
                .ok_or(BootInformationError::TagTooShort { tag, offset })?;
            offset = next;
        }
        Ok(information)
    }

    /// Whether the firmware is 64-bit EFI; else it is a BIOS.
    #[must_use]
    pub const fn is_efi(&self) -> bool {
        self.efi_system_table.is_some()
    }

    /// Records one tag. Returns `None` if its body is too short.
    fn take_tag(&mut self, tag: u32, body: &'a [u8]) -> Result<Option<()>, BootInformationError> {
        let complete = match tag {
            3 => self.take_module(body)?,
            6 => memory_map(body, tag)?.map(|map| self.memory_map = Some(map)),
            FRAME_BUFFER_TAG => FrameBufferTag::parse(body).map(|frame_buffer| self.frame_buffer = Some(frame_buffer)),
            11 => {
                self.efi_is_32_bit = true;
                Some(())
            }
            12 => u64_at(body, 0).map(|address| self.efi_system_table = Some(PhysAddr::new(address))),
            14 | 15 => {
                self.has_rsdp_copy = true;
                Some(())
            }
            17 => memory_map(body, tag)?.map(|map| self.efi_memory_map = Some(map)),
            18 => {
                self.boot_services_run = true;
                Some(())
            }
            21 => u32_at(body, 0).map(|address| self.load_base = Some(PhysAddr::new(u64::from(address)))),
            _ => Some(()),
        };
        Ok(complete)
    }

    /// Records one module: two addresses and a string.
    fn take_module(&mut self, body: &'a [u8]) -> Result<Option<()>, BootInformationError> {
        let (Some(start), Some(end), Some(string)) = (u32_at(body, 0), u32_at(body, 4), body.get(8..)) else {
            return Ok(None);
        };
        let index = self.modules.len();
        let length = end
            .checked_sub(start)
            .ok_or(BootInformationError::ModuleBounds { index, start, end })?;
        let text = core::ffi::CStr::from_bytes_until_nul(string)
            .ok()
            .and_then(|string| string.to_str().ok())
            .ok_or(BootInformationError::ModuleString { index })?
            .trim_ascii();
        let (path, string) = text.split_once(' ').unwrap_or((text, ""));
        let extent = Extent::new(PhysAddr::new(u64::from(start)), u64::from(length));
        let module = Module {
            extent,
            path,
            string: string.trim_ascii_start(),
        };
        self.modules
            .try_push(module)
            .map_err(|_| BootInformationError::TooManyModules)?;
        Ok(Some(()))
    }
}

/// Finds the frame buffer in boot information that [`BootInformation::parse`] may reject, so that the error can be shown on the
/// screen. Returns `None` if the chain is damaged before that tag.
#[must_use]
pub fn find_frame_buffer(bytes: &[u8]) -> Option<FrameBufferTag> {
    let bytes = bytes.get(..total_size_bytes(*bytes.first_chunk()?).ok()?)?;
    let mut offset = HEADER_BYTES;
    while let Some(Tag { tag, body, next }) = tag_at(bytes, offset).ok()? {
        if tag == FRAME_BUFFER_TAG {
            return FrameBufferTag::parse(body);
        }
        offset = next;
    }
    None
}

/// A tag of the chain.
struct Tag<'a> {
    /// Its type.
    tag: u32,
    /// Its body, after type and size.
    body: &'a [u8],
    /// Offset of the next tag.
    next: usize,
}

/// Returns the tag at `offset`; `None` for the end tag.
fn tag_at(bytes: &[u8], offset: usize) -> Result<Option<Tag<'_>>, BootInformationError> {
    let past_the_end = BootInformationError::PastTheEnd { offset };
    let (Some(tag), Some(size)) = (u32_at(bytes, offset), u32_at(bytes, offset.saturating_add(4))) else {
        return Err(past_the_end);
    };
    if tag == 0 {
        return Ok(None);
    }
    // Each step is at least 8 bytes, so the walk ends.
    if size < 8 {
        return Err(BootInformationError::TagTooShort { tag, offset });
    }
    let end = offset.checked_add(size as usize).ok_or(past_the_end)?;
    let body = bytes.get(offset.saturating_add(8)..end).ok_or(past_the_end)?;
    Ok(Some(Tag {
        tag,
        body,
        next: end.next_multiple_of(8),
    }))
}

/// Returns the memory map in the body of tag 6 or 17: entry size, entry version, entries. `None` if it is too short.
fn memory_map(body: &[u8], tag: u32) -> Result<Option<FirmwareMemoryMap<'_>>, BootInformationError> {
    let (Some(entry_size_bytes), Some(version), Some(entries)) = (u32_at(body, 0), u32_at(body, 4), body.get(8..))
    else {
        return Ok(None);
    };
    let map = match tag {
        // The specification fixes version 0; EFI's descriptor has been version 1 since EFI 1.0.
        6 if version == 0 => FirmwareMemoryMap::multiboot(entries, entry_size_bytes),
        17 if version == 1 => FirmwareMemoryMap::efi(entries, entry_size_bytes),
        _ => None,
    };
    map.map(Some).ok_or(BootInformationError::MemoryMapFormat {
        tag,
        entry_size_bytes,
        version,
    })
}
