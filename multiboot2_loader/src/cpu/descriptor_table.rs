//! The global descriptor table that the protocol requires: 16-, 32- and 64-bit code and data, followed by an empty task state segment.
//!
//! `LTR` marks a task state segment as busy, and faults on a busy one, so every processor gets its own table for the kernel. Before that
//! all share the one in the image.

/// Entries as words: the last descriptor takes two.
const WORDS: usize = 9;

/// Selector of 32-bit code.
pub(crate) const CODE_32_SELECTOR: u16 = 0x18;
/// Selector of 32-bit data.
pub(crate) const DATA_32_SELECTOR: u16 = 0x20;
/// Selector of 64-bit code.
pub(crate) const CODE_64_SELECTOR: u16 = 0x28;
/// Selector of 64-bit data.
pub(crate) const DATA_64_SELECTOR: u16 = 0x30;
/// Selector of the task state segment.
pub(crate) const TASK_STATE_SELECTOR: u16 = 0x38;

/// Limit of the table: its size less 1.
pub(crate) const DESCRIPTOR_TABLE_LIMIT: u16 = 71;
const _: () = assert!(DESCRIPTOR_TABLE_LIMIT as usize == size_of::<[u64; WORDS]>() - 1);

/// The table. Code and data are marked as accessed, so the processor never writes to it, except for `LTR`.
#[unsafe(no_mangle)]
pub(crate) static DESCRIPTOR_TABLE: [u64; WORDS] = [
    0,
    // 0x08, 0x10: 16-bit code and data.
    0x0000_9b00_0000_ffff,
    0x0000_9300_0000_ffff,
    // 0x18, 0x20: 32-bit code and data.
    0x00cf_9b00_0000_ffff,
    0x00cf_9300_0000_ffff,
    // 0x28, 0x30: 64-bit code and data.
    0x0020_9b00_0000_0000,
    0x0000_9300_0000_0000,
    // 0x38: an available 64-bit task state segment, base 0, limit 0.
    0x0000_8900_0000_0000,
    0,
];
