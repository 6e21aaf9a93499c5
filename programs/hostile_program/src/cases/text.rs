//! Text that wants to be something else in the log.

use super::{Case, SURVIVED, kept};
use alloc::{string::String, vec};
use core::arch::asm;
use program_runtime::{LogLevel, log, syscall};
use syscall_abi::{MAX_LOG_BYTES, Registers, Request, SyscallError};

/// All of the subject.
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

/// Sends bytes as text.
fn log_bytes(bytes: &[u8]) -> Result<(), SyscallError> {
    let request = Request::Log {
        level: LogLevel::Info,
        address: bytes.as_ptr().addr() as u64,
        length_bytes: bytes.len() as u64,
    };
    let mut registers = request.to_registers().into();
    // SAFETY: The kernel reads the bytes.
    unsafe { syscall(&mut registers) };
    Registers::from(registers).outcome(&request).map(drop)
}

/// Bytes that are no text: alone, cut short, too long, a surrogate, beyond the last character.
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

/// Lines that look like the kernel's, and what a terminal obeys.
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

/// As long as it may be, longer, and much longer.
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

/// Texts of one line that are as long as they may be, and five times as long in the log.
fn control_characters(_number: u64) -> u64 {
    let text = String::from("\u{1}").repeat(MAX_LOG_BYTES);
    kept((0..32).all(|_| log(LogLevel::Info, &text).is_ok()))
}

/// A line for every two bytes.
fn many_lines(_number: u64) -> u64 {
    kept(log(LogLevel::Info, &"l\n".repeat(200)).is_ok())
}

/// Has the kernel name a function whose name tells a terminal to clear the screen.
fn killed_under_an_odd_name(_number: u64) -> u64 {
    odd_name()
}

/// The name stands for `a::\u{9b}2J`.
// SAFETY: Nobody else has a function of this name.
#[unsafe(export_name = "_RNvC1au6_2J_lca")]
extern "C" fn odd_name() -> u64 {
    // SAFETY: It is the program's end.
    unsafe { asm!("ud2") };
    SURVIVED
}
