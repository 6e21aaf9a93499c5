//! Makes the ELF files that a test wants, sound ones and broken ones.

use elf_load_plan::LoadPlanError;

use crate::invariants::{limits, planned};

/// Where the example begins.
pub(crate) const BASE: u64 = 0x20_0000;

/// Flags of a segment that is only read.
pub(crate) const R: u32 = 4;
/// Flags of a segment that is read and written.
pub(crate) const RW: u32 = 6;
/// Flags of a segment that is read and run.
pub(crate) const RX: u32 = 5;
/// Flags of a segment that is all of it.
pub(crate) const RWX: u32 = 7;

/// The kind of program header whose bytes are loaded.
pub(crate) const LOAD: u32 = 1;

/// The size of the file's header.
const FILE_HEADER_BYTES: usize = 64;
/// The size of a program header.
const PROGRAM_HEADER_BYTES: usize = 56;

/// A program header.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TestSegment {
    /// What it is for.
    pub(crate) kind: u32,
    /// What it may be used for.
    pub(crate) flags: u32,
    /// Where it begins in the file.
    pub(crate) offset: u64,
    /// Where it begins in memory.
    pub(crate) address: u64,
    /// How many bytes it has in the file.
    pub(crate) in_file_bytes: u64,
    /// How many bytes it has in memory.
    pub(crate) in_memory_bytes: u64,
    /// Its alignment.
    pub(crate) alignment_bytes: u64,
}

/// A file.
#[derive(Clone, Debug)]
pub(crate) struct TestElf {
    /// Where the program begins.
    pub(crate) entry_point: u64,
    /// Its program headers.
    pub(crate) segments: Vec<TestSegment>,
    /// Its size, if its headers take no more.
    pub(crate) size_bytes: usize,
}

/// A segment of bytes from the file alone, with the usual alignment.
pub(crate) fn load(flags: u32, address: u64, offset: u64, size_bytes: u64) -> TestSegment {
    TestSegment {
        kind: LOAD,
        flags,
        offset,
        address,
        in_file_bytes: size_bytes,
        in_memory_bytes: size_bytes,
        alignment_bytes: 0x1000,
    }
}

/// A program header of another kind, with all the flags that a segment may have and no bytes.
pub(crate) fn other(kind: u32, flags: u32) -> TestSegment {
    TestSegment {
        kind,
        ..load(flags, 0, 0, 0)
    }
}

/// As a linker lays programs out: headers and constants, code, data, and zeros behind the data. Segments share frames of
/// the file, but not pages.
pub(crate) fn example() -> TestElf {
    TestElf {
        entry_point: BASE + 0x1640,
        segments: vec![
            load(R, BASE, 0, 0x5f0),
            load(RX, BASE + 0x15f0, 0x5f0, 0x1234),
            TestSegment {
                in_memory_bytes: 0x2800,
                ..load(RW, BASE + 0x3824, 0x1824, 0x9a0)
            },
            other(0x6474_e551, RW),
        ],
        size_bytes: 0x2345,
    }
}

/// A program of one page of code behind other segments.
pub(crate) fn with_segments(segments: &[TestSegment]) -> TestElf {
    let mut segments = segments.to_vec();
    segments.push(load(RX, 0x7000_0000, 0x1000, 0x10));
    TestElf {
        entry_point: 0x7000_0000,
        segments,
        size_bytes: 0x3000,
    }
}

/// What is wrong with the file.
pub(crate) fn error_of(file: &[u8]) -> LoadPlanError {
    planned(file, &limits()).unwrap_err()
}

/// What is wrong with a program of these segments and one page of code behind them.
pub(crate) fn error_with(segments: &[TestSegment]) -> LoadPlanError {
    error_of(&with_segments(segments).bytes())
}

/// Overwrites bytes of a file.
pub(crate) fn put(file: &mut [u8], offset: usize, bytes: impl AsRef<[u8]>) {
    let bytes = bytes.as_ref();
    file[offset..offset + bytes.len()].copy_from_slice(bytes);
}

impl TestElf {
    /// The file. Where it has nothing to say, no byte is zero, and no two frames are alike.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let headers = [self.file_header(), self.program_headers()].concat();
        let size_bytes = self.size_bytes.max(headers.len());
        let mut bytes: Vec<u8> = (1..=251).cycle().take(size_bytes).collect();
        put(&mut bytes, 0, headers);
        bytes
    }

    /// The header.
    fn file_header(&self) -> Vec<u8> {
        let count = u16::try_from(self.segments.len()).unwrap();
        let header = [
            b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0".to_vec(),
            [2_u16, 62].map(u16::to_le_bytes).concat(),
            1_u32.to_le_bytes().to_vec(),
            [self.entry_point, 64, 0].map(u64::to_le_bytes).concat(),
            0_u32.to_le_bytes().to_vec(),
            [64_u16, 56, count, 64, 0, 0].map(u16::to_le_bytes).concat(),
        ]
        .concat();
        assert_eq!(header.len(), FILE_HEADER_BYTES);
        header
    }

    /// The program headers.
    fn program_headers(&self) -> Vec<u8> {
        let headers = self.segments.iter().flat_map(|segment| {
            let words = [
                segment.offset,
                segment.address,
                segment.address,
                segment.in_file_bytes,
                segment.in_memory_bytes,
                segment.alignment_bytes,
            ];
            let half_words = [segment.kind, segment.flags].map(u32::to_le_bytes).concat();
            [half_words, words.map(u64::to_le_bytes).concat()].concat()
        });
        let headers: Vec<u8> = headers.collect();
        assert_eq!(headers.len(), self.segments.len() * PROGRAM_HEADER_BYTES);
        headers
    }
}
