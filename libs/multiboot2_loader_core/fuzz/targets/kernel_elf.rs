//! Any bytes as a kernel file: check it, load it, answer its requests' revision, map it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use multiboot2_loader_core::address::PhysAddr;
use multiboot2_loader_core::kernel_elf::KernelElf;
use multiboot2_loader_core::limine_requests::Requests;
use multiboot2_loader_core::page_tables::{AddressSpace, LargestPage, NoExecute, count_frames};

/// Larger images are only checked: filling them would take the fuzzer's time.
const LOAD_LIMIT_BYTES: u64 = 1 << 20;

fuzz_target!(|bytes: &[u8]| {
    let Ok(kernel) = KernelElf::check(bytes) else { return };
    if kernel.image_size_bytes > LOAD_LIMIT_BYTES {
        return;
    }
    let mut image = vec![0xff; kernel.image_size_bytes as usize];
    kernel.load_into(&mut image).expect("the image has the size asked for");
    if let Ok(requests) = Requests::scan(&image[..kernel.initialised_bytes()]) {
        _ = requests.grant_base_revision(&mut image);
    }
    let frames = count_frames(&AddressSpace {
        ranges: &[],
        segments: kernel.segments(),
        image_base: kernel.image_base,
        image_physical_base: PhysAddr::new(0x10_0000),
        largest_page: LargestPage::TwoMib,
        no_execute: NoExecute::Enabled,
    });
    // A kernel has at least one page, and a page needs a table on each of the four levels.
    assert!(frames >= 4);
});
