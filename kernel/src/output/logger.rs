//! The kernel's log: `[<cpu>] LEVEL message` on the serial port and on the screen.
//!
//! It works from the first instruction on, with interrupts off, in exceptions and in a panic. A line is put together
//! before the lock is taken, so that code which a message runs (`Display`) cannot come to grief under it; only a line
//! of more than [`LINE_CAPACITY`] bytes is put together under the lock. What comes in between on a processor that holds
//! the lock is written at once, to the serial port only, on a line of its own.

use super::{
    display_data::DisplayData,
    line_buffer::LineBuffer,
    line_lock::{LineLock, Refusal},
    serial_port::SerialPort,
    writer_with_cr::WriterWithCr,
};
use crate::boot::screen::{Screen, ScreenError};
use core::fmt::{self, Write};
use embedded_graphics::geometry::Size;
use log::{Level, LevelFilter, Log, Metadata, Record};
use owo_colors::{AnsiColors, OwoColorize};
use spin::Once;
use text_grid::Color;

/// Bytes of a message that are put together before the lock is taken.
const LINE_CAPACITY: usize = 512;

/// What the `log` crate's macros reach.
static LOGGER: KernelLogger = KernelLogger;

/// Serial port and screen. Under this lock no other is taken, and nothing is logged.
static OUTPUTS: LineLock<Outputs> = LineLock::new(Outputs::new());

/// Set by [`init`]: tells which processor this is, and how many there are.
static CPU_HOOKS: Once<CpuHooks> = Once::new();

/// What the log needs to know of processors.
#[derive(Clone, Copy)]
pub struct CpuHooks {
    /// The id of the processor that it is called on.
    pub current_id: fn() -> Option<u32>,
    /// How many there are.
    pub count: fn() -> u32,
}

/// The kernel's log.
pub struct KernelLogger;

/// Where the log goes.
pub(super) struct Outputs {
    /// The serial port.
    pub(super) serial: SerialPort,
    /// The screen.
    pub(super) display: DisplayData,
    /// Set while a line is begun and not ended.
    is_in_line: bool,
}

/// Starts the log on the serial port. If there is to be a screen, its size in pixels decides how the text is laid out.
pub fn init(cpu_hooks: CpuHooks, screen_size: Option<Size>) {
    CPU_HOOKS.call_once(|| cpu_hooks);
    with_outputs(|outputs| {
        outputs.serial.init();
        if let Some(size) = screen_size {
            outputs.display.expect_screen(size);
        }
    });
    // An error would mean that a logger is there already, which is this one.
    let _already_set = log::set_logger(&LOGGER);
    log::set_max_level(LevelFilter::Trace);
}

/// Shows the log on the screen from now on, with all lines since the start that fit.
pub fn attach_screen(screen: Result<Screen, ScreenError>) {
    match screen {
        Ok(screen) => {
            with_outputs(|outputs| outputs.display.attach(screen));
        }
        Err(ScreenError::NoFrameBuffer) => log::info!("No frame buffer: the log is on the serial port only"),
        Err(error) => log::warn!("The frame buffer cannot be used: {error:?}"),
    }
}

/// Draws what the screen does not show yet. To be called before a processor idles.
pub fn draw() {
    with_outputs(|outputs| outputs.display.draw());
}

/// Lets somebody draw over the text.
pub fn with_screen<R>(draw: impl FnOnce(&mut Screen) -> R) -> Option<R> {
    with_outputs(|outputs| outputs.display.screen().map(draw)).flatten()
}

/// The id of this processor, as the log shows it; 0 before there are ids.
pub(super) fn current_cpu_id() -> u32 {
    CPU_HOOKS.get().and_then(|hooks| (hooks.current_id)()).unwrap_or(0)
}

/// The outputs for a panic, for good: nobody else logs any more.
///
/// # Safety
///
/// As for [`LineLock::take_for_panic`].
pub(super) unsafe fn take_outputs_for_panic() -> &'static mut Outputs {
    // SAFETY: The caller's promise. Text grid and serial port have no state that their methods cannot go on from.
    unsafe { OUTPUTS.take_for_panic(current_cpu_id()) }
}

/// Uses the outputs, unless this processor is using them already.
fn with_outputs<R>(use_outputs: impl FnOnce(&mut Outputs) -> R) -> Option<R> {
    OUTPUTS
        .lock(current_cpu_id())
        .ok()
        .map(|mut outputs| use_outputs(&mut outputs))
}

impl Log for KernelLogger {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.level() <= log::max_level()
    }

    fn log(&self, record: &Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        let mut line = LineBuffer::<LINE_CAPACITY>::new();
        match write!(line, "{}", record.args()) {
            Ok(()) => log_line(record.level(), format_args!("{}", line.as_str())),
            Err(fmt::Error) => log_line(record.level(), *record.args()),
        }
    }

    fn flush(&self) {
        draw();
    }
}

/// Writes a line to serial port and screen, or, when this processor is in the middle of one, to the serial port.
fn log_line(level: Level, message: fmt::Arguments<'_>) {
    match OUTPUTS.lock(current_cpu_id()) {
        Ok(mut outputs) => {
            outputs.write_line(level, message);
            outputs.display.draw_after_line();
        }
        Err(Refusal::HeldByThisCpu) => {
            let mut serial = SerialPort::com1();
            // A serial port loses what it cannot send; it has no errors.
            let _infallible = serial.write_str("\r\n");
            write_serial_line(&mut serial, level, message);
        }
        // A panic has had the last word.
        Err(Refusal::Closed) => {}
    }
}

impl Outputs {
    /// COM1 and no screen.
    const fn new() -> Self {
        Self {
            serial: SerialPort::com1(),
            display: DisplayData::new(),
            is_in_line: false,
        }
    }

    /// Writes a whole line, and draws nothing. A line that was never ended is ended first.
    pub(super) fn write_line(&mut self, level: Level, message: fmt::Arguments<'_>) {
        // Neither output has errors: the serial port loses what it cannot send.
        if self.is_in_line {
            let _infallible = self.serial.write_str("\r\n");
            let _infallible = self.display.write_str("\n");
        }
        self.is_in_line = true;
        write_serial_line(&mut self.serial, level, message);
        self.display.write_with_color(cpu_prefix().as_str(), Color::Gray);
        let mut label = LineBuffer::<8>::new();
        // "ERROR " is the longest, with 6 bytes.
        let _fits = write!(label, "{level:<5} ");
        self.display.write_with_color(label.as_str(), color_of(level));
        // A message whose `Display` fails ends there, and so does its line.
        let _message_failed = write!(self.display, "{message}");
        let _infallible = self.display.write_str("\n");
        self.is_in_line = false;
    }
}

/// Writes a line with terminal colours.
fn write_serial_line(serial: &mut SerialPort, level: Level, message: fmt::Arguments<'_>) {
    let prefix = cpu_prefix();
    let prefix = prefix.as_str().trim_end();
    let level_color = ansi_color_of(level);
    let mut terminal = WriterWithCr(serial);
    let (prefix, label) = (prefix.color(AnsiColors::BrightBlack), format_args!("{level:<5}"));
    // A serial port loses what it cannot send; it has no errors.
    let _message_failed = write!(terminal, "{prefix} {} {message}", label.color(level_color));
    let _infallible = terminal.write_str("\n");
}

/// `[<cpu>] `, with as many hexadecimal digits as the largest id needs.
fn cpu_prefix() -> LineBuffer<16> {
    let largest_id = CPU_HOOKS.get().map_or(0, |hooks| (hooks.count)().saturating_sub(1));
    let digits = (largest_id.checked_ilog2().unwrap_or(0) / 4 + 1) as usize;
    let mut prefix = LineBuffer::new();
    // Eight digits at most, two brackets and a space.
    let _fits = write!(prefix, "[{:0digits$X}] ", current_cpu_id());
    prefix
}

/// The colour of a level on the screen.
fn color_of(level: Level) -> Color {
    match level {
        Level::Error => Color::BrightRed,
        Level::Warn => Color::BrightYellow,
        Level::Info => Color::BrightBlue,
        Level::Debug => Color::BrightCyan,
        Level::Trace => Color::BrightMagenta,
    }
}

/// The colour of a level on a terminal.
fn ansi_color_of(level: Level) -> AnsiColors {
    match level {
        Level::Error => AnsiColors::BrightRed,
        Level::Warn => AnsiColors::BrightYellow,
        Level::Info => AnsiColors::BrightBlue,
        Level::Debug => AnsiColors::BrightCyan,
        Level::Trace => AnsiColors::BrightMagenta,
    }
}
