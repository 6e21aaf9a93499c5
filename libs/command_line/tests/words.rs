//! How a command line falls into words.

use command_line::{Word, words};
use proptest::{
    collection, option,
    prelude::{any, prop_assert, prop_assert_eq, proptest},
};

/// All words of a text.
fn all(text: &str) -> Vec<Word<'_>> {
    words(text).collect()
}

/// A word without a value.
fn bare(key: &str) -> Word<'_> {
    Word { key, value: None }
}

/// A word with a value.
fn with_value<'a>(key: &'a str, value: &'a str) -> Word<'a> {
    Word {
        key,
        value: Some(value),
    }
}

#[test]
fn white_space_around_words_does_not_count() {
    assert_eq!(
        all("  one \t two=2\nthree "),
        [bare("one"), with_value("two", "2"), bare("three")]
    );
    assert_eq!(all(""), []);
    assert_eq!(all(" \t\n"), []);
}

#[test]
fn the_first_equals_sign_divides_key_and_value() {
    assert_eq!(all("a=b=c"), [with_value("a", "b=c")]);
    assert_eq!(all("a="), [with_value("a", "")]);
    assert_eq!(all("=a"), [with_value("", "a")]);
}

#[test]
fn a_quoted_value_keeps_its_spaces() {
    assert_eq!(all(r#"a="b c" d"#), [with_value("a", "b c"), bare("d")]);
    assert_eq!(all(r#"a="" d"#), [with_value("a", ""), bare("d")]);
}

#[test]
fn a_quoted_word_keeps_its_spaces() {
    assert_eq!(all(r#""a b" c"#), [bare("a b"), bare("c")]);
    assert_eq!(all(r#""a=b c" d"#), [with_value("a", "b c"), bare("d")]);
    assert_eq!(all(r#""""#), [bare("")]);
}

#[test]
fn an_open_quote_lasts_to_the_end() {
    assert_eq!(all(r#"a="b c"#), [with_value("a", "b c")]);
    assert_eq!(all(r#""a b"#), [bare("a b")]);
    assert_eq!(all(r#"a=""#), [with_value("a", "")]);
}

#[test]
fn a_closing_quote_ends_the_word() {
    assert_eq!(all(r#"a="b"c"#), [with_value("a", "b"), bare("c")]);
}

#[test]
fn a_quote_inside_a_word_is_a_character_of_it() {
    assert_eq!(all(r#"a"b c"d e"#), [bare("a\"b"), bare("c\"d"), bare("e")]);
    assert_eq!(all(r#"a=b"c d"#), [with_value("a", "b\"c"), bare("d")]);
}

#[test]
fn a_word_is_shown_as_it_was_written() {
    assert_eq!(with_value("a", "b c").to_string(), "a=b c");
    assert_eq!(bare("a").to_string(), "a");
}

proptest! {
    #[test]
    fn any_text_gives_words_that_are_parts_of_it(text in any::<String>()) {
        let mut length = 0;
        for word in words(&text) {
            prop_assert!(text.contains(word.key));
            prop_assert!(!word.key.contains('='));
            length += word.key.len() + word.value.map_or(0, |value| value.len() + 1);
        }
        prop_assert!(length <= text.len());
    }

    #[test]
    fn written_words_are_read_back(
        parts in collection::vec(("[^\"=\\s]{1,6}", option::of("[^\"]{0,8}")), 0..8),
    ) {
        let text: Vec<String> = parts
            .iter()
            .map(|(key, value)| value.as_ref().map_or(key.clone(), |value| format!("{key}=\"{value}\"")))
            .collect();
        let expected: Vec<_> = parts.iter().map(|(key, value)| Word { key, value: value.as_deref() }).collect();
        let text = text.join(" ");
        prop_assert_eq!(all(&text), expected);
    }

    #[test]
    fn quotes_and_equals_signs_in_any_order_end(text in "[a=\" ]{0,24}") {
        prop_assert!(words(&text).count() <= text.len());
    }
}
