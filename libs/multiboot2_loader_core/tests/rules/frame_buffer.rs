//! Rules of the frame buffer.

use super::boot_information::{boot_information, module_tag};
use multiboot2_loader_core::address::DIRECT_MAP_LIMIT;
use multiboot2_loader_core::boot_information::{BootInformation, find_frame_buffer};
use multiboot2_loader_core::frame_buffer::{ColourField, FrameBufferRefusal, FrameBufferTag, accept};

const fn colour(shift: u8) -> ColourField {
    ColourField { shift, size_bits: 8 }
}

pub(crate) const GOOD: FrameBufferTag = FrameBufferTag {
    address: 0xfd00_0000,
    pitch_bytes: 5120,
    width: 1280,
    height: 800,
    bits_per_pixel: 32,
    colour_type: 1,
    colours: Some([colour(16), colour(8), colour(0)]),
};

/// GOOD as GRUB writes it.
fn tag_body() -> Vec<u8> {
    [
        &0xfd00_0000_u64.to_le_bytes()[..],
        &5120_u32.to_le_bytes(),
        &1280_u32.to_le_bytes(),
        &800_u32.to_le_bytes(),
        &[32, 1, 0, 0],
        &[16, 8, 8, 8, 0, 8],
    ]
    .concat()
}

#[test]
fn a_tag_is_read_field_by_field() {
    let bytes = boot_information(&[(8, tag_body())]);
    assert_eq!(
        BootInformation::parse(&bytes).expect("all is well").frame_buffer,
        Some(GOOD)
    );
}

#[test]
fn a_screen_is_found_in_boot_information_that_is_refused_elsewhere() {
    let mut tags = vec![module_tag(2, 1, b"/kernel")];
    assert_eq!(find_frame_buffer(&boot_information(&tags)), None);
    tags.push((8, tag_body()));
    let bytes = boot_information(&tags);
    assert!(BootInformation::parse(&bytes).is_err());
    assert_eq!(find_frame_buffer(&bytes), Some(GOOD));
    assert_eq!(find_frame_buffer(&bytes[..bytes.len() - 1]), None);
    assert_eq!(find_frame_buffer(&[]), None);
}

#[test]
fn accepts_32_and_24_bits_per_pixel() {
    let frame_buffer = accept(&GOOD).expect("nothing is wrong with it");
    assert_eq!(
        (frame_buffer.extent().base.as_u64(), frame_buffer.extent().length_bytes),
        (0xfd00_0000, 5120 * 800)
    );
    assert!(
        accept(&FrameBufferTag {
            bits_per_pixel: 24,
            pitch_bytes: 3840,
            ..GOOD
        })
        .is_ok()
    );
}

#[test]
fn rejects_a_card_without_linear_memory() {
    assert_eq!(
        accept(&FrameBufferTag { address: 0, ..GOOD }),
        Err(FrameBufferRefusal::NoLinearMemory)
    );
}

#[test]
fn rejects_text_and_indexed_colour() {
    for colour_type in [0, 2, 7] {
        let tag = FrameBufferTag {
            colour_type,
            colours: None,
            ..GOOD
        };
        assert_eq!(accept(&tag), Err(FrameBufferRefusal::NotRgb { colour_type }));
    }
}

#[test]
fn rejects_other_pixel_sizes() {
    for bits_per_pixel in [0, 1, 8, 15, 16, 64, 255] {
        let tag = FrameBufferTag { bits_per_pixel, ..GOOD };
        assert_eq!(accept(&tag), Err(FrameBufferRefusal::BitsPerPixel { bits_per_pixel }));
    }
}

#[test]
fn rejects_lines_that_overlap() {
    let tag = FrameBufferTag {
        pitch_bytes: 5119,
        ..GOOD
    };
    assert_eq!(
        accept(&tag),
        Err(FrameBufferRefusal::PitchTooSmall {
            pitch_bytes: 5119,
            width: 1280
        })
    );
    let tag = FrameBufferTag {
        width: u32::MAX,
        ..GOOD
    };
    assert!(matches!(accept(&tag), Err(FrameBufferRefusal::PitchTooSmall { .. })));
}

#[test]
fn rejects_a_frame_buffer_without_pixels() {
    assert!(matches!(
        accept(&FrameBufferTag { width: 0, ..GOOD }),
        Err(FrameBufferRefusal::NoPixels { .. })
    ));
    assert!(matches!(
        accept(&FrameBufferTag { height: 0, ..GOOD }),
        Err(FrameBufferRefusal::NoPixels { .. })
    ));
}

#[test]
fn rejects_a_frame_buffer_beyond_the_direct_map() {
    for address in [DIRECT_MAP_LIMIT - 0x1000, u64::MAX] {
        assert!(matches!(
            accept(&FrameBufferTag { address, ..GOOD }),
            Err(FrameBufferRefusal::OutOfReach { .. })
        ));
    }
}

#[test]
fn rejects_colours_that_are_not_eight_bits_inside_the_pixel_and_apart() {
    let wide = ColourField {
        shift: 0,
        size_bits: 10,
    };
    for (colours, field) in [
        ([wide, colour(8), colour(16)], wide),
        ([colour(25), colour(8), colour(0)], colour(25)),
        ([colour(16), colour(8), colour(15)], colour(15)),
        ([colour(255), colour(8), colour(0)], colour(255)),
    ] {
        assert_eq!(
            accept(&FrameBufferTag {
                colours: Some(colours),
                ..GOOD
            }),
            Err(FrameBufferRefusal::ColourField { field })
        );
    }
    let tag = FrameBufferTag {
        bits_per_pixel: 24,
        colours: Some([colour(24), colour(8), colour(0)]),
        ..GOOD
    };
    assert_eq!(accept(&tag), Err(FrameBufferRefusal::ColourField { field: colour(24) }));
}
