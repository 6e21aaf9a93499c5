//! The start of every line of the log: `[<cpu>] LEVEL `, then the time if `log.time=on`.

use super::display_data::DisplayData;
use crate::sync::this_cpu::cpus_count;
use arrayvec::ArrayString;
use constcat::concat;
use core::{
    fmt::Write,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};
use log::Level;
use owo_colors::{
    Color as _,
    colors::{BrightBlack, BrightBlue, BrightCyan, BrightMagenta, BrightRed, BrightYellow, Default},
};
use text_grid::Color;

/// Whether lines on the serial port have no colours. Set by [`drop_colors`].
static WITHOUT_COLORS: AtomicBool = AtomicBool::new(false);

const BITS_PER_DIGIT: u32 = 4;

pub(super) fn drop_colors() {
    WITHOUT_COLORS.store(true, Ordering::Relaxed);
}

const DIGITS: &str = "0123456789ABCDEF";

/// Start of a line on a terminal: a bracket in its colour.
const BRACKET: &str = concat!(BrightBlack::ANSI_FG, "[");

/// Puts [`BRACKET`] before each digit.
macro_rules! brackets_and_digits {
    ($($digit:literal),*) => {
        [$(concat!(BRACKET, $digit)),*]
    };
}

/// [`BRACKET`] followed by an id of one digit, as most machines have. Writing one piece takes less time than writing two.
const BRACKET_AND_DIGIT: [&str; 16] = brackets_and_digits!(
    "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "A", "B", "C", "D", "E", "F"
);

pub(super) struct LineHead {
    cpu_id: u32,
    level: Level,
    /// Seconds since the clock was started, with six decimals, and a space; or empty.
    time: ArrayString<24>,
}

impl LineHead {
    /// Creates the head of a line. `time_ns` is the time since the clock was started.
    pub(super) fn new(cpu_id: u32, level: Level, time_ns: Option<u64>) -> Self {
        let mut time = ArrayString::new();
        if let Some(since_start) = time_ns.map(Duration::from_nanos) {
            // At most 11 digits before the point: 64 bits of nanoseconds are 584 years.
            let _fits = write!(time, "{:4}.{:06} ", since_start.as_secs(), since_start.subsec_micros());
        }
        Self { cpu_id, level, time }
    }

    #[inline]
    pub(super) fn write_to_terminal(&self, terminal: &mut impl Write) {
        let style = style_of(self.level);
        let without_colors = WITHOUT_COLORS.load(Ordering::Relaxed);
        let only_digit = BRACKET_AND_DIGIT.get(self.cpu_id as usize);
        // Neither output of the log reports errors.
        let has_one_digit = cpus_count() <= 1 << BITS_PER_DIGIT;
        match only_digit.filter(|_| has_one_digit && !without_colors) {
            Some(bracket_and_digit) => _ = terminal.write_str(bracket_and_digit),
            None => {
                let _infallible = terminal.write_str(if without_colors { "[" } else { BRACKET });
                self.id_digits().for_each(|digit| _ = terminal.write_str(digit));
            }
        }
        let _infallible = terminal.write_str(if without_colors { style.plain } else { style.on_terminal });
        if !self.time.is_empty() {
            let _infallible = terminal.write_str(&self.time);
        }
    }

    pub(super) fn write_to_display(&self, display: &mut DisplayData) {
        let LevelStyle { label, color, .. } = style_of(self.level);
        display.write_with_color("[", Color::Gray);
        self.id_digits()
            .for_each(|digit| display.write_with_color(digit, Color::Gray));
        display.write_with_color("]", Color::Gray);
        display.write_with_color(" ", color);
        display.write_with_color(label, color);
        display.write_with_color(" ", color);
        display.write_with_color(&self.time, Color::Gray);
    }

    /// Number of digits of every id: as many as the largest id needs.
    #[inline]
    fn id_digits_count() -> u32 {
        let largest_id = cpus_count().saturating_sub(1);
        largest_id.checked_ilog2().unwrap_or(0) / BITS_PER_DIGIT + 1
    }

    #[inline]
    fn id_digits(&self) -> impl Iterator<Item = &'static str> {
        let id = self.cpu_id;
        (0..Self::id_digits_count()).rev().map(move |index| {
            let value = (id >> (index * BITS_PER_DIGIT) & 0xf) as usize;
            DIGITS.get(value..=value).unwrap_or("?")
        })
    }
}

struct LevelStyle {
    label: &'static str,
    /// On a terminal, after the processor's id: a bracket, the coloured name, and a space.
    on_terminal: &'static str,
    /// `on_terminal` without colours.
    plain: &'static str,
    color: Color,
}

/// Builds a [`LevelStyle`] from the padded name and its colour.
macro_rules! style {
    ($label:literal, $color:ident) => {
        LevelStyle {
            label: $label,
            on_terminal: concat!("] ", $color::ANSI_FG, $label, Default::ANSI_FG, " "),
            plain: concat!("] ", $label, " "),
            color: Color::$color,
        }
    };
}

const fn style_of(level: Level) -> LevelStyle {
    match level {
        Level::Error => style!("ERROR", BrightRed),
        Level::Warn => style!("WARN ", BrightYellow),
        Level::Info => style!("INFO ", BrightBlue),
        Level::Debug => style!("DEBUG", BrightCyan),
        Level::Trace => style!("TRACE", BrightMagenta),
    }
}
