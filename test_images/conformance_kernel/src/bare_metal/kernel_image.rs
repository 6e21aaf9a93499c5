//! Bounds of this kernel's segments, as the linker set them.

use core::{cell::UnsafeCell, ops::Range};

unsafe extern "C" {
    static __kernel_start: u8;
    static __kernel_end: u8;
    static __text_start: u8;
    static __text_end: u8;
    static __rodata_start: u8;
    static __rodata_end: u8;
    static __data_start: u8;
    static __data_end: u8;
}

/// A segment and what its pages must allow.
pub(super) struct Segment {
    /// For the report.
    pub(super) name: &'static str,
    /// Page-aligned virtual addresses.
    pub(super) range: Range<u64>,
    /// Whether its pages may be written.
    pub(super) writable: bool,
    /// Whether its pages may be executed.
    pub(super) executable: bool,
}

/// The three segments of the linker script.
pub(super) fn segments() -> [Segment; 3] {
    let bounds = |start: *const u8, end: *const u8| start as u64..(end as u64).next_multiple_of(4096);
    [
        Segment {
            name: "text",
            range: bounds(&raw const __text_start, &raw const __text_end),
            writable: false,
            executable: true,
        },
        Segment {
            name: "rodata",
            range: bounds(&raw const __rodata_start, &raw const __rodata_end),
            writable: false,
            executable: false,
        },
        Segment {
            name: "data",
            range: bounds(&raw const __data_start, &raw const __data_end),
            writable: true,
            executable: false,
        },
    ]
}

/// From the first to past the last page.
pub(super) fn whole() -> Range<u64> {
    &raw const __kernel_start as u64..(&raw const __kernel_end as u64).next_multiple_of(4096)
}

/// More than a page that nobody writes, so that the boot loader alone decides what lies there.
#[repr(transparent)]
pub(super) struct Untouched(UnsafeCell<[u8; 0x3001]>);

// SAFETY: nobody writes it.
unsafe impl Sync for Untouched {}

/// Memory that the ELF file does not hold.
pub(super) static UNTOUCHED: Untouched = Untouched(UnsafeCell::new([0; 0x3001]));

impl Untouched {
    /// Whether the boot loader zeroed it.
    pub(super) fn is_zero(&self) -> bool {
        // SAFETY: the cell is initialised memory that nobody writes; volatile, since the compiler believes it is zero.
        let bytes = unsafe { self.0.get().read_volatile() };
        bytes.iter().all(|byte| *byte == 0)
    }
}
