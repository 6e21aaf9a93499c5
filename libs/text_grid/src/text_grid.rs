//! The grid: where the next character goes, wrapping, scrolling, and what has to be drawn.
//!
//! What always holds: `columns * rows <= CELLS`; the cursor's row is on the screen; the cursor's column is on it or just
//! behind it, where the next character wraps; cells from the cursor to the end of the screen are blank; every cell whose
//! wanted and shown contents differ lies in `changed_rows`.

use core::ops::Range;

use crate::{
    cell::{Cell, Color},
    grapheme_kind::{GraphemeKind, GraphemeKinds},
};

/// Columns from one tab stop to the next.
const TAB_COLUMNS: usize = 8;

/// Where a cell is; the first one is the top left one, column 0 of row 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// How many columns lie to the left.
    pub column: u32,
    /// How many rows lie above.
    pub row: u32,
}

/// A console of at most `CELLS` characters. Begins without a size, and ignores all text until it has one.
pub struct TextGrid<const CELLS: usize> {
    /// What the cells should show, row after row; the screen's first row is `top_row`.
    wanted: [Cell; CELLS],
    /// What the screen shows, row after row from its first.
    shown: [Cell; CELLS],
    /// Columns of the screen.
    columns: usize,
    /// Rows of the screen.
    rows: usize,
    /// Which row of `wanted` is the screen's first.
    top_row: usize,
    /// The column of the next character, or `columns` when the line is full.
    cursor_column: usize,
    /// The screen's row of the next character.
    cursor_row: usize,
    /// The rows of the screen that may differ from what is shown.
    changed_rows: Range<usize>,
    /// Lines begun since the changes were last drawn.
    lines_since_draw: u32,
}

impl<const CELLS: usize> TextGrid<CELLS> {
    /// A grid without a size.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            wanted: [Cell::UNKNOWN; CELLS],
            shown: [Cell::UNKNOWN; CELLS],
            columns: 0,
            rows: 0,
            top_row: 0,
            cursor_column: 0,
            cursor_row: 0,
            changed_rows: 0..0,
            lines_since_draw: 0,
        }
    }

    /// Gives the grid a size, all blank, with the next character at the top left. What does not fit into `CELLS` is cut
    /// off, rows first. What the screen shows is unknown.
    pub fn set_size(&mut self, columns: u32, rows: u32) {
        self.columns = (columns as usize).min(CELLS);
        self.rows = CELLS
            .checked_div(self.columns)
            .map_or(0, |rows_that_fit| rows_that_fit.min(rows as usize));
        self.top_row = 0;
        self.cursor_column = 0;
        self.cursor_row = 0;
        self.lines_since_draw = 0;
        let cells = self.columns * self.rows;
        self.wanted[..cells].fill(Cell::BLANK);
        self.mark_all_unknown();
    }

    /// Columns of the screen.
    #[must_use]
    pub fn columns(&self) -> u32 {
        narrow(self.columns)
    }

    /// Rows of the screen.
    #[must_use]
    pub fn rows(&self) -> u32 {
        narrow(self.rows)
    }

    /// Writes text where the last one ended. A new line begins after `\n` and where a line is full; `\r` is ignored,
    /// `\t` goes on at the next multiple of 8 columns or at the end of the line; every other grapheme takes one cell.
    pub fn write(&mut self, text: &str, color: Color) {
        if self.columns == 0 || self.rows == 0 {
            return;
        }
        for grapheme in GraphemeKinds::new(text) {
            match grapheme {
                GraphemeKind::NewLine => self.begin_line(),
                GraphemeKind::Tab => self.cursor_column = next_tab_stop(self.cursor_column).min(self.columns),
                GraphemeKind::Ignored => {}
                GraphemeKind::Drawn(character) => self.put(Cell::new(character, color)),
            }
        }
    }

    /// How many lines were begun, by `\n` or because one was full, since [`Self::for_each_change`] was last called.
    #[must_use]
    pub fn lines_since_draw(&self) -> u32 {
        self.lines_since_draw
    }

    /// Forgets what is shown, because somebody else drew on the screen: the next drawing draws all cells.
    pub fn mark_all_unknown(&mut self) {
        self.mark_all_shown(Cell::UNKNOWN);
    }

    /// Takes all cells as shown blank, because the screen was cleared: the next drawing draws only cells with text.
    pub fn mark_all_blank(&mut self) {
        self.mark_all_shown(Cell::BLANK);
    }

    fn mark_all_shown(&mut self, cell: Cell) {
        self.shown[..self.columns * self.rows].fill(cell);
        self.changed_rows = 0..self.rows;
    }

    /// Hands each cell that is not shown as wanted to `draw`, row by row, and takes it as shown from then on. Looks only
    /// at rows that may have changed.
    pub fn for_each_change(&mut self, mut draw: impl FnMut(Position, Cell)) {
        for row in self.changed_rows.clone() {
            let wanted = &self.wanted[self.wanted_row(row)];
            let shown = &mut self.shown[row * self.columns..][..self.columns];
            for (column, (wanted, shown)) in wanted.iter().zip(shown).enumerate() {
                if wanted != shown {
                    *shown = *wanted;
                    draw(
                        Position {
                            column: narrow(column),
                            row: narrow(row),
                        },
                        *wanted,
                    );
                }
            }
        }
        self.changed_rows = 0..0;
        self.lines_since_draw = 0;
    }

    /// Puts a cell at the cursor, on a new line if the current one is full.
    fn put(&mut self, cell: Cell) {
        if self.cursor_column == self.columns {
            self.begin_line();
        }
        let row = self.wanted_row(self.cursor_row);
        self.wanted[row][self.cursor_column] = cell;
        self.cursor_column += 1;
        self.mark_row_changed(self.cursor_row);
    }

    /// Goes to the beginning of the next line, which is blank; scrolls at the bottom.
    fn begin_line(&mut self) {
        self.cursor_column = 0;
        self.lines_since_draw = self.lines_since_draw.saturating_add(1);
        if self.cursor_row + 1 < self.rows {
            self.cursor_row += 1;
            return;
        }
        // The ring turns: the first row becomes the last one.
        let recycled_row = self.wanted_row(0);
        self.wanted[recycled_row].fill(Cell::BLANK);
        self.top_row = (self.top_row + 1) % self.rows;
        self.changed_rows = 0..self.rows;
    }

    /// Where the screen's row lies in `wanted`.
    fn wanted_row(&self, row: usize) -> Range<usize> {
        let start = (self.top_row + row) % self.rows * self.columns;
        start..start + self.columns
    }

    /// Notes that the screen's row may differ from what is shown.
    fn mark_row_changed(&mut self, row: usize) {
        self.changed_rows = if self.changed_rows.is_empty() {
            row..row + 1
        } else {
            self.changed_rows.start.min(row)..self.changed_rows.end.max(row + 1)
        };
    }
}

impl<const CELLS: usize> Default for TextGrid<CELLS> {
    fn default() -> Self {
        Self::new()
    }
}

/// The first tab stop behind a column.
fn next_tab_stop(column: usize) -> usize {
    (column / TAB_COLUMNS + 1) * TAB_COLUMNS
}

/// A column or a row, which came from a `u32` and has only shrunk.
fn narrow(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}
