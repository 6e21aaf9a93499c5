//! An image that cannot boot is refused before it lies on an ISO.

mod small_images;

use iso_image::{ImageError, check_kernel, check_multiboot2_loader, check_program, has_frame_pointers};
use small_images::{SmallImage, kernel, loader, program};

#[test]
fn good_images_pass() {
    check_kernel(&kernel().elf()).unwrap();
    check_multiboot2_loader(&loader().elf()).unwrap();
    check_program(&program().elf()).unwrap();
}

#[test]
fn a_position_independent_image_is_refused() {
    for image in [kernel(), loader(), program()] {
        let file = SmallImage { kind: 3, ..image }.elf();
        for check in [check_kernel, check_multiboot2_loader, check_program] {
            assert!(matches!(check(&file), Err(ImageError::Type { found: 3 })));
        }
    }
}

#[test]
fn an_image_at_the_wrong_place_is_refused() {
    let at = |image: SmallImage, address| {
        SmallImage {
            address,
            physical: address,
            entry: address,
            ..image
        }
        .elf()
    };
    assert!(matches!(
        check_kernel(&at(kernel(), 0x20_0000)),
        Err(ImageError::Address { .. })
    ));
    assert!(matches!(
        check_multiboot2_loader(&at(loader(), 0)),
        Err(ImageError::Address { .. })
    ));
    assert!(matches!(
        check_program(&at(program(), 1 << 47)),
        Err(ImageError::Address { .. })
    ));
}

#[test]
fn a_loader_is_placed_by_its_physical_addresses() {
    let loaded_at = |physical| SmallImage { physical, ..loader() }.elf();
    let length = loader().bytes.len() as u64;
    for physical in [0x10_0000, (1 << 32) - length] {
        check_multiboot2_loader(&loaded_at(physical)).unwrap();
    }
    // The last two end above 4 GiB, one of them beyond the end of all addresses.
    for physical in [0, 0xf_ffff, (1 << 32) - length + 1, u64::MAX] {
        let refused = check_multiboot2_loader(&loaded_at(physical));
        assert!(
            matches!(refused, Err(ImageError::Address { address }) if address == physical),
            "{physical:#x}"
        );
    }
}

#[test]
fn an_entry_point_is_a_virtual_address_for_grub_too() {
    let high = SmallImage {
        address: 0xffff_ffff_c000_0000,
        entry: 0xffff_ffff_c000_0008,
        ..loader()
    };
    check_multiboot2_loader(&high.elf()).unwrap();
    // GRUB: "entry point isn't in a segment".
    let physical_entry = SmallImage {
        entry: high.physical,
        ..high
    };
    assert!(matches!(
        check_multiboot2_loader(&physical_entry.elf()),
        Err(ImageError::Entry { entry: 0x20_0000 })
    ));
}

#[test]
fn an_entry_point_outside_of_the_code_is_refused() {
    let outside = SmallImage {
        entry: 0x1000,
        ..kernel()
    };
    assert!(matches!(
        check_kernel(&outside.elf()),
        Err(ImageError::Entry { entry: 0x1000 })
    ));
    let data_only = SmallImage { flags: 6, ..program() };
    assert!(matches!(check_program(&data_only.elf()), Err(ImageError::Entry { .. })));
}

#[test]
fn a_kernel_without_requests_and_a_loader_without_header_are_refused() {
    let no_requests = SmallImage {
        address: kernel().address,
        entry: kernel().entry,
        ..program()
    };
    assert!(matches!(check_kernel(&no_requests.elf()), Err(ImageError::NoRequests)));
    let no_header = SmallImage {
        bytes: vec![0; 64],
        ..loader()
    };
    assert!(matches!(
        check_multiboot2_loader(&no_header.elf()),
        Err(ImageError::NoMultiboot2Header)
    ));
}

#[test]
fn a_multiboot2_header_is_whole_aligned_and_near_the_start() {
    let header = loader().bytes;
    // The segment begins at byte 120 of the file.
    let with_header_at = |place: usize| {
        let mut bytes = vec![0x90; place - 120];
        bytes.extend(&header);
        SmallImage { bytes, ..loader() }.elf()
    };
    for place in [120, 128, 32 * 1024 - 16] {
        check_multiboot2_loader(&with_header_at(place)).unwrap();
    }
    for place in [124, 32 * 1024 - 8, 32 * 1024] {
        let refused = check_multiboot2_loader(&with_header_at(place));
        assert!(matches!(refused, Err(ImageError::NoMultiboot2Header)), "{place}");
    }
    for byte in 0..header.len() {
        let mut bytes = header.clone();
        bytes[byte] ^= 1;
        let refused = check_multiboot2_loader(&SmallImage { bytes, ..loader() }.elf());
        assert!(matches!(refused, Err(ImageError::NoMultiboot2Header)), "{byte}");
    }
}

#[test]
fn files_that_are_cut_short_are_refused() {
    let file = kernel().elf();
    for length in 0..file.len() {
        assert!(check_kernel(&file[..length]).is_err(), "{length}");
    }
}

#[test]
fn frame_pointers_are_seen_in_the_code() {
    let with = SmallImage {
        bytes: [0x55, 0x48, 0x89, 0xe5].repeat(2000),
        ..program()
    };
    let without = SmallImage {
        bytes: vec![0x90; 8000],
        ..program()
    };
    assert!(has_frame_pointers(&with.elf()) && !has_frame_pointers(&without.elf()));
}
