//! Claims about memory, with which the kernel's calls are made.

use super::{BROKEN, Case, kept};
use core::ptr;
use program_runtime::{map, syscall, unmap};
use syscall_abi::{LogLevel, MAX_LOG_BYTES, Registers, Request, SyscallError};

/// A page.
const PAGE_BYTES: usize = 4096;

/// The same among addresses.
const PAGE: u64 = PAGE_BYTES as u64;

/// The address behind the highest of the stack.
const STACK_TOP: u64 = 0x7fff_0000_0000;

/// All of the subject.
pub(super) const CASES: &[Case] = &[Case {
    name: "pointers",
    run: pointers,
}];

/// Logs memory that a program says is there.
fn log(address: u64, length_bytes: u64) -> Result<(), SyscallError> {
    let request = Request::Log {
        level: LogLevel::Trace,
        address,
        length_bytes,
    };
    let mut registers = request.to_registers().into();
    // SAFETY: The kernel reads memory, or does not.
    unsafe { syscall(&mut registers) };
    Registers::from(registers).outcome(&request).map(drop)
}

/// Every edge that a claim can have.
fn pointers(_number: u64) -> u64 {
    let Some((hole, unfilled)) = pages() else { return BROKEN };
    let (bad, long) = (Err(SyscallError::BadPointer), Err(SyscallError::TooLong));
    let text_end = 0x7fff_ffff_f000;
    let outcomes = [
        // Nothing is nowhere, and is in order.
        (0, 0, Ok(())),
        (u64::MAX, 0, Ok(())),
        (0xffff_ffff_8000_0000, 0, Ok(())),
        // Null and its page.
        (0, 1, bad),
        (0xfff, 1, bad),
        // The last bytes of what there is: of the stack, and of the half.
        (STACK_TOP - 8, 8, Ok(())),
        (STACK_TOP - 8, 9, bad),
        (STACK_TOP, 1, bad),
        (text_end, 1, bad),
        (text_end - 1, 2, bad),
        // Around the end of all addresses.
        (u64::MAX, 1, bad),
        (u64::MAX, 2, bad),
        (u64::MAX - 7, 8, bad),
        (u64::MAX - 7, 16, bad),
        // The kernel's half, and no half.
        (0x8000_0000_0000, 8, bad),
        (0xffff_7fff_ffff_fff8, 8, bad),
        (0xffff_8000_0000_0000, 8, bad),
        (0xffff_ffff_8000_0000, 8, bad),
        (0x7fff_ffff_fff8, 16, bad),
        // A hole in the middle, before and behind it.
        (hole - 8, 8, Ok(())),
        (hole - 8, 9, bad),
        (hole - 8, PAGE, bad),
        (hole, 1, bad),
        (hole + PAGE - 1, 2, bad),
        (hole + PAGE, 8, Ok(())),
        // Pages that are promised and not there yet.
        (unfilled + PAGE - 4, 8, Ok(())),
        // Lengths.
        (unfilled, MAX_LOG_BYTES as u64, Ok(())),
        (unfilled, MAX_LOG_BYTES as u64 + 1, long),
        (unfilled, 1 << 20, long),
        (unfilled, 1 << 63, long),
        (unfilled, u64::MAX, long),
        (0, u64::MAX, long),
    ];
    let wrong = outcomes
        .iter()
        .position(|(address, length_bytes, expected)| log(*address, *length_bytes) != *expected);
    wrong.map_or(kept(true), |index| index as u64 + 10)
}

/// A page that was unmapped between two that are filled, and the first of two pages that are not.
fn pages() -> Option<(u64, u64)> {
    let around = map(3 * PAGE_BYTES).ok()?;
    for index in [0, 2] {
        // SAFETY: The pages were just mapped.
        unsafe { ptr::write_volatile(around.wrapping_add(index * PAGE_BYTES), 0) };
    }
    let hole = around.wrapping_add(PAGE_BYTES);
    // SAFETY: Nobody uses it.
    unsafe { unmap(hole, PAGE_BYTES) }.ok()?;
    let unfilled = map(2 * PAGE_BYTES).ok()?;
    // The hole may have been filled again.
    let apart = unfilled.addr() != hole.addr();
    apart.then_some((hole.addr() as u64, unfilled.addr() as u64))
}
