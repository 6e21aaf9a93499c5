//! Validated texts for boot loader configurations, so that writers of menus need no quoting.
//!
//! `limine.conf` expands `${…}`, and a value ends with its line. GRUB's script language has quotes, `$`, `;`, `{` and
//! more, and GRUB puts backslashes before quotes in the kernel's command line. Only texts that both pass on unchanged
//! are accepted. A refusal is better than a kernel with another command line than the user typed.

use std::fmt;

/// Maximum length of a text. Limine's macro names and GRUB's lines have buffers of 1 KiB and more.
const MAX_LENGTH: usize = 1000;

/// Reason why a text cannot go into a boot loader's configuration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// A character that `limine.conf` or `grub.cfg` interprets, or that is not printable ASCII.
    #[error(
        "the character {character:?} at position {position} cannot be passed through Limine and GRUB unchanged \
         (allowed: printable ASCII without quotes, backslash and dollar sign)"
    )]
    Character {
        /// The offending character.
        character: char,
        /// Index of the character, from 0.
        position: usize,
    },
    /// Longer than the maximum.
    #[error("the text has {length} characters, more than the {MAX_LENGTH} that are passed on")]
    TooLong {
        /// Length in bytes.
        length: usize,
    },
    /// A file name for the ISO's root that is empty or has characters other than `A-Z a-z 0-9 _ - .`.
    #[error("{name:?} is not a name for a file on the ISO (allowed: A-Z a-z 0-9 _ - . and at most 64 characters)")]
    Name {
        /// The refused name.
        name: String,
    },
}

/// A command line for the kernel or a string for a module: words of printable ASCII with one space between them.
///
/// Several spaces become one, since GRUB passes on words, not text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BootText(String);

impl BootText {
    /// Validates a text.
    ///
    /// # Errors
    /// [`TextError::Character`] or [`TextError::TooLong`].
    pub fn new(text: &str) -> Result<Self, TextError> {
        if text.len() > MAX_LENGTH {
            return Err(TextError::TooLong { length: text.len() });
        }
        let refused = |character: char| !matches!(character, ' '..='~') || matches!(character, '"' | '\'' | '\\' | '$');
        if let Some((position, character)) = text.chars().enumerate().find(|(_, character)| refused(*character)) {
            return Err(TextError::Character { character, position });
        }
        Ok(Self(
            text.split(' ')
                .filter(|word| !word.is_empty())
                .collect::<Vec<_>>()
                .join(" "),
        ))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the words of the text, each in single quotes: a GRUB script passes these on unchanged.
    pub(crate) fn grub_words(&self) -> String {
        self.0
            .split(' ')
            .filter(|word| !word.is_empty())
            .map(|word| format!(" '{word}'"))
            .collect()
    }
}

impl fmt::Display for BootText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// The name of a file in the root of the ISO.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IsoName(String);

impl IsoName {
    /// Validates a name.
    ///
    /// # Errors
    /// [`TextError::Name`].
    pub fn new(name: &str) -> Result<Self, TextError> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
        let starts_well = name.bytes().next().is_some_and(|first| first.is_ascii_alphanumeric());
        if starts_well && name.len() <= 64 && name.bytes().all(allowed) {
            Ok(Self(name.to_owned()))
        } else {
            Err(TextError::Name { name: name.to_owned() })
        }
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for IsoName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn refuses_what_a_boot_loader_would_interpret() {
        for (text, character, position) in [
            ("a\nb", '\n', 1),
            ("\"", '"', 0),
            ("log='x", '\'', 4),
            ("a\\", '\\', 1),
            ("${ARCH}", '$', 0),
            ("a\tb", '\t', 1),
            ("ä", 'ä', 0),
            ("\u{7f}", '\u{7f}', 0),
            ("a\0", '\0', 1),
        ] {
            assert_eq!(
                BootText::new(text),
                Err(TextError::Character { character, position }),
                "{text:?}"
            );
        }
    }

    #[test]
    fn keeps_the_characters_that_single_quotes_protect() {
        let text = BootText::new("log.level=debug } ; { | & < > # * ? [x] (hd0) !").unwrap();
        assert_eq!(text.as_str(), "log.level=debug } ; { | & < > # * ? [x] (hd0) !");
        assert!(text.grub_words().starts_with(" 'log.level=debug' '}' ';'"));
    }

    #[test]
    fn makes_runs_of_spaces_one_space() {
        assert_eq!(BootText::new("  a   b ").unwrap().as_str(), "a b");
        assert_eq!(BootText::new("  ").unwrap().grub_words(), "");
    }

    #[test]
    fn refuses_a_text_that_is_too_long() {
        assert_eq!(
            BootText::new(&"x".repeat(1001)),
            Err(TextError::TooLong { length: 1001 })
        );
        assert!(BootText::new(&"x".repeat(1000)).is_ok());
    }

    #[test]
    fn refuses_names_that_leave_the_root_or_break_a_menu() {
        for name in ["", "..", ".hidden", "a/b", "a b", "a\n", "-rf", "ä", &"x".repeat(65)] {
            assert!(IsoName::new(name).is_err(), "{name:?}");
        }
        assert_eq!(
            IsoName::new("user_mode_program_0").unwrap().as_str(),
            "user_mode_program_0"
        );
    }

    proptest! {
        #[test]
        fn an_accepted_text_has_no_character_that_ends_a_single_quote_or_a_line(text in ".*") {
            if let Ok(text) = BootText::new(&text) {
                prop_assert!(text.as_str().bytes().all(|byte| (b' '..=b'~').contains(&byte)));
                prop_assert!(!text.as_str().contains(['\'', '"', '\\', '$']));
                prop_assert!(!text.as_str().starts_with(' ') && !text.as_str().contains("  "));
            }
        }
    }
}
