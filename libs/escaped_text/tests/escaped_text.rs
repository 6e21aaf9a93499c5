//! What a log may contain, whatever text it is given.

use escaped_text::{EscapedText, is_plain};
use proptest::prelude::*;

fn escaped(text: &str) -> String {
    EscapedText(text).to_string()
}

#[test]
fn ordinary_text_stays_as_it_is() {
    for text in ["", "Hello, world: 5 > 3 \\ \"x\"", "Grüße, Δ, 日本語, 🦀, é, x\u{301}"] {
        assert_eq!(escaped(text), text);
    }
}

#[test]
fn what_a_terminal_obeys_is_spelt_out() {
    for (text, shown) in [
        ("a\nb", "a\\nb"),
        ("a\r\tb", "a\\r\\tb"),
        ("\u{1b}[31mred", "\\u{1b}[31mred"),
        ("\0\u{7f}\u{9b}x", "\\u{0}\\u{7f}\\u{9b}x"),
        ("\u{202e}drow", "\\u{202e}drow"),
        (
            "\u{2028}\u{2066}\u{feff}\u{e0041}",
            "\\u{2028}\\u{2066}\\u{feff}\\u{e0041}",
        ),
    ] {
        assert_eq!(escaped(text), shown);
    }
}

proptest! {
    #[test]
    fn the_result_is_one_line_without_control_characters(text in any::<String>()) {
        let result = escaped(&text);
        prop_assert!(!result.chars().any(char::is_control));
        prop_assert_eq!(escaped(&result), result);
    }

    #[test]
    fn no_control_character_gets_through(before in "[a-z]{0,4}", character in prop_oneof![0_u32..0x20, 0x7f_u32..0xa0], behind in "[a-z]{0,4}") {
        let character = char::from_u32(character).unwrap_or('\0');
        let result = escaped(&format!("{before}{character}{behind}"));
        let tail = character.escape_default().chain(behind.chars());
        prop_assert_eq!(result, before.chars().chain(tail).collect::<String>());
    }
}

proptest! {
    #[test]
    fn a_text_is_plain_if_it_is_visible_ascii_or_spaces(text in "([ -~]{0,20}|[\\x00-\\u{ff}]{0,20}|[ -~]{0,12}[\\x00-\\u{ff}][ -~]{0,12})") {
        let expected = text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
        prop_assert_eq!(is_plain(text.as_bytes()), expected);
    }

    #[test]
    fn a_plain_text_is_written_as_it_is(text in "[ -~]{0,40}") {
        prop_assert!(is_plain(text.as_bytes()));
        prop_assert_eq!(EscapedText(&text).to_string(), text);
    }
}
