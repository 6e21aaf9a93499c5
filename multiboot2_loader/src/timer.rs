//! Short waits by counter 2 of the 8254 timer, which needs no calibration and no interrupts.

use crate::ports::{self, TIMER_CONTROL, TIMER_COUNTER_2, TIMER_GATE};

/// Ticks in a second.
const FREQUENCY_HZ: u64 = 1_193_182;
/// Counter 2, both bytes, mode 0: the output rises when the count has reached zero.
const COUNTER_2_ONE_SHOT: u8 = 0b1011_0000;
/// The gate's bit that lets the counter run.
const GATE_OPEN: u8 = 1 << 0;
/// The gate's bit that leads the output to the speaker.
const SPEAKER: u8 = 1 << 1;
/// The gate's bit that shows the output.
const OUTPUT: u8 = 1 << 5;
/// How often the output is read per microsecond at the most: a read takes about one, so a machine without this timer
/// waits several times too long, but not for ever.
const POLLS_PER_MICROSECOND: u64 = 10;

/// The longest wait: the counter has 16 bits.
pub(crate) const LONGEST_MICROSECONDS: u16 = 50_000;

/// Waits. At most [`LONGEST_MICROSECONDS`].
pub(crate) fn wait_microseconds(microseconds: u16) {
    wait_for(microseconds, || false);
}

/// Waits for something, but no longer than so many microseconds, at most [`LONGEST_MICROSECONDS`]. Returns whether it
/// came.
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
