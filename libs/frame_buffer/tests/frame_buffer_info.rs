//! Which frame buffers are accepted, which are refused and why.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

use frame_buffer::{
    ColorChannel, ColorMask, FrameBufferClaims, FrameBufferError, FrameBufferInfo, MAX_SIDE_PIXELS, RgbPixelInfoError,
};
use proptest::{
    option,
    prelude::{Just, Strategy, any, prop_assert, prop_oneof},
    proptest,
};

/// What a common frame buffer looks like: red, green and blue from high to low, rows with padding.
const COMMON: FrameBufferClaims = FrameBufferClaims {
    width: 1280,
    height: 800,
    pitch_bytes: 1284 * 4,
    bits_per_pixel: 32,
    memory_model: 1,
    red_mask_size: 8,
    red_mask_shift: 16,
    green_mask_size: 8,
    green_mask_shift: 8,
    blue_mask_size: 8,
    blue_mask_shift: 0,
};

/// The error for these claims.
fn error(claims: FrameBufferClaims) -> FrameBufferError {
    FrameBufferInfo::check(&claims).unwrap_err()
}

#[test]
fn accepts_a_common_frame_buffer() {
    let info = FrameBufferInfo::check(&COMMON).unwrap();
    assert_eq!((info.width(), info.height(), info.pixels_per_row()), (1280, 800, 1284));
    assert_eq!(info.len_pixels(), 1284 * 799 + 1280);
}

#[test]
fn accepts_the_smallest_and_the_largest_screen() {
    let smallest = FrameBufferClaims {
        width: 1,
        height: 1,
        pitch_bytes: 4,
        ..COMMON
    };
    assert_eq!(FrameBufferInfo::check(&smallest).unwrap().len_pixels(), 1);
    let side = u64::from(MAX_SIDE_PIXELS);
    let largest = FrameBufferClaims {
        width: side,
        height: side,
        pitch_bytes: side * 4,
        ..COMMON
    };
    assert_eq!(FrameBufferInfo::check(&largest).unwrap().len_pixels(), 1 << 30);
}

#[test]
fn rejects_colors_without_masks() {
    assert_eq!(
        error(FrameBufferClaims {
            memory_model: 0,
            ..COMMON
        }),
        FrameBufferError::NotRgb { memory_model: 0 }
    );
}

#[test]
fn rejects_pixels_that_are_not_32_bits() {
    for bits_per_pixel in [0, 8, 16, 24, 33, 64, u16::MAX] {
        let expected = FrameBufferError::PixelSize { bits_per_pixel };
        assert_eq!(
            error(FrameBufferClaims {
                bits_per_pixel,
                ..COMMON
            }),
            expected
        );
    }
}

#[test]
fn rejects_an_empty_mask() {
    for (claims, channel) in [
        (
            FrameBufferClaims {
                red_mask_size: 0,
                ..COMMON
            },
            ColorChannel::Red,
        ),
        (
            FrameBufferClaims {
                green_mask_size: 0,
                ..COMMON
            },
            ColorChannel::Green,
        ),
        (
            FrameBufferClaims {
                blue_mask_size: 0,
                ..COMMON
            },
            ColorChannel::Blue,
        ),
    ] {
        assert_eq!(
            error(claims),
            FrameBufferError::Masks(RgbPixelInfoError::EmptyMask { channel })
        );
    }
}

#[test]
fn rejects_a_mask_that_leaves_the_pixel() {
    for (size_bits, shift) in [(8, 25), (1, 32), (33, 0), (255, 255)] {
        let claims = FrameBufferClaims {
            red_mask_size: size_bits,
            red_mask_shift: shift,
            ..COMMON
        };
        let mask = ColorMask { size_bits, shift };
        let expected = RgbPixelInfoError::MaskLeavesPixel {
            channel: ColorChannel::Red,
            mask,
        };
        assert_eq!(error(claims), FrameBufferError::Masks(expected));
    }
}

#[test]
fn rejects_masks_that_overlap() {
    for (claims, first, second) in [
        (
            FrameBufferClaims {
                green_mask_shift: 9,
                ..COMMON
            },
            ColorChannel::Red,
            ColorChannel::Green,
        ),
        (
            FrameBufferClaims {
                blue_mask_shift: 23,
                ..COMMON
            },
            ColorChannel::Red,
            ColorChannel::Blue,
        ),
        (
            FrameBufferClaims {
                blue_mask_shift: 1,
                ..COMMON
            },
            ColorChannel::Green,
            ColorChannel::Blue,
        ),
    ] {
        assert_eq!(
            error(claims),
            FrameBufferError::Masks(RgbPixelInfoError::MasksOverlap { first, second })
        );
    }
}

#[test]
fn rejects_an_empty_screen() {
    for (width, height) in [(0, 800), (1280, 0), (0, 0)] {
        let expected = FrameBufferError::EmptyScreen { width, height };
        assert_eq!(
            error(FrameBufferClaims {
                width,
                height,
                ..COMMON
            }),
            expected
        );
    }
}

#[test]
fn rejects_rows_shorter_than_the_screen() {
    let pitch_bytes = 1279 * 4;
    let expected = FrameBufferError::RowsTooShort {
        width: 1280,
        pitch_bytes,
    };
    assert_eq!(error(FrameBufferClaims { pitch_bytes, ..COMMON }), expected);
}

#[test]
fn rejects_rows_of_broken_pixels() {
    let pitch_bytes = 1280 * 4 + 2;
    let expected = FrameBufferError::PitchNotWholePixels { pitch_bytes };
    assert_eq!(error(FrameBufferClaims { pitch_bytes, ..COMMON }), expected);
}

#[test]
fn rejects_sizes_beyond_belief() {
    let side = u64::from(MAX_SIDE_PIXELS) + 1;
    for (width, height, pitch_bytes) in [
        (side, 1, side * 4),
        (1, side, 4),
        (1, 1, side * 4),
        (u64::MAX / 4, u64::MAX, u64::MAX - 3),
        (1, (1 << 32) + 1, 4),
    ] {
        let expected = FrameBufferError::TooLarge {
            width,
            height,
            pitch_bytes,
        };
        assert_eq!(
            error(FrameBufferClaims {
                width,
                height,
                pitch_bytes,
                ..COMMON
            }),
            expected
        );
    }
}

#[test]
fn an_error_tells_the_facts() {
    let claims = FrameBufferClaims {
        red_mask_size: 9,
        red_mask_shift: 24,
        ..COMMON
    };
    assert_eq!(
        error(claims).to_string(),
        "the red mask of 9 bits at bit 24 reaches beyond the 32 bits of a pixel"
    );
    let claims = FrameBufferClaims {
        pitch_bytes: 16,
        ..COMMON
    };
    assert_eq!(
        error(claims).to_string(),
        "rows of 16 bytes are too short for 1280 pixels"
    );
}

/// A side or a pitch, mostly near a limit.
fn any_length() -> impl Strategy<Value = u64> {
    prop_oneof![0_u64..16, 32_760_u64..32_780, 131_060_u64..131_084, any::<u64>()]
}

/// A size or shift of a mask, mostly near a limit.
fn any_mask_part() -> impl Strategy<Value = u8> {
    prop_oneof![0_u8..40, any::<u8>()]
}

proptest! {
    #[test]
    fn whatever_is_claimed_an_accepted_frame_buffer_is_sound(
        (width, height, pitch_bytes) in (any_length(), any_length(), any_length()),
        bits_per_pixel in prop_oneof![9 => Just(32_u16), 1 => any::<u16>()],
        memory_model in prop_oneof![9 => Just(1_u8), 1 => any::<u8>()],
        (red_mask_size, red_mask_shift) in (any_mask_part(), any_mask_part()),
        (green_mask_size, green_mask_shift) in (any_mask_part(), any_mask_part()),
        (blue_mask_size, blue_mask_shift) in (any_mask_part(), any_mask_part()),
        common_masks in any::<bool>(),
        padding in option::weighted(0.8, 0_u64..20),
    ) {
        let pitch_bytes = padding.map_or(pitch_bytes, |padding| width.wrapping_add(padding).wrapping_mul(4));
        let claims = FrameBufferClaims {
            width, height, pitch_bytes, bits_per_pixel, memory_model, red_mask_size, red_mask_shift, green_mask_size,
            green_mask_shift, blue_mask_size, blue_mask_shift,
        };
        let claims = if common_masks {
            FrameBufferClaims { width, height, pitch_bytes, bits_per_pixel, memory_model, ..COMMON }
        } else {
            claims
        };
        if let Ok(info) = FrameBufferInfo::check(&claims) {
            prop_assert!(u64::from(info.width()) == width && u64::from(info.height()) == height);
            prop_assert!(u64::from(info.pixels_per_row()) * 4 == pitch_bytes);
            prop_assert!(info.len_pixels() as u64 * 4 <= pitch_bytes * height);
            prop_assert!(info.len_pixels() as u64 >= width * height);
        }
    }
}
