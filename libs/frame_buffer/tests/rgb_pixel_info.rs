//! How a colour becomes a pixel, whatever the masks.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

use embedded_graphics::pixelcolor::{Rgb888, RgbColor, WebColors};
use frame_buffer::{ColorMask, RgbPixelInfo};
use proptest::{
    prelude::{Strategy, any, prop_assert, prop_assert_eq},
    proptest,
};

/// Masks given as (bits, shift) for red, green and blue.
fn layout(red: (u8, u8), green: (u8, u8), blue: (u8, u8)) -> RgbPixelInfo {
    let [red, green, blue] = [red, green, blue].map(|(size_bits, shift)| ColorMask { size_bits, shift });
    RgbPixelInfo::check(red, green, blue).unwrap()
}

#[test]
fn masks_of_8_bits_take_the_color_as_it_is() {
    let color = Rgb888::new(0x12, 0x34, 0x56);
    assert_eq!(layout((8, 16), (8, 8), (8, 0)).build_pixel(color), 0x0012_3456);
    assert_eq!(layout((8, 0), (8, 8), (8, 16)).build_pixel(color), 0x0056_3412);
    assert_eq!(layout((8, 8), (8, 16), (8, 24)).build_pixel(color), 0x5634_1200);
}

#[test]
fn narrow_masks_take_the_highest_bits() {
    let info = layout((5, 11), (6, 5), (5, 0));
    assert_eq!(info.build_pixel(Rgb888::WHITE), 0xffff);
    assert_eq!(
        info.build_pixel(Rgb888::new(0x80, 0x40, 0x08)),
        (0x10 << 11) | (0x10 << 5) | 1
    );
}

#[test]
fn wide_masks_are_filled() {
    let info = layout((10, 20), (10, 10), (10, 0));
    assert_eq!(info.build_pixel(Rgb888::MAGENTA), (0x3ff << 20) | 0x3ff);
    assert_eq!(
        info.build_pixel(Rgb888::CSS_GRAY),
        0x202 | (0x202 << 10) | (0x202 << 20)
    );
    let info = layout((30, 2), (1, 1), (1, 0));
    assert_eq!(info.build_pixel(Rgb888::WHITE), u32::MAX);
}

/// Three masks that do not overlap, in any order, with gaps.
fn any_masks() -> impl Strategy<Value = [(u8, u8); 3]> {
    let parts = [1_u8..=30, 1..=30, 1..=30, 0..=29, 0..=29, 0..=29];
    let fits = |parts: &[u8; 6]| parts.iter().sum::<u8>() <= 32;
    let masks = parts
        .prop_filter("more than 32 bits", fits)
        .prop_map(|[a, b, c, before_a, before_b, before_c]| {
            [
                (a, before_a),
                (b, before_a + a + before_b),
                (c, before_a + a + before_b + b + before_c),
            ]
        });
    masks.prop_shuffle()
}

proptest! {
    #![proptest_config(proptest::test_runner::Config { max_global_rejects: 1_000_000, max_local_rejects: 1_000_000, ..Default::default() })]

    #[test]
    fn a_color_stays_within_its_mask_and_fills_it([red, green, blue] in any_masks(), value in any::<u8>()) {
        let info = layout(red, green, blue);
        prop_assert_eq!(info.build_pixel(Rgb888::BLACK), 0);
        let full = |(size, shift): (u8, u8)| u32::try_from(((1_u64 << size) - 1) << shift).unwrap();
        prop_assert_eq!(info.build_pixel(Rgb888::RED), full(red));
        prop_assert_eq!(info.build_pixel(Rgb888::GREEN), full(green));
        prop_assert_eq!(info.build_pixel(Rgb888::BLUE), full(blue));
        // Within one step of the exact share.
        let part = u64::from(info.build_pixel(Rgb888::new(value, 0, 0)) >> red.1);
        let exact = ((1_u64 << red.0) - 1) * u64::from(value) / 255;
        prop_assert!(part.abs_diff(exact) <= 1, "{part} for {exact}");
    }
}
