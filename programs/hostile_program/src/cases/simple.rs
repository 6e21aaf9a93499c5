//! Program ends, and programs that do nothing wrong.

use super::{Case, GOOD, kept};
use crate::first_state;
use alloc::{string::String, vec::Vec};
use core::{arch::asm, hint};
use program_runtime::{echo, exists, exit, map, now, yield_now};

pub(super) const CASES: &[Case] = &[
    Case {
        name: "exit",
        run: |code| exit(code),
    },
    Case {
        name: "panic",
        run: |_| panic!("on purpose"),
    },
    Case {
        name: "endless",
        run: endless,
    },
    Case {
        name: "endless_calls",
        run: endless_calls,
    },
    Case {
        name: "first_state",
        run: |_| kept(first_state::is_as_promised()),
    },
    Case {
        name: "leave_registers",
        run: leave_registers,
    },
    Case {
        name: "canary",
        run: canary,
    },
];

/// Loops for ever.
fn endless(_number: u64) -> u64 {
    loop {
        hint::spin_loop();
    }
}

/// Makes system calls for ever.
fn endless_calls(_number: u64) -> u64 {
    loop {
        yield_now();
    }
}

/// Leaves values in the vector registers that the next program must not see.
fn leave_registers(_number: u64) -> u64 {
    // SAFETY: The compiler's code here uses none of these registers.
    unsafe {
        asm!(
            "push 0x7f80",
            "ldmxcsr [rsp]",
            "pop rax",
            "pcmpeqd xmm0, xmm0",
            ".irp number, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15",
            "movaps xmm\\number, xmm0",
            ".endr",
            "fldpi",
            out("rax") _
        );
    }
    GOOD
}

/// Uses every service of the kernel: all must work after an attack.
fn canary(_number: u64) -> u64 {
    let words: Vec<String> = (0..100_u32).map(|number| alloc::format!("{number}")).collect();
    let echoed = echo([1, 2, 3, 4, 5, u64::MAX]) == Ok([2, 3, 4, 5, 6, 0]);
    let is_time_monotonic = matches!((now(), now()), (Ok(first), Ok(second)) if first <= second);
    kept(
        first_state::is_as_promised()
            && words.concat().len() == 190
            && map(4096).is_ok()
            && echoed
            && is_time_monotonic
            && exists(0).is_some(),
    )
}
