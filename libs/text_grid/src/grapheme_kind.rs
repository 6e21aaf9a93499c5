//! What each grapheme of a text does to the console.

use unicode_segmentation::UnicodeSegmentation;

use crate::cell::REPLACEMENT_BOX;

/// What a grapheme does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GraphemeKind {
    /// Begins a new line.
    NewLine,
    /// Goes on at the next tab stop.
    Tab,
    /// Does nothing.
    Ignored,
    /// Takes one cell.
    Drawn(char),
}

impl GraphemeKind {
    /// What one grapheme does. Everything that the ASCII font does not hold takes one cell as a box: control characters,
    /// letters with marks, wide characters and emoji of any length.
    fn of(grapheme: &str) -> Self {
        match grapheme {
            "\n" | "\r\n" => Self::NewLine,
            "\t" => Self::Tab,
            "\r" => Self::Ignored,
            _ => match grapheme.as_bytes() {
                [byte @ b' '..=b'~'] => Self::Drawn(char::from(*byte)),
                _ => Self::Drawn(REPLACEMENT_BOX),
            },
        }
    }
}

/// The graphemes of a text, one after the other.
///
/// An ASCII character before another one, or before the end, is a grapheme of its own; only the rest goes through the
/// tables of Unicode. `"\r\n"`, the one pair of ASCII characters that is a single grapheme, does the same in two steps.
pub(crate) struct GraphemeKinds<'a> {
    /// What is left of the text; it begins with a whole grapheme.
    rest: &'a str,
}

impl<'a> GraphemeKinds<'a> {
    /// All graphemes of a text.
    pub(crate) fn new(text: &'a str) -> Self {
        Self { rest: text }
    }
}

impl Iterator for GraphemeKinds<'_> {
    type Item = GraphemeKind;

    fn next(&mut self) -> Option<GraphemeKind> {
        let grapheme_length = match self.rest.as_bytes() {
            [] => return None,
            [first] | [first, 0..=0x7f, ..] if first.is_ascii() => 1,
            _ => self.rest.graphemes(true).next()?.len(),
        };
        let (grapheme, rest) = self.rest.split_at(grapheme_length);
        self.rest = rest;
        Some(GraphemeKind::of(grapheme))
    }
}
