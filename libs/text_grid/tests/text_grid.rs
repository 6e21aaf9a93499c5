//! What a text does to the grid, rule by rule.

use std::sync::Mutex;

use text_grid::{Color, Position, REPLACEMENT_BOX, TextGrid};

/// A grid as large as the tests need; like the kernel's it lives in a `static`.
static GRID: Mutex<TextGrid<40>> = Mutex::new(TextGrid::new());

/// A grid of a size with a text on it.
fn grid(columns: u32, rows: u32, text: &str) -> TextGrid<40> {
    let mut grid = TextGrid::new();
    grid.set_size(columns, rows);
    grid.write(text, Color::White);
    grid
}

/// The rows of the screen, as drawn from nothing.
fn screen<const CELLS: usize>(grid: &mut TextGrid<CELLS>) -> Vec<String> {
    grid.mark_all_unknown();
    let mut rows = vec![String::new(); grid.rows() as usize];
    grid.for_each_change(|position, cell| rows[position.row as usize].push(cell.character()));
    rows
}

/// The rows of a screen of 10 columns and 4 rows with this text.
fn rows_of(text: &str) -> Vec<String> {
    screen(&mut grid(10, 4, text))
        .iter()
        .map(|row| row.trim_end().to_owned())
        .collect()
}

#[test]
fn a_grid_in_a_static_shows_what_is_written() {
    let mut grid = GRID.lock().unwrap();
    grid.set_size(3, 2);
    grid.write("ab", Color::White);
    assert_eq!(screen(&mut *grid), ["ab ", "   "]);
}

#[test]
fn a_grid_without_a_size_ignores_text() {
    let mut grid = TextGrid::<40>::new();
    grid.write("text\n\t\u{e9}", Color::White);
    grid.for_each_change(|_, _| panic!("there is no cell"));
    for (columns, rows) in [(0, 0), (0, 5), (5, 0), (u32::MAX, 0), (0, u32::MAX)] {
        grid.set_size(columns, rows);
        grid.write("text\n", Color::White);
        assert_eq!(grid.rows() * grid.columns(), 0);
        grid.for_each_change(|_, _| panic!("there is no cell"));
    }
}

#[test]
fn a_size_that_does_not_fit_is_cut() {
    for (asked, given) in [
        ((10, 4), (10, 4)),
        ((10, 5), (10, 4)),
        ((7, 9), (7, 5)),
        ((41, 9), (40, 1)),
        ((u32::MAX, u32::MAX), (40, 1)),
        ((1, u32::MAX), (1, 40)),
    ] {
        let mut grid = grid(asked.0, asked.1, "text");
        assert_eq!((grid.columns(), grid.rows()), given);
        assert_eq!(screen(&mut grid).concat().len(), (given.0 * given.1) as usize);
    }
    let mut none = TextGrid::<0>::new();
    none.set_size(5, 5);
    assert_eq!((none.columns(), none.rows()), (0, 0));
}

#[test]
fn a_new_size_keeps_nothing() {
    let mut grid = grid(10, 4, "one\ntwo\nthree\nfour\nfive");
    grid.set_size(5, 3);
    assert_eq!(grid.lines_since_draw(), 0);
    grid.write("x", Color::White);
    assert_eq!(screen(&mut grid), ["x    ", "     ", "     "]);
}

#[test]
fn a_full_line_goes_on_below_only_with_its_next_character() {
    assert_eq!(rows_of("0123456789"), ["0123456789", "", "", ""]);
    assert_eq!(rows_of("0123456789\nx"), ["0123456789", "x", "", ""]);
    assert_eq!(rows_of("0123456789x"), ["0123456789", "x", "", ""]);
}

#[test]
fn the_screen_scrolls_at_the_bottom() {
    assert_eq!(rows_of("a\nb\nc\nd"), ["a", "b", "c", "d"]);
    assert_eq!(rows_of("a\nb\nc\nd\n"), ["b", "c", "d", ""]);
    assert_eq!(rows_of("a\nb\nc\nd\ne\nf\ng"), ["d", "e", "f", "g"]);
}

#[test]
fn carriage_returns_do_nothing() {
    assert_eq!(rows_of("a\rb\r\nc\n\rd"), ["ab", "c", "d", ""]);
}

#[test]
fn a_tab_goes_on_at_the_next_multiple_of_8() {
    assert_eq!(
        rows_of("\tx\n1234567\tx\na\tb"),
        ["        x", "1234567 x", "a       b", ""]
    );
    assert_eq!(rows_of("12345678\tx"), ["12345678", "x", "", ""]);
    assert_eq!(rows_of("\t\t\t\tx"), ["", "x", "", ""]);
}

#[test]
fn what_the_font_does_not_hold_is_one_box() {
    for grapheme in [
        "\u{e9}",
        "e\u{301}",
        "\u{4f60}",
        "👨‍👩‍👧",
        "🇩🇪",
        "\u{1b}",
        "\0",
        "\u{7f}",
        "\u{200b}",
        "\u{ad}",
        "\u{301}",
    ] {
        let text = if grapheme == "\u{301}" {
            "\n\u{301}b".to_owned()
        } else {
            format!("\na{grapheme}b")
        };
        let expected = if grapheme == "\u{301}" {
            "\u{25af}b"
        } else {
            "a\u{25af}b"
        };
        assert_eq!(rows_of(&text)[1], expected, "{grapheme:?}");
    }
    assert_eq!(REPLACEMENT_BOX, '\u{25af}');
}

#[test]
fn all_printable_ascii_characters_are_drawn_as_they_are() {
    let printable: String = (' '..='~').collect();
    let mut grid = TextGrid::<95>::new();
    grid.set_size(95, 1);
    grid.write(&printable, Color::White);
    assert_eq!(screen(&mut grid), [printable]);
}

#[test]
fn every_cell_keeps_its_color() {
    let colors = [
        (Color::White, (255, 255, 255)),
        (Color::BrightRed, (255, 85, 85)),
        (Color::BrightYellow, (255, 255, 85)),
        (Color::BrightBlue, (85, 85, 255)),
        (Color::BrightCyan, (85, 255, 255)),
        (Color::BrightMagenta, (255, 85, 255)),
        (Color::Gray, (128, 128, 128)),
    ];
    let mut grid = grid(7, 1, "");
    for (color, _) in colors {
        grid.write("~", color);
    }
    let mut shown = Vec::new();
    grid.for_each_change(|_, cell| shown.push((cell.color(), cell.color().rgb())));
    assert_eq!(shown, colors);
}

#[test]
fn a_cell_takes_4_bytes() {
    assert_eq!(size_of::<text_grid::Cell>(), 4);
}

#[test]
fn only_cells_that_differ_are_drawn() {
    let mut grid = grid(10, 4, "same\nold\n");
    let mut drawn = 0;
    grid.for_each_change(|_, _| drawn += 1);
    assert_eq!(drawn, 40, "the screen was unknown");

    grid.write("x ", Color::BrightRed);
    let mut changes = Vec::new();
    grid.for_each_change(|position, cell| changes.push((position, cell.character(), cell.color())));
    assert_eq!(changes, [(Position { column: 0, row: 2 }, 'x', Color::BrightRed)]);

    grid.for_each_change(|_, _| panic!("nothing changed"));
}

#[test]
fn equal_lines_are_not_drawn_again_when_they_scroll() {
    let mut grid = grid(10, 4, &"same\n".repeat(20));
    grid.for_each_change(|_, _| ());
    grid.write(&"same\n".repeat(1000), Color::White);
    grid.for_each_change(|_, _| panic!("the screen looks as before"));
}

#[test]
fn everything_is_drawn_when_the_screen_is_unknown() {
    let mut grid = grid(10, 4, "text");
    grid.for_each_change(|_, _| ());
    grid.mark_all_unknown();
    let mut drawn = 0;
    grid.for_each_change(|_, _| drawn += 1);
    assert_eq!(drawn, 40);
}

#[test]
fn only_text_is_drawn_when_the_screen_was_cleared() {
    let mut grid = grid(10, 4, "gone\n");
    grid.for_each_change(|_, _| ());
    grid.set_size(10, 4);
    grid.write("a b", Color::White);
    grid.mark_all_blank();
    let mut drawn = String::new();
    grid.for_each_change(|_, cell| drawn.push(cell.character()));
    assert_eq!(drawn, "ab");
}

#[test]
fn lines_are_counted_until_they_are_drawn() {
    let mut grid = grid(10, 4, "");
    assert_eq!(grid.lines_since_draw(), 0);
    grid.write("no line ", Color::White);
    assert_eq!(grid.lines_since_draw(), 0);
    grid.write("wraps\n\n\n\n", Color::White);
    assert_eq!(grid.lines_since_draw(), 5);
    grid.mark_all_unknown();
    assert_eq!(grid.lines_since_draw(), 5);
    grid.for_each_change(|_, _| ());
    assert_eq!(grid.lines_since_draw(), 0);
}
