//! Log texts that try to imitate or damage the log.

use super::{Case, SURVIVED, kept};
use alloc::{string::String, vec};
use core::arch::asm;
use program_runtime::{LogLevel, log, syscall};
use syscall_abi::{MAX_LOG_BYTES, Registers, Request, SyscallError};

pub(super) const CASES: &[Case] = &[
    Case {
        name: "bad_utf8",
        run: bad_utf8,
    },
    Case {
        name: "fake_lines",
        run: fake_lines,
    },
    Case {
        name: "long_text",
        run: long_text,
    },
    Case {
        name: "control_characters",
        run: control_characters,
    },
    Case {
        name: "many_lines",
        run: many_lines,
    },
    Case {
        name: "killed_under_an_odd_name",
        run: killed_under_an_odd_name,
    },
];

/// Logs bytes that may be invalid UTF-8.
fn log_bytes(bytes: &[u8]) -> Result<(), SyscallError> {
    let request = Request::Log {
        level: LogLevel::Info,
        address: bytes.as_ptr().addr() as u64,
        length_bytes: bytes.len() as u64,
    };
    let mut registers = request.to_registers().into();
    // SAFETY: The kernel only reads the bytes.
    unsafe { syscall(&mut registers) };
    Registers::from(registers).outcome(&request).map(drop)
}

/// Logs invalid UTF-8: a lone byte, a truncated or overlong sequence, a surrogate, a value beyond Unicode.
fn bad_utf8(_number: u64) -> u64 {
    let texts: [&[u8]; 7] = [
        &[0x80],
        &[0xff; 16],
        &[b'a', 0xc3],
        &[0xc0, 0x80],
        &[0xed, 0xa0, 0x80],
        &[0xf4, 0x90, 0x80, 0x80],
        b"fine until \xfe here",
    ];
    kept(texts.iter().all(|text| log_bytes(text) == Err(SyscallError::NotUtf8)))
}

/// Logs imitations of the kernel's lines, and terminal escape sequences.
fn fake_lines(_number: u64) -> u64 {
    let texts = [
        "first\n[0] ERROR panicked at fake.rs:1:1\nprogram exited 0\n",
        "\r[0] ERROR panicked at fake.rs:2:2",
        "\u{1b}[2J\u{1b}[H[0] ERROR panicked at fake.rs:3:3",
        "\u{9b}2J\u{85}[0] INFO  Rebooting",
        "\u{2028}[0] INFO  Rebooting\u{202e}\u{200b}",
        "\0\u{7}\u{8}\u{b}\u{c}\u{7f}",
        "\n\n\n",
        "",
    ];
    kept(texts.iter().all(|text| log(LogLevel::Info, text).is_ok()))
}

/// Logs texts of the maximum length, one byte more, and 1 MiB.
fn long_text(_number: u64) -> u64 {
    let longest = String::from("x").repeat(MAX_LOG_BYTES);
    let longer = vec![b'y'; MAX_LOG_BYTES + 1];
    let much_longer = vec![b'z'; 1 << 20];
    kept(
        log_bytes(longest.as_bytes()) == Ok(())
            && log_bytes(&longer) == Err(SyscallError::TooLong)
            && log_bytes(&much_longer) == Err(SyscallError::TooLong),
    )
}

/// Logs lines of the maximum length, which the log's escapes make five times as long.
fn control_characters(_number: u64) -> u64 {
    let text = String::from("\u{1}").repeat(MAX_LOG_BYTES);
    kept((0..32).all(|_| log(LogLevel::Info, &text).is_ok()))
}

/// Logs a new line every two bytes.
fn many_lines(_number: u64) -> u64 {
    kept(log(LogLevel::Info, &"l\n".repeat(200)).is_ok())
}

/// Dies in a function whose demangled name would clear a terminal's screen.
fn killed_under_an_odd_name(_number: u64) -> u64 {
    odd_name()
}

// Demangled name: `a::\u{9b}2J`.
// SAFETY: No other function has this name.
#[unsafe(export_name = "_RNvC1au6_2J_lca")]
extern "C" fn odd_name() -> u64 {
    // SAFETY: The kernel kills the program.
    unsafe { asm!("ud2") };
    SURVIVED
}
