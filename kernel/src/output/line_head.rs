//! What every line of the log begins with: `[<cpu>] LEVEL `, and then the time where that is wanted.

use super::display_data::DisplayData;
use crate::sync::this_cpu::cpus_count;
use arrayvec::ArrayString;
use constcat::concat;
use core::{
    fmt::Write,
    sync::atomic::{AtomicBool, Ordering},
};
use log::Level;
use owo_colors::{
    Color as _,
    colors::{BrightBlack, BrightBlue, BrightCyan, BrightMagenta, BrightRed, BrightYellow, Default},
};
use text_grid::Color;

/// Whether the terminal gets no colours. Set by [`drop_colors`].
static WITHOUT_COLORS: AtomicBool = AtomicBool::new(false);

/// Bits of a hexadecimal digit.
const BITS_PER_DIGIT: u32 = 4;

/// Writes no colours to the terminal from now on.
pub(super) fn drop_colors() {
    WITHOUT_COLORS.store(true, Ordering::Relaxed);
}

/// The id of this processor and a level.
pub(super) struct LineHead {
    /// `[<cpu>]`, with as many hexadecimal digits as the largest id needs: eight at most.
    cpu: ArrayString<10>,
    /// How bad it is.
    level: Level,
    /// Seconds since the clock was started, with six digits behind the point, and a space; or nothing.
    time: ArrayString<24>,
}

/// Nanoseconds of a second.
const NS_PER_S: u64 = 1_000_000_000;

impl LineHead {
    /// The head of a line that a processor logs, with the time if there is one.
    pub(super) fn new(cpu_id: u32, level: Level, time_ns: Option<u64>) -> Self {
        let largest_id = cpus_count().saturating_sub(1);
        let digits = largest_id.checked_ilog2().unwrap_or(0) / BITS_PER_DIGIT + 1;
        let mut cpu = ArrayString::new();
        cpu.push('[');
        for digit in (0..digits).rev() {
            let value = cpu_id >> (digit * BITS_PER_DIGIT) & 0xf;
            cpu.push(char::from_digit(value, 16).unwrap_or('?').to_ascii_uppercase());
        }
        cpu.push(']');
        let mut time = ArrayString::new();
        if let Some(time_ns) = time_ns {
            let (seconds, microseconds) = (time_ns / NS_PER_S, time_ns % NS_PER_S / 1000);
            // 11 digits at most before the point: 584 years are not more.
            let _fits = write!(time, "{seconds:4}.{microseconds:06} ");
        }
        Self { cpu, level, time }
    }

    /// Writes it with terminal colours, unless they were dropped.
    pub(super) fn write_to_terminal(&self, terminal: &mut impl Write) {
        let Look { label, on_terminal, .. } = look_of(self.level);
        let pieces = if WITHOUT_COLORS.load(Ordering::Relaxed) {
            [&self.cpu, " ", label, " ", &self.time]
        } else {
            [BrightBlack::ANSI_FG, &self.cpu, on_terminal, "", &self.time]
        };
        // Neither output of the log has errors.
        pieces.into_iter().for_each(|piece| _ = terminal.write_str(piece));
    }

    /// Writes it with the colours of the screen.
    pub(super) fn write_to_display(&self, display: &mut DisplayData) {
        let Look { label, color, .. } = look_of(self.level);
        display.write_with_color(&self.cpu, Color::Gray);
        display.write_with_color(" ", color);
        display.write_with_color(label, color);
        display.write_with_color(" ", color);
        display.write_with_color(&self.time, Color::Gray);
    }
}

/// How a level is shown.
struct Look {
    /// Its name, padded to the length of the longest.
    label: &'static str,
    /// What a terminal gets behind the id of a processor: its name in its colour, and a space.
    on_terminal: &'static str,
    /// Its colour on the screen.
    color: Color,
}

/// How a level is shown, by its name and the colour of both.
macro_rules! look {
    ($label:literal, $color:ident) => {
        Look {
            label: $label,
            on_terminal: concat!(Default::ANSI_FG, " ", $color::ANSI_FG, $label, Default::ANSI_FG, " "),
            color: Color::$color,
        }
    };
}

/// How a level is shown.
const fn look_of(level: Level) -> Look {
    match level {
        Level::Error => look!("ERROR", BrightRed),
        Level::Warn => look!("WARN ", BrightYellow),
        Level::Info => look!("INFO ", BrightBlue),
        Level::Debug => look!("DEBUG", BrightCyan),
        Level::Trace => look!("TRACE", BrightMagenta),
    }
}
