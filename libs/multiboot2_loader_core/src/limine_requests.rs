//! The kernel's requests: found in its loaded image, read, and answered by a pointer.
//!
//! Words: a *request* is a struct in the kernel's data that begins with a common magic and an id; the loader writes
//! the address of the *response* into it. The *base revision* tag says which version of the protocol is spoken.
//! *Markers* fence the requests in. All of them lie at 8-byte alignment.
//!
//! What always holds: a [`Requests`] describes requests that lie wholly inside the scanned bytes, each id once.
//!
//! The ids are written out in [`id`]: the crate `limine` keeps them private and serves the kernel's side only.

pub mod base_revision;
mod error;
pub mod id;

pub use error::RequestError;

use crate::address::VirtAddr;
use crate::bytes::u64_at;
use base_revision::{BaseRevision, BaseRevisionTag};
use id::RequestKind;

/// The stack that the protocol promises when the kernel asks for none, or for less.
pub const SMALLEST_STACK_BYTES: u64 = 64 << 10;

/// Offset of a request's revision.
const REVISION_OFFSET: usize = 32;
/// Offset of the pointer to the response.
const RESPONSE_OFFSET: usize = 40;
/// Offset of what the kernel says beside the id.
const ARGUMENTS_OFFSET: usize = 48;

/// The paging mode "4 levels".
const FOUR_LEVELS: u64 = 0;

/// One request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Request {
    /// Where it lies in the image.
    offset: usize,
    /// Which revision of the request it is.
    revision: u64,
    /// The first three words that the kernel says beside the id; 0 where the image ends before.
    arguments: [u64; 3],
}

/// What the kernel asks for.
#[derive(Clone, Debug, Default)]
pub struct Requests {
    /// By kind.
    found: [Option<Request>; RequestKind::COUNT],
    /// The base revision tag.
    base_revision: Option<BaseRevisionTag>,
}

/// What the multi-processor request says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MpRequest {
    /// Whether the local APICs shall be in x2APIC mode where the processors have it.
    pub wants_x2apic: bool,
}

impl Requests {
    /// Walks once over the initialised bytes of the loaded image.
    ///
    /// # Errors
    /// When something is there twice or cut short.
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
                    // Requests found before the start marker are not meant, however odd they are.
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

    /// Which base revision is spoken.
    ///
    /// # Errors
    /// When the kernel wants one below 3.
    pub fn base_revision(&self) -> Result<BaseRevision, RequestError> {
        let tag = self.base_revision.ok_or(RequestError::NoBaseRevision)?;
        BaseRevision::grant(tag.wanted).ok_or(RequestError::BaseRevisionTooOld { revision: tag.wanted })
    }

    /// Writes into the kernel's tag which base revision is spoken.
    ///
    /// # Errors
    /// When the kernel wants one below 3.
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

    /// How large the stacks shall be: a multiple of 4 KiB.
    ///
    /// # Errors
    /// When the kernel wants more than 1 GiB.
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

    /// The multi-processor request.
    #[must_use]
    pub fn mp(&self) -> Option<MpRequest> {
        self.argument(RequestKind::Mp, 0).map(|flags| MpRequest {
            wants_x2apic: flags & 1 != 0,
        })
    }

    /// The entry point that overrides the file's.
    #[must_use]
    pub fn entry_point(&self) -> Option<VirtAddr> {
        self.argument(RequestKind::EntryPoint, 0).map(VirtAddr::new)
    }

    /// Makes sure that the kernel is content with 4-level paging.
    ///
    /// # Errors
    /// When its request is of revision 1 or later, which has a minimum, and the minimum is higher.
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

    /// Whether the kernel wants an I/O memory-management unit that the firmware switched on to stay on.
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

    /// The request of a kind.
    fn request(&self, kind: RequestKind) -> Option<&Request> {
        self.found.get(kind as usize)?.as_ref()
    }

    /// One of the words that the kernel says beside the id.
    fn argument(&self, kind: RequestKind, index: usize) -> Option<u64> {
        self.request(kind)?.arguments.get(index).copied()
    }

    /// Notes the request at `offset`, if it is one that the loader answers.
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

    /// Notes the base revision tag at `offset`, if it is one.
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

/// Writes a word that is known to lie inside the image: the scan saw it there.
fn put_word(image: &mut [u8], offset: usize, word: u64) {
    if let Some(target) = image.get_mut(offset..).and_then(<[u8]>::first_chunk_mut) {
        *target = word.to_le_bytes();
    }
}
