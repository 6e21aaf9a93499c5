//! Escape sequences in the runner's output: whether a person wants them, and their removal.

use std::env;
use std::io::{IsTerminal, stdout};

/// The escape character.
const ESCAPE: u8 = 0x1b;

/// The bell, which ends a command to the terminal.
const BELL: u8 = 0x07;
/// Bytes of the longest sequence that is removed: what is longer is none, and its rest stays.
const LONGEST_SEQUENCE: usize = 4096;

/// Which escape sequences are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TerminalStyle {
    /// All.
    Coloured,
    /// All but colours and commands to the terminal (its title, links): the cursor moves as the firmware and QEMU's
    /// monitor ask for.
    WithoutColours,
    /// None.
    Plain,
}

impl TerminalStyle {
    /// The style of this process's standard output.
    pub(crate) fn of_standard_output() -> Self {
        Self::choose(stdout().is_terminal(), |name| env::var(name).ok())
    }

    /// `NO_COLOR` (no-color.org) first, then `CLICOLOR_FORCE` and `CLICOLOR` (bixense.com/clicolors).
    fn choose(is_terminal: bool, variable: impl Fn(&str) -> Option<String>) -> Self {
        let is_dumb = variable("TERM").as_deref() == Some("dumb");
        if forces_colours(&variable) {
            Self::Coloured
        } else if !is_terminal || is_dumb {
            Self::Plain
        } else if is_set(variable("NO_COLOR")) || variable("CLICOLOR").as_deref() == Some("0") {
            Self::WithoutColours
        } else {
            Self::Coloured
        }
    }
}

/// Whether the person wants colours everywhere, also in files.
pub(crate) fn colours_are_forced() -> bool {
    forces_colours(|name| env::var(name).ok())
}

/// Whether `CLICOLOR_FORCE` counts: an empty one and `0` do not.
fn forces_colours(variable: impl Fn(&str) -> Option<String>) -> bool {
    let force = variable("CLICOLOR_FORCE").filter(|value| value != "0");
    !is_set(variable("NO_COLOR")) && is_set(force)
}

/// Whether a variable is set and not empty.
fn is_set(value: Option<String>) -> bool {
    value.is_some_and(|value| !value.is_empty())
}

/// Removes escape sequences from a stream that comes in pieces (ECMA-48, 5.4).
#[derive(Debug)]
pub(crate) struct EscapeFilter {
    /// What stays.
    style: TerminalStyle,
    /// The sequence that has begun and is not whole; empty outside of one.
    sequence: Vec<u8>,
}

impl EscapeFilter {
    /// A filter at the beginning of a stream.
    pub(crate) fn new(style: TerminalStyle) -> Self {
        Self {
            style,
            sequence: Vec::new(),
        }
    }

    /// The bytes of a piece that stay.
    pub(crate) fn pass(&mut self, piece: &[u8]) -> Vec<u8> {
        if self.style == TerminalStyle::Coloured {
            return piece.to_vec();
        }
        let mut kept = Vec::with_capacity(piece.len());
        for &byte in piece {
            match (self.sequence.as_slice(), byte) {
                // A sequence begins, also inside of one that is not whole.
                (_, ESCAPE) => self.sequence = vec![ESCAPE],
                ([], _) => kept.push(byte),
                // `BEL` or `ESC \` ends a command, which begins with `ESC ]`.
                ([_, b']', ..], BELL) | ([_], b'\\') => self.sequence.clear(),
                (sequence, _) if sequence.len() >= LONGEST_SEQUENCE => {
                    self.sequence.clear();
                    kept.push(byte);
                }
                // `ESC [` and parameters, `ESC ]` and any text, or intermediate characters: more follows.
                ([_], b'[' | b']') | ([_, b']', ..], b' '..) | (_, b' '..=b'/') => self.sequence.push(byte),
                ([_, b'[', ..], b'0'..=b'?') => self.sequence.push(byte),
                (_, b'0'..=b'~') => {
                    let is_colour = self.sequence.get(1) == Some(&b'[') && byte == b'm';
                    if self.style == TerminalStyle::WithoutColours && !is_colour {
                        kept.append(&mut self.sequence);
                        kept.push(byte);
                    }
                    self.sequence.clear();
                }
                // No sequence after all.
                _ => {
                    self.sequence.clear();
                    kept.push(byte);
                }
            }
        }
        kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn style(is_terminal: bool, variables: &[(&str, &str)]) -> TerminalStyle {
        let value = |name: &str| {
            variables
                .iter()
                .find(|(other, _)| *other == name)
                .map(|(_, value)| (*value).to_owned())
        };
        TerminalStyle::choose(is_terminal, value)
    }

    #[test]
    fn a_terminal_has_colours_unless_the_person_wants_none() {
        use TerminalStyle::{Coloured, Plain, WithoutColours};
        for (is_terminal, variables, expected) in [
            (true, &[][..], Coloured),
            (false, &[], Plain),
            (true, &[("NO_COLOR", "1")], WithoutColours),
            (true, &[("NO_COLOR", "")], Coloured),
            (true, &[("CLICOLOR", "0")], WithoutColours),
            (true, &[("TERM", "dumb")], Plain),
            (false, &[("CLICOLOR_FORCE", "1")], Coloured),
            (false, &[("CLICOLOR_FORCE", "0")], Plain),
            (false, &[("CLICOLOR_FORCE", "")], Plain),
            (true, &[("TERM", "dumb"), ("CLICOLOR_FORCE", "1")], Coloured),
            (false, &[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")], Plain),
        ] {
            assert_eq!(style(is_terminal, variables), expected, "{is_terminal} {variables:?}");
        }
    }

    #[test]
    fn sequences_are_removed_also_when_they_come_in_pieces() {
        let text = b"\x1b[2J\x1b[01;01H\x1b[=3h\x1bc\x1b(B\x1b[90m[0]\x1b[39m \x1b[94mINFO\x1b[39m Hello\r\n";
        for (style, expected) in [
            (TerminalStyle::Plain, &b"[0] INFO Hello\r\n"[..]),
            (
                TerminalStyle::WithoutColours,
                b"\x1b[2J\x1b[01;01H\x1b[=3h\x1bc\x1b(B[0] INFO Hello\r\n",
            ),
            (TerminalStyle::Coloured, text),
        ] {
            for length in [1, 2, 3, 5, 100] {
                let mut filter = EscapeFilter::new(style);
                let kept: Vec<_> = text.chunks(length).flat_map(|piece| filter.pass(piece)).collect();
                assert_eq!(kept, expected, "{style:?} {length}");
            }
        }
    }

    #[test]
    fn unfinished_sequences_and_commands_swallow_no_text() {
        let long = format!("\x1b]{}", "x".repeat(LONGEST_SEQUENCE));
        for (text, expected) in [
            ("\x1b[3\x1b[31mred", "red"),
            ("\x1b\x1b[0mplain", "plain"),
            ("\x1b]0;title 1\x07text", "text"),
            ("\x1b]8;;http://a/ä\x1b\\link\x1b]8;;\x1b\\.", "link."),
            // Neither ends.
            ("\x1b]0;title\ntext", "\ntext"),
            (&long, "xx"),
        ] {
            for style in [TerminalStyle::Plain, TerminalStyle::WithoutColours] {
                for length in [1, 2, 3, 5, 10000] {
                    let mut filter = EscapeFilter::new(style);
                    let pieces = text.as_bytes().chunks(length);
                    let kept: Vec<_> = pieces.flat_map(|piece| filter.pass(piece)).collect();
                    assert_eq!(String::from_utf8_lossy(&kept), expected, "{style:?} {length}");
                }
            }
        }
    }
}
