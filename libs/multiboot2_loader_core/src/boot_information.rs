//! What GRUB tells by Multiboot2, turned into plain structs at once.
//!
//! Words: the *boot information* is a chain of tags, each a type, a size and a body, 8-byte aligned (Multiboot2
//! specification 2.0, section 3.4). All of it is an allegation until it stands in [`BootInformation`].
//!
//! The crate `multiboot2` is not used: it needs `unsafe` and a pointer to load the structure, and it asserts where a
//! tag is too short, so a damaged chain would be a panic instead of a message.
//!
//! What always holds: strings and memory maps borrow from the bytes given, so nothing is cut to a fixed size; the
//! caller keeps those bytes unchanged (the memory map keeps them as boot-loader memory).

use arrayvec::ArrayVec;

use crate::address::{Extent, PhysAddr};
use crate::bytes::{u32_at, u64_at};
use crate::firmware_memory_map::FirmwareMemoryMap;
use crate::frame_buffer::FrameBufferTag;

/// The value that a Multiboot2 loader leaves in `eax`.
pub const MULTIBOOT2_MAGIC: u32 = 0x36d7_6289;

/// The most modules that the loader takes, the kernel among them.
pub const MODULE_LIMIT: usize = 16;

/// The longest boot information that is believed. GRUB's is a few KiB; most of it is the EFI memory map.
pub const SIZE_LIMIT_BYTES: u32 = 1 << 20;

/// Type of the tag that describes the screen.
const FRAME_BUFFER_TAG: u32 = 8;

/// Size of the fixed part in front of the first tag.
const HEADER_BYTES: usize = 8;

/// A file that GRUB loaded beside the loader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Module<'a> {
    /// Where its bytes lie.
    pub extent: Extent,
    /// The first word of its string: by agreement with `grub.cfg` the path.
    pub path: &'a str,
    /// The rest of its string, without the blanks between.
    pub string: &'a str,
}

/// Everything that the loader wants to know from GRUB.
#[derive(Clone, Debug)]
pub struct BootInformation<'a> {
    /// The files, in the order of `grub.cfg`.
    pub modules: ArrayVec<Module<'a>, MODULE_LIMIT>,
    /// The memory map of tag 6: from the BIOS, or GRUB's own rendering of EFI's.
    pub memory_map: Option<FirmwareMemoryMap<'a>>,
    /// EFI's own memory map (tag 17), more exact than tag 6.
    pub efi_memory_map: Option<FirmwareMemoryMap<'a>>,
    /// The screen (tag 8), unchecked.
    pub frame_buffer: Option<FrameBufferTag>,
    /// EFI's 64-bit system table (tag 12): present when the firmware is 64-bit EFI.
    pub efi_system_table: Option<PhysAddr>,
    /// Whether the firmware is 32-bit EFI (tag 11).
    pub efi_is_32_bit: bool,
    /// Where GRUB put the loader (tag 21).
    pub load_base: Option<PhysAddr>,
    /// Whether GRUB saw ACPI (tags 14 and 15, which carry copies of the RSDP: the real one must be found).
    pub has_rsdp_copy: bool,
    /// Whether EFI's boot services still run (tag 18).
    pub boot_services_run: bool,
}

/// Why the boot information is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BootInformationError {
    /// The total size is too small for any tag, or absurd.
    #[error("boot information: a total size of {size_bytes} bytes")]
    TotalSize {
        /// The size alleged.
        size_bytes: u32,
    },
    /// A tag is shorter than its own fixed fields.
    #[error("boot information: tag {tag} at offset {offset} is too short")]
    TagTooShort {
        /// Type of the tag.
        tag: u32,
        /// Where it lies.
        offset: usize,
    },
    /// A tag runs past the end, or no end tag comes.
    #[error("boot information: the tag at offset {offset} runs past the end")]
    PastTheEnd {
        /// Where the tag lies.
        offset: usize,
    },
    /// A memory map's entries have a size or version that nobody defined.
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
    /// A module ends before it begins.
    #[error("module {index}: it begins at {start:#x} and ends at {end:#x}")]
    ModuleBounds {
        /// Which module, from 0 on.
        index: usize,
        /// First byte.
        start: u32,
        /// First byte behind it.
        end: u32,
    },
    /// A module's string lacks its terminator or is not UTF-8, which the kernel's protocol library would not survive.
    #[error("module {index}: its string is not NUL-terminated UTF-8")]
    ModuleString {
        /// Which module, from 0 on.
        index: usize,
    },
}

/// How many bytes the boot information has, by its own first 8 bytes.
///
/// # Errors
/// When the number is too small for a header and an end tag, or above [`SIZE_LIMIT_BYTES`].
pub fn total_size_bytes(header: [u8; HEADER_BYTES]) -> Result<usize, BootInformationError> {
    let [a, b, c, d, ..] = header;
    let size_bytes = u32::from_le_bytes([a, b, c, d]);
    if !(16..=SIZE_LIMIT_BYTES).contains(&size_bytes) {
        return Err(BootInformationError::TotalSize { size_bytes });
    }
    Ok(size_bytes as usize)
}

impl<'a> BootInformation<'a> {
    /// Reads the boot information that `bytes` begins with.
    ///
    /// # Errors
    /// At the first thing that is not as the specification says.
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

    /// Notes what one tag says. `None` when its body is too short.
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

    /// Notes one module: two addresses and a string.
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

/// Finds the screen in boot information that [`BootInformation::parse`] may refuse elsewhere, so that the refusal can
/// be shown there. `None` when the chain breaks before.
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

/// A link of the chain.
struct Tag<'a> {
    /// Its type.
    tag: u32,
    /// What follows its type and size.
    body: &'a [u8],
    /// Where the next tag lies.
    next: usize,
}

/// The tag at `offset`. `None` at the end tag.
fn tag_at(bytes: &[u8], offset: usize) -> Result<Option<Tag<'_>>, BootInformationError> {
    let past_the_end = BootInformationError::PastTheEnd { offset };
    let (Some(tag), Some(size)) = (u32_at(bytes, offset), u32_at(bytes, offset.saturating_add(4))) else {
        return Err(past_the_end);
    };
    if tag == 0 {
        return Ok(None);
    }
    // Every step forward is at least 8 bytes, so the walk ends.
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

/// The memory map in the body of tag 6 or 17: entry size, entry version, entries. `None` when it is too short.
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
