//! Any bytes as boot information: read it, and make a memory map of what it says.
#![no_main]

use libfuzzer_sys::fuzz_target;
use multiboot2_loader_core::address::{Extent, PhysAddr};
use multiboot2_loader_core::boot_information::BootInformation;
use multiboot2_loader_core::frame_buffer::accept;
use multiboot2_loader_core::memory_map::MemoryMap;
use multiboot2_loader_core::memory_map_construction::{Construction, construct};

fuzz_target!(|bytes: &[u8]| {
    let Ok(information) = BootInformation::parse(bytes) else {
        return;
    };
    let screen = information.frame_buffer.and_then(|tag| accept(&tag).ok());
    let mut map = MemoryMap::new();
    let parts = Construction {
        boot_information: &information,
        boot_information_extent: Extent::new(PhysAddr::new(0x10_0000), bytes.len() as u64),
        loader_image: Extent::new(PhysAddr::new(0x20_0000), 0x4_0000),
        kernel_module: 0,
        frame_buffer: screen.map(|screen| screen.extent()),
        firmware_tables: &[],
    };
    _ = construct(&mut map, &parts);
    assert!(map.ranges().iter().all(|range| range.base < range.end));
    assert!(map.ranges().windows(2).all(|pair| pair[0].end <= pair[1].base));
});
