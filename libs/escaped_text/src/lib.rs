//! Makes untrusted text safe for a log that people read on a terminal.
//!
//! Always true: the output is one line. It has no control characters, and no characters that hide or reorder other text. Those appear as
//! Rust escapes instead: `\u{1b}`. All other characters are unchanged.
#![no_std]
#![forbid(unsafe_code)]

use core::{
    fmt::{self, Write},
    ops::RangeInclusive,
};

/// Invisible characters that change how the text around them is shown, apart from control characters: the general categories Cf, Zl
/// and Zp (Unicode 16.0, DerivedGeneralCategory).
const INVISIBLE: [RangeInclusive<char>; 19] = [
    '\u{ad}'..='\u{ad}',
    '\u{600}'..='\u{605}',
    '\u{61c}'..='\u{61c}',
    '\u{6dd}'..='\u{6dd}',
    '\u{70f}'..='\u{70f}',
    '\u{890}'..='\u{891}',
    '\u{8e2}'..='\u{8e2}',
    '\u{180e}'..='\u{180e}',
    '\u{200b}'..='\u{200f}',
    '\u{2028}'..='\u{202e}',
    '\u{2060}'..='\u{206f}',
    '\u{feff}'..='\u{feff}',
    '\u{fff9}'..='\u{fffb}',
    '\u{110bd}'..='\u{110bd}',
    '\u{110cd}'..='\u{110cd}',
    '\u{13430}'..='\u{1343f}',
    '\u{1bca0}'..='\u{1bca3}',
    '\u{1d173}'..='\u{1d17a}',
    '\u{e0000}'..='\u{e007f}',
];

/// Shows untrusted text in its escaped form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EscapedText<'text>(pub &'text str);

impl fmt::Display for EscapedText<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if is_plain(self.0.as_bytes()) {
            return formatter.write_str(self.0);
        }
        let mut rest = self.0;
        while let Some(at) = rest.find(is_not_shown) {
            let (plain, after) = rest.split_at(at);
            formatter.write_str(plain)?;
            let mut characters = after.chars();
            characters
                .next()
                .into_iter()
                .flat_map(char::escape_default)
                .try_for_each(|character| formatter.write_char(character))?;
            rest = characters.as_str();
        }
        formatter.write_str(rest)
    }
}

/// Whether a text has only visible ASCII characters and spaces, so that nothing needs an escape. Tests eight bytes at once, since most
/// logged text is of this kind.
#[must_use]
#[inline]
pub fn is_plain(text: &[u8]) -> bool {
    /// The uppermost bit of each byte.
    const UPPERMOST: u64 = u64::from_le_bytes([0x80; 8]);
    /// The first visible character, the space, in each byte.
    const FIRST: u64 = u64::from_le_bytes([b' '; 8]);
    /// One in each byte.
    const ONE: u64 = u64::from_le_bytes([1; 8]);
    let (words, rest) = text.as_chunks::<8>();
    let is_plain_word = |word: &[u8; 8]| {
        let word = u64::from_le_bytes(*word);
        // A non-ASCII byte has the top bit itself, a byte below the space gets it by the difference, and 0x7f by the sum. A borrow or
        // carry into the next byte makes no difference: the word is not plain then in any case.
        (word | word.wrapping_sub(FIRST) | word.wrapping_add(ONE)) & UPPERMOST == 0
    };
    words.iter().all(is_plain_word) && rest.iter().all(|byte| (b' '..=b'~').contains(byte))
}

/// Whether a terminal acts on the character instead of showing it.
fn is_not_shown(character: char) -> bool {
    // Most text is ASCII.
    character.is_control() || (!character.is_ascii() && INVISIBLE.iter().any(|range| range.contains(&character)))
}
