//! The grid against a model that keeps every line ever written and looks at the last ones.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

use proptest::{
    collection,
    prelude::{Just, Strategy, prop_assert_eq, prop_oneof},
    proptest, sample,
};
use text_grid::{Cell, Color, Position, REPLACEMENT_BOX, TextGrid};
use unicode_segmentation::UnicodeSegmentation;

/// As many cells as the largest grid here may have.
const CELLS: usize = 60;

/// A cell of the model.
type ModelCell = (char, Color);

/// All lines since the size was set.
struct Model {
    /// Columns of the screen.
    columns: usize,
    /// Rows of the screen.
    rows: usize,
    /// The lines, from the first one on, without what is blank at their ends.
    lines: Vec<Vec<ModelCell>>,
    /// Lines begun since the last drawing.
    begun: u32,
}

impl Model {
    /// A blank screen.
    fn new(columns: usize, rows: usize) -> Self {
        Self {
            columns,
            rows,
            lines: vec![Vec::new()],
            begun: 0,
        }
    }

    /// Writes a text, grapheme by grapheme, each looked up in the tables of Unicode.
    fn write(&mut self, text: &str, color: Color) {
        for grapheme in text.graphemes(true) {
            match grapheme {
                "\n" | "\r\n" => self.begin_line(),
                "\r" => {}
                "\t" => {
                    let columns = self.columns;
                    let line = self.lines.last_mut().unwrap();
                    let tab_stop = (line.len() + 1).next_multiple_of(8).min(columns);
                    line.resize(tab_stop, (' ', Color::White));
                }
                " " => self.put((' ', Color::White)),
                _ if grapheme.len() == 1 && grapheme.as_bytes()[0].is_ascii_graphic() => {
                    self.put((grapheme.chars().next().unwrap(), color));
                }
                _ => self.put((REPLACEMENT_BOX, color)),
            }
        }
    }

    /// Adds a cell, on a line of its own if the last one is full.
    fn put(&mut self, cell: ModelCell) {
        if self.lines.last().unwrap().len() == self.columns {
            self.begin_line();
        }
        self.lines.last_mut().unwrap().push(cell);
    }

    /// Adds a line.
    fn begin_line(&mut self) {
        self.lines.push(Vec::new());
        self.begun += 1;
    }

    /// What the screen should show.
    fn screen(&self) -> Vec<Vec<ModelCell>> {
        let first = self.lines.len().saturating_sub(self.rows);
        let mut screen = self.lines[first..].to_vec();
        screen.resize(self.rows, Vec::new());
        for line in &mut screen {
            line.resize(self.columns, (' ', Color::White));
        }
        screen
    }
}

/// What is done to a grid.
#[derive(Debug, Clone)]
enum Step {
    /// Text is written.
    Write(String, Color),
    /// Changes are drawn.
    Draw,
    /// Somebody else draws on the screen.
    Spoil,
    /// The screen is cleared.
    Clear,
    /// The screen gets a size.
    SetSize(usize, usize),
}

/// Text with all that is special about it.
fn any_text() -> impl Strategy<Value = String> {
    let pieces = prop_oneof![
        6 => "[ -~]{0,9}",
        2 => Just("\n".to_owned()),
        1 => Just("\t".to_owned()),
        1 => sample::select(vec!["\r", "\r\n", "\n\r"]).prop_map(str::to_owned),
        2 => sample::select(vec!["e\u{301}", "\u{301}", "\u{200d}", "👨‍👩‍👧", "🇩", "🇪🇺", "\u{1b}[0m", "\0", "\u{4f60}", "각"])
            .prop_map(str::to_owned),
        1 => "\\PC{0,4}",
    ];
    collection::vec(pieces, 0..12).prop_map(|pieces| pieces.concat())
}

/// One of the colours.
fn any_color() -> impl Strategy<Value = Color> {
    sample::select(vec![Color::White, Color::BrightRed, Color::BrightCyan, Color::Gray])
}

/// A size that fits.
fn any_size() -> impl Strategy<Value = (usize, usize)> {
    (1_usize..=20).prop_flat_map(|columns| (Just(columns), 1..=CELLS / columns))
}

/// One of the steps, mostly writing.
fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (any_text(), any_color()).prop_map(|(text, color)| Step::Write(text, color)),
        4 => Just(Step::Draw),
        1 => Just(Step::Spoil),
        1 => Just(Step::Clear),
        1 => any_size().prop_map(|(columns, rows)| Step::SetSize(columns, rows)),
    ]
}

/// A grid and a model of the same size.
fn of_size((columns, rows): (usize, usize)) -> (TextGrid<CELLS>, Model) {
    let mut grid = TextGrid::new();
    grid.set_size(u32::try_from(columns).unwrap(), u32::try_from(rows).unwrap());
    (grid, Model::new(columns, rows))
}

/// What is seen on the screen, which nobody but the grid's drawing changes.
struct Screen(Vec<Vec<ModelCell>>);

impl Screen {
    /// A screen that shows nothing that is ever wanted.
    fn spoilt(model: &Model) -> Self {
        Self(vec![vec![('\0', Color::White); model.columns]; model.rows])
    }

    /// A screen that shows nothing.
    fn cleared(model: &Model) -> Self {
        Self(vec![vec![(' ', Color::White); model.columns]; model.rows])
    }

    /// Draws a change, which must be one.
    fn draw(&mut self, position: Position, cell: Cell) {
        let seen = &mut self.0[position.row as usize][position.column as usize];
        let wanted = (cell.character(), cell.color());
        assert_ne!(*seen, wanted, "drawn in vain at {position:?}");
        *seen = wanted;
    }
}

proptest! {
    #[test]
    fn what_is_drawn_is_what_was_written(size in any_size(), steps in collection::vec(any_step(), 0..20)) {
        let (mut grid, mut model) = of_size(size);
        let mut screen = Screen::spoilt(&model);
        for step in steps.into_iter().chain([Step::Draw]) {
            match step {
                Step::Write(text, color) => {
                    grid.write(&text, color);
                    model.write(&text, color);
                }
                Step::Draw => {
                    grid.for_each_change(|position, cell| screen.draw(position, cell));
                    prop_assert_eq!(&screen.0, &model.screen());
                    grid.for_each_change(|position, _| panic!("drawn twice at {position:?}"));
                    model.begun = 0;
                }
                Step::Spoil => {
                    grid.mark_all_unknown();
                    screen = Screen::spoilt(&model);
                }
                Step::Clear => {
                    grid.mark_all_blank();
                    screen = Screen::cleared(&model);
                }
                Step::SetSize(columns, rows) => {
                    grid.set_size(u32::try_from(columns).unwrap(), u32::try_from(rows).unwrap());
                    model = Model::new(columns, rows);
                    screen = Screen::spoilt(&model);
                }
            }
            prop_assert_eq!(grid.lines_since_draw(), model.begun);
        }
    }

    #[test]
    fn a_text_in_pieces_gives_the_same_screen(
        size in any_size(),
        text in any_text(),
        cuts in collection::vec(sample::select(vec![false, true]), 200),
    ) {
        let (mut whole, model) = of_size(size);
        whole.write(&text, Color::White);
        let (mut pieces, _) = of_size(size);
        let mut piece = String::new();
        for (grapheme, cut) in text.graphemes(true).zip(cuts.into_iter().cycle()) {
            piece.push_str(grapheme);
            if cut {
                pieces.write(&piece, Color::White);
                piece.clear();
            }
        }
        pieces.write(&piece, Color::White);
        let screens = [whole, pieces].map(|mut grid| {
            let mut screen = Screen::spoilt(&model);
            grid.for_each_change(|position, cell| screen.draw(position, cell));
            screen.0
        });
        prop_assert_eq!(&screens[0], &screens[1]);
    }
}
