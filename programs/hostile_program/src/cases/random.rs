//! System calls with random registers.

use super::{Case, GOOD, SURVIVED};
use program_runtime::syscall;
use syscall_abi::SyscallNumber;

/// Number of random calls.
const CALLS: u32 = 25_000;

/// Interesting values: addresses of every kind, lengths, limits.
const EDGES: [u64; 20] = [
    0,
    1,
    5,
    4095,
    4096,
    4097,
    0x40_0000,
    0x1000_0000_0000,
    0x1000_0000_1000,
    0x1fff_ffff_f000,
    0x7ffe_fffc_0000,
    0x7ffe_ffff_f000,
    0x7fff_0000_0000,
    0x7fff_ffff_e000,
    0x7fff_ffff_f000,
    0x8000_0000_0000,
    0xffff_8000_0000_0000,
    0xffff_ffff_8000_0000,
    i64::MAX as u64,
    u64::MAX,
];

pub(super) const CASES: &[Case] = &[
    Case {
        name: "random_calls",
        run: random_calls,
    },
    Case {
        name: "unknown_calls",
        run: unknown_calls,
    },
];

/// A pseudorandom number generator (Marsaglia, "Xorshift RNGs", 2003).
struct Xorshift(u64);

impl Xorshift {
    /// Returns the next number.
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// Returns an argument: an interesting value, one near it, or a random one.
    fn argument(&mut self) -> u64 {
        let place = self.next() % EDGES.len() as u64;
        let edge = (0..)
            .zip(EDGES)
            .find(|(index, _)| *index == place)
            .map_or(0, |(_, edge)| edge);
        match self.next() % 4 {
            0 => edge,
            1 => edge.wrapping_add(self.next() % 16).wrapping_sub(8),
            2 => edge.wrapping_add(self.next() % 0x10_0000),
            _ => self.next(),
        }
    }

    /// Returns a call number: mostly an existing call, never `exit`.
    fn call(&mut self) -> u64 {
        let number = match self.next() % 16 {
            0 => self.argument(),
            _ => self.next() % 9,
        };
        if number == u64::from(SyscallNumber::Exit) {
            u64::from(SyscallNumber::Unmap)
        } else {
            number
        }
    }
}

/// Makes random calls; the seed determines them.
fn random_calls(seed: u64) -> u64 {
    let mut random = Xorshift(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    for _ in 0..CALLS {
        let number = random.call();
        let mut registers = [0; 7].map(|_: u64| random.argument());
        registers[6] = number;
        // SAFETY: The kernel can only unmap what `map` returned, and the program uses none of that: it has no heap.
        unsafe { syscall(&mut registers) };
    }
    GOOD
}

/// Makes unknown calls: they change no register but `rax`.
fn unknown_calls(_number: u64) -> u64 {
    let huge = [1 << 8, 1 << 16, 1 << 32, 1 << 32 | 2, 1 << 63, u64::MAX - 1, u64::MAX];
    for number in (8..1024).chain(huge) {
        let before = [1, 2, 3, 4, 5, 6, number];
        let mut registers = before;
        // SAFETY: No such call exists.
        unsafe { syscall(&mut registers) };
        if registers[6] == 0 || registers[6] == number || registers[..6] != before[..6] {
            return SURVIVED;
        }
    }
    GOOD
}
