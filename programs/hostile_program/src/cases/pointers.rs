//! Pointers and lengths in system calls.

use super::{BROKEN, Case, kept};
use core::ptr;
use program_runtime::{map, syscall, unmap};
use syscall_abi::{LogLevel, MAX_LOG_BYTES, Registers, Request, SyscallError};

/// Page size in bytes.
const PAGE_BYTES: usize = 4096;

const PAGE: u64 = PAGE_BYTES as u64;

/// End of the stack's address range.
const STACK_TOP: u64 = 0x7fff_0000_0000;

pub(super) const CASES: &[Case] = &[Case {
    name: "pointers",
    run: pointers,
}];

/// Logs memory at any address.
fn log(address: u64, length_bytes: u64) -> Result<(), SyscallError> {
    let request = Request::Log {
        level: LogLevel::Trace,
        address,
        length_bytes,
    };
    let mut registers = request.to_registers().into();
    // SAFETY: The kernel only reads the memory, or refuses.
    unsafe { syscall(&mut registers) };
    Registers::from(registers).outcome(&request).map(drop)
}

/// Checks the edge cases of pointer validation.
fn pointers(_number: u64) -> u64 {
    let Some((hole, unfilled)) = pages() else { return BROKEN };
    let (bad, long) = (Err(SyscallError::BadPointer), Err(SyscallError::TooLong));
    let text_end = 0x7fff_ffff_f000;
    let outcomes = [
        // An empty range is valid at any address.
        (0, 0, Ok(())),
        (u64::MAX, 0, Ok(())),
        (0xffff_ffff_8000_0000, 0, Ok(())),
        // The null page.
        (0, 1, bad),
        (0xfff, 1, bad),
        // The end of the stack, and the end of the lower half.
        (STACK_TOP - 8, 8, Ok(())),
        (STACK_TOP - 8, 9, bad),
        (STACK_TOP, 1, bad),
        (text_end, 1, bad),
        (text_end - 1, 2, bad),
        // Around the end of the address space.
        (u64::MAX, 1, bad),
        (u64::MAX, 2, bad),
        (u64::MAX - 7, 8, bad),
        (u64::MAX - 7, 16, bad),
        // The higher half, and non-canonical addresses.
        (0x8000_0000_0000, 8, bad),
        (0xffff_7fff_ffff_fff8, 8, bad),
        (0xffff_8000_0000_0000, 8, bad),
        (0xffff_ffff_8000_0000, 8, bad),
        (0x7fff_ffff_fff8, 16, bad),
        // Around an unmapped page between mapped ones.
        (hole - 8, 8, Ok(())),
        (hole - 8, 9, bad),
        (hole - 8, PAGE, bad),
        (hole, 1, bad),
        (hole + PAGE - 1, 2, bad),
        (hole + PAGE, 8, Ok(())),
        // Reserved pages without a frame.
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

/// Returns an unmapped page between two filled ones, and the first of two reserved pages without frames.
fn pages() -> Option<(u64, u64)> {
    let around = map(3 * PAGE_BYTES).ok()?;
    for index in [0, 2] {
        // SAFETY: The pages were just mapped.
        unsafe { ptr::write_volatile(around.wrapping_add(index * PAGE_BYTES), 0) };
    }
    let hole = around.wrapping_add(PAGE_BYTES);
    // SAFETY: The program does not use the page.
    unsafe { unmap(hole, PAGE_BYTES) }.ok()?;
    let unfilled = map(2 * PAGE_BYTES).ok()?;
    // The second `map` may have reused the hole.
    let apart = unfilled.addr() != hole.addr();
    apart.then_some((hole.addr() as u64, unfilled.addr() as u64))
}
