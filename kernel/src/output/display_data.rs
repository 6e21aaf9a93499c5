//! The log on the screen: a grid of characters in memory, whose changed cells are drawn.
//!
//! The frame buffer is never read. Until the text scrolls, each line is drawn at once. After that the text is drawn
//! every [`MAX_LINES_BEHIND`] lines, when a processor is about to idle, and in a panic.

use crate::boot::screen::Screen;
use core::fmt::{self, Write};
use embedded_graphics::{pixelcolor::Rgb888, prelude::*};
use frame_buffer::CELL_SIZE;
use text_grid::{Color, Position, TextGrid};

/// Number of characters on the largest screen that the text fills (3840 x 2160 pixels). On a larger screen it uses the top.
const MAX_CELLS: usize = 384 * 108;

/// Maximum number of lines that are not drawn yet.
const MAX_LINES_BEHIND: u32 = 50;

/// The text, and the screen once one is attached.
pub(super) struct DisplayData {
    grid: TextGrid<MAX_CELLS>,
    screen: Option<Screen>,
    /// Lines that still fit without scrolling.
    lines_before_scrolling: u32,
}

impl DisplayData {
    pub(super) const fn new() -> Self {
        Self {
            grid: TextGrid::new(),
            screen: None,
            lines_before_scrolling: 0,
        }
    }

    pub(super) fn has_screen(&self) -> bool {
        self.screen.is_some()
    }

    /// Returns whether a screen is attached or will be.
    pub(super) fn is_expected(&self) -> bool {
        self.grid.columns() != 0
    }

    /// Prepares for a screen of this size in pixels. Earlier text is lost.
    pub(super) fn expect_screen(&mut self, size: Size) {
        let (columns, rows) = (size.width / CELL_SIZE.width, size.height / CELL_SIZE.height);
        self.grid.set_size(columns, rows);
        self.lines_before_scrolling = rows;
    }

    /// Clears the screen and shows the text on it from now on.
    pub(super) fn attach(&mut self, mut screen: Screen) {
        if self.grid.columns() == 0 {
            self.expect_screen(screen.size());
        }
        let Ok(()) = screen.clear(Rgb888::BLACK);
        self.grid.mark_all_blank();
        self.screen = Some(screen);
        self.draw();
    }

    /// Returns the screen for drawing over the text. A cell of the text is drawn again when it changes.
    pub(super) fn screen(&mut self) -> Option<&mut Screen> {
        self.screen.as_mut()
    }

    /// Adds text, without drawing it.
    pub(super) fn write_with_color(&mut self, text: &str, color: Color) {
        self.grid.write(text, color);
        let lines = u32::try_from(text.matches('\n').count()).unwrap_or(u32::MAX);
        self.lines_before_scrolling = self.lines_before_scrolling.saturating_sub(lines);
    }

    /// Draws after each line until the text scrolls, then after every [`MAX_LINES_BEHIND`] lines.
    pub(super) fn draw_after_line(&mut self) {
        if self.lines_before_scrolling > 0 || self.grid.lines_since_draw() >= MAX_LINES_BEHIND {
            self.draw();
        }
    }

    pub(super) fn draw(&mut self) {
        let Some(screen) = &mut self.screen else { return };
        self.grid.for_each_change(|position, cell| {
            let (red, green, blue) = cell.color().rgb();
            screen.draw_character(cell.character(), corner_of(position), Rgb888::new(red, green, blue));
        });
    }
}

/// Upper left corner of a cell on the screen. The sides of a screen are far below the limit of 32 bits.
fn corner_of(position: Position) -> Point {
    Point::zero() + Size::new(position.column * CELL_SIZE.width, position.row * CELL_SIZE.height)
}

impl Write for DisplayData {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.write_with_color(text, Color::White);
        Ok(())
    }
}
