//! What GRUB 2.06 really hands over: boot information dumped from QEMU's memory under SeaBIOS and under OVMF, with
//! 128 MiB, a kernel of 300,000 bytes and a program of 5,000.

use super::memory_map::extent;
use multiboot2_loader_core::boot_information::{BootInformation, total_size_bytes};
use multiboot2_loader_core::frame_buffer::accept;
use multiboot2_loader_core::memory_map::{MemoryMap, RangeKind};
use multiboot2_loader_core::memory_map_construction::{Construction, construct};

const SEABIOS: &[u8] = include_bytes!("../fixtures/seabios.mbi");
const OVMF: &[u8] = include_bytes!("../fixtures/ovmf.mbi");

#[test]
fn both_firmwares_boot_information_is_read_whole() {
    for (bytes, efi_system_table) in [(SEABIOS, None), (OVMF, Some(0x75e_c018))] {
        let header = *bytes.first_chunk().expect("it is longer than 8 bytes");
        assert_eq!(total_size_bytes(header), Ok(bytes.len()));
        let information = BootInformation::parse(bytes).expect("GRUB made it");
        let modules: Vec<_> = information
            .modules
            .iter()
            .map(|module| (module.path, module.string, module.extent.length_bytes))
            .collect();
        assert_eq!(
            modules,
            [("/kernel", "log.level=info", 300_000), ("/program", "", 5000)]
        );
        assert_eq!(
            information.efi_system_table.map(|address| address.as_u64()),
            efi_system_table
        );
        assert_eq!(information.load_base.map(|address| address.as_u64()), Some(0x20_0000));
        assert!(information.has_rsdp_copy && !information.boot_services_run && !information.efi_is_32_bit);
        let screen = accept(&information.frame_buffer.expect("there is one")).expect("it is a good one");
        assert_eq!(
            (screen.width, screen.height, screen.bits_per_pixel, screen.pitch_bytes),
            (1280, 800, 32, 5120)
        );
    }
}

#[test]
fn both_firmwares_maps_hold_nearly_all_of_the_128_mib() {
    for (bytes, information_at) in [(SEABIOS, 0x10_00b0), (OVMF, 0x5_0000)] {
        let information = BootInformation::parse(bytes).expect("GRUB made it");
        let mut map = MemoryMap::new();
        let parts = Construction {
            boot_information: &information,
            boot_information_extent: extent(information_at, information_at + bytes.len() as u64),
            loader_image: extent(0x20_0000, 0x20_1000),
            kernel_module: 0,
            frame_buffer: None,
            firmware_tables: &[],
        };
        construct(&mut map, &parts).expect("all is well");
        let total = |kinds: &[RangeKind]| -> u64 {
            map.ranges()
                .iter()
                .filter(|range| kinds.contains(&range.kind))
                .map(|range| range.end - range.base)
                .sum()
        };
        // EFI's boot services leave 37 MiB to be reclaimed; what GRUB took for itself is free again.
        assert!(total(&[RangeKind::Usable]) > 80 << 20);
        assert!(total(&[RangeKind::Usable, RangeKind::BootloaderReclaimable]) > 122 << 20);
        assert_eq!(total(&[RangeKind::ExecutableAndModules]), 0x2000);
    }
}
