//! The grid: cursor, wrapping, scrolling, and changed cells.
//!
//! Invariants: `columns * rows <= CELLS`. The cursor's row is on the screen; its column is on the screen or one after it,
//! where the next character wraps. Cells from the cursor to the end of the screen are blank. Every cell whose wanted and shown
//! contents differ is in `changed_rows`.

use core::ops::Range;

use crate::{
    cell::{Cell, Color},
    grapheme_kind::{GraphemeKind, GraphemeKinds},
};

const TAB_COLUMNS: usize = 8;

/// Position of a cell. The top left cell is column 0 of row 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// Number of columns to the left.
    pub column: u32,
    /// Number of rows above.
    pub row: u32,
}

/// A console of at most `CELLS` characters. It has no size at first, and ignores text until it has one.
pub struct TextGrid<const CELLS: usize> {
    /// Wanted contents, row by row; the screen's first row is `top_row`.
    wanted: [Cell; CELLS],
    /// Shown contents, row by row from the screen's first row.
    shown: [Cell; CELLS],
    columns: usize,
    rows: usize,
    /// The row of `wanted` that is the screen's first.
    top_row: usize,
    /// The column of the next character, or `columns` when the line is full.
    cursor_column: usize,
    /// The screen's row of the next character.
    cursor_row: usize,
    /// The rows of the screen that may differ from what is shown.
    changed_rows: Range<usize>,
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

    /// Sets the size and clears the grid. A size that does not fit into `CELLS` is reduced, rows first. The shown contents
    /// are unknown.
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

    /// Writes text at the cursor. A new line starts at `\n` and when a line is full. `\r` is ignored. `\t` moves to the next
    /// multiple of 8 columns or to the end of the line. Every other grapheme fills one cell.
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

    /// Number of lines that were started since the last [`Self::for_each_change`].
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

    /// Calls `draw` for each cell whose wanted and shown contents differ, row by row, and marks it as shown.
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

    /// Puts a cell at the cursor, on a new line if the line is full.
    fn put(&mut self, cell: Cell) {
        if self.cursor_column == self.columns {
            self.begin_line();
        }
        let row = self.wanted_row(self.cursor_row);
        self.wanted[row][self.cursor_column] = cell;
        self.cursor_column += 1;
        self.mark_row_changed(self.cursor_row);
    }

    /// Moves the cursor to the start of the next line, which is blank; scrolls at the bottom.
    fn begin_line(&mut self) {
        self.cursor_column = 0;
        self.lines_since_draw = self.lines_since_draw.saturating_add(1);
        if self.cursor_row + 1 < self.rows {
            self.cursor_row += 1;
            return;
        }
        // The first row of the ring becomes the last one.
        let recycled_row = self.wanted_row(0);
        self.wanted[recycled_row].fill(Cell::BLANK);
        self.top_row = (self.top_row + 1) % self.rows;
        self.changed_rows = 0..self.rows;
    }

    fn wanted_row(&self, row: usize) -> Range<usize> {
        let start = (self.top_row + row) % self.rows * self.columns;
        start..start + self.columns
    }

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

fn next_tab_stop(column: usize) -> usize {
    (column / TAB_COLUMNS + 1) * TAB_COLUMNS
}

/// Converts a column or a row, which is at most the `u32` that it came from.
fn narrow(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}
