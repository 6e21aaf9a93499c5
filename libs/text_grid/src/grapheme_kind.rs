//! The effect of each grapheme of a text on the console.

use unicode_segmentation::UnicodeSegmentation;

use crate::cell::REPLACEMENT_BOX;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GraphemeKind {
    NewLine,
    Tab,
    Ignored,
    Drawn(char),
}

impl GraphemeKind {
    /// Classifies a grapheme. Everything that the ASCII font does not have is one box: control characters, letters with marks,
    /// wide characters and emoji of any length.
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

/// Iterates over the graphemes of a text.
///
/// An ASCII character before another one, or at the end, is a grapheme; only the rest needs the tables of Unicode. `"\r\n"`, the
/// only grapheme of two ASCII characters, has the same effect as two graphemes.
pub(crate) struct GraphemeKinds<'a> {
    /// The rest of the text; it starts at the start of a grapheme.
    rest: &'a str,
}

impl<'a> GraphemeKinds<'a> {
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
