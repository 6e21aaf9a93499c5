//! Limits of `map` and `unmap`.

use super::{BROKEN, Case, GOOD, SURVIVED, kept};
use core::ptr;
use program_runtime::{map, unmap};
use syscall_abi::SyscallError;

/// Page size in bytes.
const PAGE: usize = 4096;

/// Size of one request when a case maps all memory.
const PIECE: usize = 256 * PAGE;

pub(super) const CASES: &[Case] = &[
    Case {
        name: "map_until_refused",
        run: map_until_refused,
    },
    Case {
        name: "touch_until_killed",
        run: touch_until_killed,
    },
    Case {
        name: "map_odd_sizes",
        run: map_odd_sizes,
    },
    Case {
        name: "unmap_what_is_not_mapped",
        run: unmap_what_is_not_mapped,
    },
    Case {
        name: "unmap_and_touch",
        run: unmap_and_touch,
    },
    Case {
        name: "scatter_mappings",
        run: scatter_mappings,
    },
    Case {
        name: "scatter_frames",
        run: scatter_frames,
    },
    Case {
        name: "mapped_is_zeroed",
        run: mapped_is_zeroed,
    },
];

/// Maps all available memory, without touching it.
fn map_until_refused(_number: u64) -> u64 {
    for size in [PAGE << 18, PAGE << 8, PAGE] {
        loop {
            match map(size) {
                Ok(_) => {}
                Err(SyscallError::OutOfMemory) => break,
                Err(_) => return BROKEN,
            }
        }
    }
    GOOD
}

/// Maps all available memory and touches all of it. Page tables add to that: on a large machine they need more than the
/// kernel leaves to programs.
fn touch_until_killed(_number: u64) -> u64 {
    while let Ok(page) = map(16 * PAGE) {
        for index in 0..16 {
            // SAFETY: The page was just mapped.
            unsafe { ptr::write_volatile(page.wrapping_add(index * PAGE), 1) };
        }
    }
    SURVIVED
}

/// Maps sizes that no program can get.
fn map_odd_sizes(_number: u64) -> u64 {
    let refused = [usize::MAX, usize::MAX - PAGE, 1 << 47, 1 << 44, (1 << 63) + 1]
        .map(|size| map(size) == Err(SyscallError::OutOfMemory));
    kept(map(0) == Err(SyscallError::BadArgument) && refused == [true; 5] && map(1).is_ok())
}

/// Unmaps addresses that `map` never returned.
fn unmap_what_is_not_mapped(_number: u64) -> u64 {
    let Ok(page) = map(3 * PAGE) else { return BROKEN };
    let start = page.addr();
    let on_stack = 0_u8;
    let stack_page = (&raw const on_stack).addr() & !(PAGE - 1);
    for (address, size, expected) in [
        (start, 0, SyscallError::BadArgument),
        (start + 1, PAGE, SyscallError::BadArgument),
        (start, usize::MAX, SyscallError::NotMapped),
        (start, usize::MAX - PAGE + 1, SyscallError::NotMapped),
        (start, 4 * PAGE, SyscallError::NotMapped),
        (start - PAGE, 2 * PAGE, SyscallError::NotMapped),
        (0, PAGE, SyscallError::NotMapped),
        (0x40_0000, PAGE, SyscallError::NotMapped),
        (stack_page, PAGE, SyscallError::NotMapped),
        (0x7fff_ffff_e000, PAGE, SyscallError::NotMapped),
        (0x7fff_ffff_f000, PAGE, SyscallError::NotMapped),
        (0x8000_0000_0000, PAGE, SyscallError::NotMapped),
        (0xffff_8000_0000_0000, PAGE, SyscallError::NotMapped),
        (0xffff_ffff_8000_0000, PAGE, SyscallError::NotMapped),
        (0xffff_ffff_ffff_f000, PAGE, SyscallError::NotMapped),
    ] {
        // SAFETY: The kernel must refuse to unmap; a wrong answer is detected below.
        let outcome = unsafe { unmap(ptr::with_exposed_provenance_mut(address), size) };
        if outcome != Err(expected) {
            return BROKEN;
        }
    }
    // SAFETY: The program does not use the pages.
    let once = unsafe { unmap(page, 3 * PAGE) };
    // SAFETY: The pages are no longer mapped, so the kernel must refuse.
    let twice = unsafe { unmap(page, 3 * PAGE) };
    kept(once == Ok(()) && twice == Err(SyscallError::NotMapped))
}

/// Reads unmapped memory.
fn unmap_and_touch(_number: u64) -> u64 {
    let Ok(page) = map(PAGE) else { return BROKEN };
    // SAFETY: The page was just mapped.
    unsafe { ptr::write_volatile(page, 1) };
    // SAFETY: The use after `unmap` is intended.
    if unsafe { unmap(page, PAGE) }.is_err() {
        return BROKEN;
    }
    // SAFETY: The read faults, and the kernel kills the program.
    let _byte = unsafe { ptr::read_volatile(page) };
    SURVIVED
}

/// Maps all available memory. Returns its start, and the number of pages that can be filled: page tables take the rest.
fn map_most() -> Option<(*mut u8, usize)> {
    let start = map(PIECE).ok()?;
    let mut pieces = 1;
    while let Ok(next) = map(PIECE) {
        if next != start.wrapping_add(pieces * PIECE) {
            return None;
        }
        pieces += 1;
    }
    let pages = pieces * PIECE / PAGE;
    Some((start, pages - pages / 500 - 64))
}

/// Splits memory into as many mappings as the kernel can record. The kernel must refuse at some point, and then
/// continue.
fn scatter_mappings(_number: u64) -> u64 {
    let Some((start, pages)) = map_most() else {
        return BROKEN;
    };
    // SAFETY: The program does not use the pages.
    let unmap_page = |number: usize| unsafe { unmap(start.wrapping_add(number * PAGE), PAGE) };
    let mut odd = (1..pages).step_by(2);
    let refused = odd.find_map(|number| unmap_page(number).err().map(|error| (number, error)));
    let Some((number, SyscallError::OutOfMemory)) = refused else {
        return BROKEN;
    };
    // Unmapping an end of a mapping needs no new record, and removing a whole mapping frees one.
    kept(
        number > 1000
            && unmap_page(number) == Err(SyscallError::OutOfMemory)
            && unmap_page(0) == Ok(())
            && unmap_page(2) == Ok(())
            && unmap_page(number) == Ok(())
            && map(2 * PAGE) == Ok(start),
    )
}

/// Fragments physical memory: two halves take frames in turn, and one half is unmapped.
fn scatter_frames(_number: u64) -> u64 {
    let Some((start, pages)) = map_most() else {
        return BROKEN;
    };
    let half_bytes = pages / 2 * PAGE;
    let other_half = start.wrapping_add(half_bytes);
    for page in (0..half_bytes).step_by(PAGE) {
        for half in [start, other_half] {
            // SAFETY: The page is mapped.
            unsafe { ptr::write_volatile(half.wrapping_add(page), 1) };
        }
    }
    // SAFETY: The program does not use the pages any more.
    kept(unsafe { unmap(other_half, half_bytes) } == Ok(()) && map(half_bytes).is_ok())
}

/// Fills pages and unmaps them; newly mapped pages must be zero.
fn mapped_is_zeroed(_number: u64) -> u64 {
    for _ in 0..64 {
        let Ok(pages) = map(8 * PAGE) else { return BROKEN };
        // SAFETY: The pages were just mapped, and no other reference to them exists.
        let bytes = unsafe { core::slice::from_raw_parts_mut(pages, 8 * PAGE) };
        if bytes.iter().any(|byte| *byte != 0) {
            return BROKEN;
        }
        bytes.fill(0xa5);
        // SAFETY: The slice is not used any more.
        if unsafe { unmap(pages, 8 * PAGE) }.is_err() {
            return BROKEN;
        }
    }
    GOOD
}
