//! The log on the screen: a grid of characters in memory, drawn where it has changed.
//!
//! The screen itself is never read. Lines that come one by one are drawn at once; a burst that scrolls is drawn at
//! least every [`MAX_LINES_BEHIND`] lines and when a processor is about to idle.

use crate::boot::screen::Screen;
use core::fmt::{self, Write};
use embedded_graphics::{pixelcolor::Rgb888, prelude::*};
use frame_buffer::CELL_SIZE;
use text_grid::{Color, Position, TextGrid};

/// Characters on the largest screen that is filled whole (3840 x 2160 pixels); on a larger one the text keeps to the top.
const MAX_CELLS: usize = 384 * 108;

/// How many lines the screen may be behind the log.
const MAX_LINES_BEHIND: u32 = 50;

/// The text and, once there is one, the screen that shows it.
pub(super) struct DisplayData {
    /// What is to be seen.
    grid: TextGrid<MAX_CELLS>,
    /// Where it is to be seen.
    screen: Option<Screen>,
    /// How many lines fit without scrolling still.
    lines_before_scrolling: u32,
}

impl DisplayData {
    /// Text that nobody sees yet.
    pub(super) const fn new() -> Self {
        Self {
            grid: TextGrid::new(),
            screen: None,
            lines_before_scrolling: 0,
        }
    }

    /// Whether there is a screen.
    pub(super) fn has_screen(&self) -> bool {
        self.screen.is_some()
    }

    /// Whether there is a screen, or will be one.
    pub(super) fn is_expected(&self) -> bool {
        self.grid.columns() != 0
    }

    /// Gets ready for a screen of this size in pixels. Text from before is lost.
    pub(super) fn expect_screen(&mut self, size: Size) {
        let (columns, rows) = (size.width / CELL_SIZE.width, size.height / CELL_SIZE.height);
        self.grid.set_size(columns, rows);
        self.lines_before_scrolling = rows;
    }

    /// Clears the screen, and shows the text on it from now on.
    pub(super) fn attach(&mut self, mut screen: Screen) {
        if self.grid.columns() == 0 {
            self.expect_screen(screen.size());
        }
        let Ok(()) = screen.clear(Rgb888::BLACK);
        self.grid.mark_all_blank();
        self.screen = Some(screen);
        self.draw();
    }

    /// The screen, for one who draws over the text. The text comes back with its next change.
    pub(super) fn screen(&mut self) -> Option<&mut Screen> {
        self.screen.as_mut()
    }

    /// Adds text, without drawing it.
    pub(super) fn write_with_color(&mut self, text: &str, color: Color) {
        self.grid.write(text, color);
        let lines = u32::try_from(text.matches('\n').count()).unwrap_or(u32::MAX);
        self.lines_before_scrolling = self.lines_before_scrolling.saturating_sub(lines);
    }

    /// Draws after a line, unless a burst that scrolls is better drawn together.
    pub(super) fn draw_after_line(&mut self) {
        if self.lines_before_scrolling > 0 || self.grid.lines_since_draw() >= MAX_LINES_BEHIND {
            self.draw();
        }
    }

    /// Draws what has changed.
    pub(super) fn draw(&mut self) {
        let Some(screen) = &mut self.screen else { return };
        self.grid.for_each_change(|position, cell| {
            let (red, green, blue) = cell.color().rgb();
            screen.draw_character(cell.character(), corner_of(position), Rgb888::new(red, green, blue));
        });
    }
}

/// Where a cell begins on the screen. Sides of a screen are far below what 32 bits hold.
fn corner_of(position: Position) -> Point {
    Point::zero() + Size::new(position.column * CELL_SIZE.width, position.row * CELL_SIZE.height)
}

/// White text.
impl Write for DisplayData {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.write_with_color(text, Color::White);
        Ok(())
    }
}
