//! The example cut anywhere.

use crate::elf_file::example;
use crate::invariants::{limits, planned};

#[test]
fn a_program_cut_before_the_end_of_its_last_segment_is_refused() {
    let file = example().bytes();
    let last_segment = example().segments[2];
    let needed_bytes = usize::try_from(last_segment.offset + last_segment.in_file_bytes).unwrap();
    for size_bytes in 0..file.len() {
        let is_whole = size_bytes >= needed_bytes;
        assert_eq!(
            planned(&file[..size_bytes], &limits()).is_ok(),
            is_whole,
            "{size_bytes:#x} bytes"
        );
    }
}
