//! Any text is a function's name: `cargo fuzz run frame_line` in `libs/backtrace`.
#![no_main]

use backtrace::{FrameLine, MAX_NAME_BYTES, Symbol};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|name: &str| {
    let line = FrameLine {
        number: 0,
        address: u64::MAX,
        symbol: Some(Symbol { name, offset: u64::MAX }),
    };
    assert!(line.to_string().len() <= MAX_NAME_BYTES + 64);
});
