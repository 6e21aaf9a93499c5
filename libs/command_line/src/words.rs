//! Splits a command line into words. Nothing is copied: all parts are slices of the text.

use core::fmt;

/// Iterates over the words of a command line.
#[must_use]
pub fn words(text: &str) -> Words<'_> {
    Words { rest: text }
}

/// `key` or `key=value`, without quotes around the word or the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Word<'a> {
    /// The text before the first `=`, or the whole word.
    pub key: &'a str,
    /// The text after the first `=`.
    pub value: Option<&'a str>,
}

impl fmt::Display for Word<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.key)?;
        match self.value {
            Some(value) => write!(formatter, "={value}"),
            None => Ok(()),
        }
    }
}

/// The iterator that [`words`] returns.
#[derive(Debug, Clone)]
pub struct Words<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Words<'a> {
    type Item = Word<'a>;

    fn next(&mut self) -> Option<Word<'a>> {
        let text = self.rest.trim_ascii_start();
        if text.is_empty() {
            self.rest = text;
            return None;
        }
        if let Some(quoted) = text.strip_prefix('"') {
            return Some(split_at_equals(self.take_quoted(quoted)));
        }
        let end = text
            .find(|character: char| character.is_ascii_whitespace())
            .unwrap_or(text.len());
        let (word, rest) = text.split_at(end);
        if let Some((key, _)) = word.split_once('=')
            && let Some(quoted) = text.get(key.len() + 1..).and_then(|value| value.strip_prefix('"'))
        {
            return Some(Word {
                key,
                value: Some(self.take_quoted(quoted)),
            });
        }
        self.rest = rest;
        Some(split_at_equals(word))
    }
}

impl<'a> Words<'a> {
    /// Returns the text up to the closing quote, or all of it if there is none. The quote ends the word: text directly after it
    /// is the next word.
    fn take_quoted(&mut self, text: &'a str) -> &'a str {
        let (quoted, rest) = text.split_once('"').unwrap_or((text, ""));
        self.rest = rest;
        quoted
    }
}

fn split_at_equals(word: &str) -> Word<'_> {
    match word.split_once('=') {
        Some((key, value)) => Word {
            key,
            value: Some(value),
        },
        None => Word { key: word, value: None },
    }
}
