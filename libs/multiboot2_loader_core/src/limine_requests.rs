//! Finds the kernel's requests in its loaded image, reads them, and stores pointers to the responses.
//!
//! Words: a *request* is a struct in the kernel's data that starts with a common magic and an id; the loader writes the address of
//! the *response* into it. The *base revision* tag names the version of the protocol. *Markers* stand before and after the requests. All
//! of them are aligned to 8 bytes.
//!
//! Always true: a [`Requests`] describes requests that lie completely inside the scanned bytes, each id once.
//!
//! [`id`] lists the ids, because the crate `limine` keeps them private and covers the kernel's side only.

pub mod base_revision;
mod error;
pub mod id;

pub use error::RequestError;

use crate::address::VirtAddr;
use crate::bytes::u64_at;
use base_revision::{BaseRevision, BaseRevisionTag};
use id::RequestKind;

/// Minimum stack size of the protocol, used if the kernel requests none or less.
pub const SMALLEST_STACK_BYTES: u64 = 64 << 10;

/// Offset of a request's revision.
const REVISION_OFFSET: usize = 32;
/// Offset of the pointer to the response.
const RESPONSE_OFFSET: usize = 40;
/// Offset of the request's parameters.
const ARGUMENTS_OFFSET: usize = 48;

/// The paging mode "4 levels".
const FOUR_LEVELS: u64 = 0;

/// One request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Request {
    /// Its offset in the image.
    offset: usize,
    /// Revision of the request.
    revision: u64,
    /// The first three parameters; 0 beyond the end of the image.
    arguments: [u64; 3],
}

/// All requests of the kernel.
#[derive(Clone, Debug, Default)]
pub struct Requests {
    /// By kind.
    found: [Option<Request>; RequestKind::COUNT],
    /// The base revision tag.
    base_revision: Option<BaseRevisionTag>,
}

/// Parameters of the multi-processor request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MpRequest {
    /// Whether the kernel requests x2APIC mode where the processors have it.
    pub wants_x2apic: bool,
}

impl Requests {
    /// Scans the initialised bytes of the loaded image once.
    ///
    /// # Errors
    /// [`RequestError`]: something exists twice, or is incomplete.
    pub fn scan(image: &[u8]) -> Result<Self, RequestError> {
        let mut requests = Self::default();
        let mut outcome = Ok(());
        let (words, _) = image.as_chunks::<8>();
        let mut index = 0;
        // A plain loop: iterator chains are several times slower in the unoptimised build, and this runs over megabytes.
        while let Some(word) = words.get(index) {
            let offset = index * 8;
            match u64::from_le_bytes(*word) {
                id::REQUEST_MAGIC_0 => outcome = outcome.and_then(|()| requests.take_request(image, offset)),
                base_revision::MAGIC_0 => outcome = outcome.and_then(|()| requests.take_base_revision(image, offset)),
                id::START_MARKER_0 if matches_words(image, offset, &id::START_MARKER) => {
                    // Requests before the start marker are ignored, also invalid ones.
                    requests.found = Default::default();
                    outcome = Ok(());
                }
                id::END_MARKER_0 if matches_words(image, offset, &id::END_MARKER) => break,
                _ => {}
            }
            index += 1;
        }
        outcome.map(|()| requests)
    }

    /// Returns the base revision that the loader uses.
    ///
    /// # Errors
    /// The kernel requests a revision below 3.
    pub fn base_revision(&self) -> Result<BaseRevision, RequestError> {
        let tag = self.base_revision.ok_or(RequestError::NoBaseRevision)?;
        BaseRevision::grant(tag.wanted).ok_or(RequestError::BaseRevisionTooOld { revision: tag.wanted })
    }

    /// Writes the base revision that the loader uses into the kernel's tag.
    ///
    /// # Errors
    /// The kernel requests a revision below 3.
    pub fn grant_base_revision(&self, image: &mut [u8]) -> Result<BaseRevision, RequestError> {
        let revision = self.base_revision()?;
        if let Some(tag) = self.base_revision {
            tag.answer(revision, image);
        }
        Ok(revision)
    }

    /// Whether the kernel makes this request.
    #[must_use]
    pub fn contains(&self, kind: RequestKind) -> bool {
        self.request(kind).is_some()
    }

    /// Returns the size of the stacks, a multiple of 4 KiB.
    ///
    /// # Errors
    /// The kernel requests more than 1 GiB.
    pub fn stack_size_bytes(&self) -> Result<u64, RequestError> {
        let wanted = self
            .argument(RequestKind::StackSize, 0)
            .unwrap_or(0)
            .max(SMALLEST_STACK_BYTES);
        if wanted > 1 << 30 {
            return Err(RequestError::StackSize { size_bytes: wanted });
        }
        Ok(wanted.next_multiple_of(4096))
    }

    /// Returns the multi-processor request.
    #[must_use]
    pub fn mp(&self) -> Option<MpRequest> {
        self.argument(RequestKind::Mp, 0).map(|flags| MpRequest {
            wants_x2apic: flags & 1 != 0,
        })
    }

    /// Returns the entry point that replaces that of the file.
    #[must_use]
    pub fn entry_point(&self) -> Option<VirtAddr> {
        self.argument(RequestKind::EntryPoint, 0).map(VirtAddr::new)
    }

    /// Checks that the kernel accepts 4-level paging.
    ///
    /// # Errors
    /// The request has a minimum (revision 1 or later), which is higher.
    pub fn check_paging_mode(&self) -> Result<(), RequestError> {
        match self.request(RequestKind::PagingMode) {
            Some(Request {
                revision: 1..,
                arguments: [_, _, minimum],
                ..
            }) if *minimum > FOUR_LEVELS => Err(RequestError::PagingMode { minimum: *minimum }),
            _ => Ok(()),
        }
    }

    /// Whether IOMMUs that the firmware enabled must stay enabled.
    #[must_use]
    pub fn keeps_iommu(&self) -> bool {
        self.contains(RequestKind::KeepIommu)
    }

    /// Writes the address of a response into the request, if the kernel made it.
    pub fn point_to(&self, kind: RequestKind, response: VirtAddr, image: &mut [u8]) {
        if let Some(request) = self.request(kind) {
            put_word(image, request.offset + RESPONSE_OFFSET, response.as_u64());
        }
    }

    /// Returns the request of a kind.
    fn request(&self, kind: RequestKind) -> Option<&Request> {
        self.found.get(kind as usize)?.as_ref()
    }

    /// Returns a parameter of a request.
    fn argument(&self, kind: RequestKind, index: usize) -> Option<u64> {
        self.request(kind)?.arguments.get(index).copied()
    }

    /// Records the request at `offset`, if the loader knows its kind.
    fn take_request(&mut self, image: &[u8], offset: usize) -> Result<(), RequestError> {
        if u64_at(image, offset + 8) != Some(id::REQUEST_MAGIC_1) {
            return Ok(());
        }
        let cut_short = RequestError::CutShort { offset };
        let word = |at: usize| u64_at(image, offset + at).ok_or(cut_short);
        let Some(kind) = RequestKind::from_id([word(16)?, word(24)?]) else {
            return Ok(());
        };
        let revision = word(REVISION_OFFSET)?;
        word(RESPONSE_OFFSET)?;
        let mut arguments = [0; 3];
        for (index, argument) in arguments.iter_mut().enumerate() {
            let position = word(ARGUMENTS_OFFSET + index * 8);
            *argument = if index < kind.argument_words() {
                position?
            } else {
                position.unwrap_or(0)
            };
        }
        let Some(slot) = self.found.get_mut(kind as usize) else {
            return Ok(());
        };
        if let Some(first) = slot {
            return Err(RequestError::Duplicate {
                kind,
                first: first.offset,
                second: offset,
            });
        }
        *slot = Some(Request {
            offset,
            revision,
            arguments,
        });
        Ok(())
    }

    /// Records the base revision tag at `offset`, if there is one.
    fn take_base_revision(&mut self, image: &[u8], offset: usize) -> Result<(), RequestError> {
        let Some(tag) = BaseRevisionTag::read(image, offset) else {
            return Ok(());
        };
        if let Some(first) = self.base_revision {
            let first = first.offset;
            return Err(RequestError::DuplicateBaseRevision { first, second: offset });
        }
        self.base_revision = Some(tag);
        Ok(())
    }
}

/// Whether these words stand at `offset`.
fn matches_words(image: &[u8], offset: usize, words: &[u64]) -> bool {
    words
        .iter()
        .enumerate()
        .all(|(index, &word)| u64_at(image, offset + index * 8) == Some(word))
}

/// Writes a word inside the image: the scan has checked its offset.
fn put_word(image: &mut [u8], offset: usize, word: u64) {
    if let Some(target) = image.get_mut(offset..).and_then(<[u8]>::first_chunk_mut) {
        *target = word.to_le_bytes();
    }
}
