//! Drawing: the fast paths draw what pixel-by-pixel drawing draws, and nothing is drawn off the screen.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

use embedded_graphics::{
    Drawable, Pixel,
    draw_target::DrawTarget,
    geometry::{OriginDimensions, Point, Size},
    mono_font::{MonoTextStyle, ascii::FONT_10X20},
    pixelcolor::{Rgb888, RgbColor},
    primitives::Rectangle,
    text::{Baseline, Text},
};
use frame_buffer::{BufferTooShort, FrameBufferClaims, FrameBufferEmbeddedGraphics, FrameBufferInfo};
use proptest::{
    prelude::{Just, Strategy, any, prop_assert_eq, prop_oneof},
    proptest,
};

/// What stands in the memory before anything is drawn; no colour gives this pixel.
const UNTOUCHED: u32 = 0xdead_beef;

/// A screen with padding behind its rows.
fn info(width: u64, height: u64, padding: u64) -> FrameBufferInfo {
    FrameBufferInfo::check(&FrameBufferClaims {
        width,
        height,
        pitch_bytes: (width + padding) * 4,
        bits_per_pixel: 32,
        memory_model: 1,
        red_mask_size: 8,
        red_mask_shift: 16,
        green_mask_size: 8,
        green_mask_shift: 8,
        blue_mask_size: 8,
        blue_mask_shift: 0,
    })
    .unwrap()
}

/// What the memory holds after `draw`. It is longer than the frame buffer by a few pixels.
fn drawn(info: FrameBufferInfo, draw: impl FnOnce(&mut FrameBufferEmbeddedGraphics<'_>)) -> Vec<u32> {
    let mut pixels = vec![UNTOUCHED; info.len_pixels() + 5];
    draw(&mut FrameBufferEmbeddedGraphics::new(info, &mut pixels).unwrap());
    pixels
}

/// What the memory should hold when each pixel of the screen shows `color_at(x, y)`, or is untouched where that is none.
fn expected(info: FrameBufferInfo, color_at: impl Fn(i64, i64) -> Option<Rgb888>) -> Vec<u32> {
    let mut pixels = vec![UNTOUCHED; info.len_pixels() + 5];
    for y in 0..info.height() {
        for x in 0..info.width() {
            if let Some(color) = color_at(i64::from(x), i64::from(y)) {
                pixels[(y * info.pixels_per_row() + x) as usize] = info.rgb_pixel_info().build_pixel(color);
            }
        }
    }
    pixels
}

/// Where a point lies inside an area.
fn place_in(area: &Rectangle, x: i64, y: i64) -> Option<(i64, i64)> {
    let (column, row) = (x - i64::from(area.top_left.x), y - i64::from(area.top_left.y));
    let inside = (0..i64::from(area.size.width)).contains(&column) && (0..i64::from(area.size.height)).contains(&row);
    inside.then_some((column, row))
}

/// The color of a number, another one for each.
fn color(number: u64) -> Rgb888 {
    let [blue, green, red, ..] = number.to_le_bytes();
    Rgb888::new(red, green, blue)
}

#[test]
fn rejects_memory_that_is_too_short() {
    let info = info(4, 3, 2);
    let error = FrameBufferEmbeddedGraphics::new(info, &mut [0; 15]).err();
    assert_eq!(
        error,
        Some(BufferTooShort {
            needed_pixels: 16,
            given_pixels: 15
        })
    );
    assert!(FrameBufferEmbeddedGraphics::new(info, &mut [0; 16]).is_ok());
}

#[test]
fn the_screen_begins_at_the_origin_and_has_no_padding() {
    let info = info(4, 3, 2);
    drawn(info, |target| assert_eq!(target.size(), Size::new(4, 3)));
}

#[test]
fn the_last_pixel_is_drawn_and_those_beyond_are_not() {
    let info = info(4, 3, 2);
    let points = [
        (3, 2),
        (4, 2),
        (3, 3),
        (-1, 0),
        (0, -1),
        (i32::MAX, i32::MAX),
        (i32::MIN, i32::MIN),
    ];
    let pixels = points.map(|(x, y)| Pixel(Point::new(x, y), Rgb888::MAGENTA));
    let memory = drawn(info, |target| target.draw_iter(pixels).unwrap());
    assert_eq!(
        memory,
        expected(info, |x, y| (x == 3 && y == 2).then_some(Rgb888::MAGENTA))
    );
}

#[test]
fn text_that_is_partly_off_the_screen_is_cut() {
    let info = info(35, 30, 3);
    let style = MonoTextStyle::new(&FONT_10X20, Rgb888::WHITE);
    let text = |target: &mut FrameBufferEmbeddedGraphics<'_>, x| {
        Text::with_baseline("Light", Point::new(x, 20), style, Baseline::Top)
            .draw(target)
            .unwrap();
    };
    let whole_info = self::info(100, 60, 0);
    let whole = drawn(whole_info, |target| text(target, 20));
    let memory = drawn(info, |target| text(target, -8));
    // What the small screen shows is the part of the large one that begins 28 pixels further to the right.
    let lit = |x: i64, y: i64| whole[usize::try_from(y * 100 + x + 28).unwrap()] != UNTOUCHED;
    assert_eq!(memory, expected(info, |x, y| lit(x, y).then_some(Rgb888::WHITE)));
    assert!(memory.contains(&0x00ff_ffff));
}

#[test]
fn colors_that_end_early_leave_the_rest_as_it_was() {
    let info = info(4, 3, 2);
    let area = Rectangle::new(Point::new(-1, -1), Size::new(4, 4));
    let memory = drawn(info, |target| {
        target.fill_contiguous(&area, (0..10).map(color)).unwrap()
    });
    let number = |x: i64, y: i64| u64::try_from((y + 1) * 4 + x + 1).unwrap();
    let expected = expected(info, |x, y| (x < 3 && number(x, y) < 10).then(|| color(number(x, y))));
    assert_eq!(memory, expected);
}

/// A coordinate: near the screen, or at the end of what can be said.
fn any_coordinate() -> impl Strategy<Value = i32> {
    prop_oneof![4 => -12..16, 1 => Just(i32::MIN), 1 => Just(i32::MAX), 1 => any::<i32>()]
}

/// A length: about that of the screen, or at the end of what can be said.
fn any_length() -> impl Strategy<Value = u32> {
    prop_oneof![4 => 0_u32..20, 1 => Just(u32::MAX), 1 => any::<u32>()]
}

proptest! {
    #[test]
    fn fill_solid_draws_the_area_wherever_it_lies(
        (x, y, width, height) in (any_coordinate(), any_coordinate(), any_length(), any_length()),
        (screen_width, screen_height, padding) in (1_u64..10, 1_u64..10, 0_u64..4),
    ) {
        let info = info(screen_width, screen_height, padding);
        let area = Rectangle::new(Point::new(x, y), Size::new(width, height));
        let memory = drawn(info, |target| target.fill_solid(&area, Rgb888::MAGENTA).unwrap());
        prop_assert_eq!(memory, expected(info, |x, y| place_in(&area, x, y).map(|_| Rgb888::MAGENTA)));
    }

    #[test]
    fn fill_contiguous_with_one_color_draws_the_same_as_fill_solid(
        (x, y, width, height) in (any_coordinate(), any_coordinate(), any_length(), any_length()),
        (screen_width, screen_height, padding) in (1_u64..10, 1_u64..10, 0_u64..4),
    ) {
        let info = info(screen_width, screen_height, padding);
        let area = Rectangle::new(Point::new(x, y), Size::new(width, height));
        let endless = Endless(Rgb888::CYAN);
        let memory = drawn(info, |target| target.fill_contiguous(&area, endless).unwrap());
        prop_assert_eq!(memory, drawn(info, |target| target.fill_solid(&area, Rgb888::CYAN).unwrap()));
    }

    #[test]
    fn fill_contiguous_draws_the_same_as_draw_iter(
        (x, y, width, height) in (-12..16_i32, -12..16_i32, 0_u32..20, 0_u32..20),
        (screen_width, screen_height, padding) in (1_u64..10, 1_u64..10, 0_u64..4),
        colors_given in prop_oneof![Just(400_u64), 0_u64..400],
    ) {
        let info = info(screen_width, screen_height, padding);
        let area = Rectangle::new(Point::new(x, y), Size::new(width, height));
        let memory = drawn(info, |target| target.fill_contiguous(&area, (0..colors_given).map(color)).unwrap());
        let points = (y..).take(height as usize).flat_map(|y| (x..).take(width as usize).map(move |x| Point::new(x, y)));
        let pixels = points.zip((0..colors_given).map(color)).map(|(point, color)| Pixel(point, color));
        prop_assert_eq!(memory, drawn(info, |target| target.draw_iter(pixels).unwrap()));
    }

    #[test]
    fn clear_draws_the_whole_screen_and_no_padding(
        (screen_width, screen_height, padding) in (1_u64..10, 1_u64..10, 0_u64..4),
    ) {
        let info = info(screen_width, screen_height, padding);
        let memory = drawn(info, |target| target.clear(Rgb888::YELLOW).unwrap());
        prop_assert_eq!(memory, expected(info, |_, _| Some(Rgb888::YELLOW)));
    }
}

/// One colour for ever, of which any number is skipped at once.
struct Endless(Rgb888);

impl Iterator for Endless {
    type Item = Rgb888;

    fn next(&mut self) -> Option<Rgb888> {
        Some(self.0)
    }

    fn nth(&mut self, _: usize) -> Option<Rgb888> {
        Some(self.0)
    }
}
