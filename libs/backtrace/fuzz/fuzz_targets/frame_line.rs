//! Any text is a function's name: `cargo fuzz run frame_line` in `libs/backtrace`.
#![no_main]

use backtrace::{FrameLine, MAX_NAME_BYTES, NameOrigin, Symbol};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|name: &str| {
    for name_origin in [NameOrigin::Own, NameOrigin::Foreign] {
        let line = FrameLine {
            number: 0,
            address: u64::MAX,
            symbol: Some(Symbol { name, offset: u64::MAX }),
            name_origin,
        };
        let text = line.to_string();
        assert!(text.len() <= MAX_NAME_BYTES + 64);
        assert!(name_origin == NameOrigin::Own || !text.contains(char::is_control));
    }
});
