//! Any text is a command line: `cargo fuzz run parse` in `libs/command_line`.
#![no_main]

use command_line::{Options, words};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let mut others = 0;
    Options::parse(text, |word, _| {
        assert!(!word.key.starts_with("loader."));
        others += 1;
    });
    assert!(others <= words(text).count());
    for word in words(text) {
        assert!(text.contains(word.key));
        assert!(word.value.is_none_or(|value| text.contains(value)));
    }
});
