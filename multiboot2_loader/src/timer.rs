//! Short waits with counter 2 of the 8254 timer, which needs no calibration and no interrupts.

use crate::ports::{self, TIMER_CONTROL, TIMER_COUNTER_2, TIMER_GATE};

/// Ticks in a second.
const FREQUENCY_HZ: u64 = 1_193_182;
/// Counter 2, both bytes, mode 0: the output rises when the count has reached zero.
const COUNTER_2_ONE_SHOT: u8 = 0b1011_0000;
/// Gate bit: the counter runs.
const GATE_OPEN: u8 = 1 << 0;
/// Gate bit: the output drives the speaker.
const SPEAKER: u8 = 1 << 1;
/// Gate bit: state of the output.
const OUTPUT: u8 = 1 << 5;
/// Maximum number of reads per microsecond. A read takes about one, so a machine without this timer waits several times too long, but not
/// for ever.
const POLLS_PER_MICROSECOND: u64 = 10;

/// The longest wait: the counter has 16 bits.
pub(crate) const LONGEST_MICROSECONDS: u16 = 50_000;

/// Waits. At most [`LONGEST_MICROSECONDS`].
pub(crate) fn wait_microseconds(microseconds: u16) {
    wait_for(microseconds, || false);
}

/// Waits for a condition, for at most this number of microseconds (maximum [`LONGEST_MICROSECONDS`]). Returns whether it became true.
pub(crate) fn wait_for(microseconds: u16, mut has_come: impl FnMut() -> bool) -> bool {
    let ticks = u64::from(microseconds) * FREQUENCY_HZ / 1_000_000;
    let [low, high, ..] = ticks.clamp(1, 0xffff).to_le_bytes();
    let gate = ports::read(TIMER_GATE);
    ports::write(TIMER_GATE, (gate & !SPEAKER) | GATE_OPEN);
    ports::write(TIMER_CONTROL, COUNTER_2_ONE_SHOT);
    ports::write(TIMER_COUNTER_2, low);
    ports::write(TIMER_COUNTER_2, high);
    let mut polls = u64::from(microseconds) * POLLS_PER_MICROSECOND;
    let mut came = has_come();
    while !came && ports::read(TIMER_GATE) & OUTPUT == 0 && polls > 0 {
        core::hint::spin_loop();
        polls -= 1;
        came = has_come();
    }
    ports::write(TIMER_GATE, gate);
    came
}
