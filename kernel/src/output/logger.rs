//! The kernel's log: `[<cpu>] LEVEL message` on the serial port and on the screen.
//!
//! It works from the first instruction on, with interrupts off, in exceptions and in a panic. A line is put together
//! before the lock is taken, so that code which a message runs (`Display`) cannot come to grief under it; only a line
//! of more than [`LINE_CAPACITY`] bytes is put together under the lock. What comes in between on a processor that holds
//! the lock is written at once, to the serial port only, on a line of its own.

use super::{
    display_data::DisplayData,
    line_head::LineHead,
    line_lock::{LineLock, LockError},
    serial_port::{LineSettings, SerialPort},
    uart_registers::UartRegisters,
    writer_with_cr::WriterWithCr,
};
use crate::boot::screen::{Screen, ScreenError};
use arrayvec::ArrayString;
use core::fmt::{self, Write};
use embedded_graphics::geometry::Size;
use log::{Level, LevelFilter, Log, Metadata, Record};
use spin::Once;

/// Bytes of a message that are put together before the lock is taken.
const LINE_CAPACITY: usize = 512;

/// The speed of COM1, in bits a second.
const BAUD_RATE: u32 = 115_200;

/// Set by [`replace_serial_port`]: where the log goes instead of COM1.
static REPLACEMENT: Once<UartRegisters> = Once::new();

/// Set by [`show_times`]: what tells the time, in nanoseconds.
static CLOCK: Once<fn() -> u64> = Once::new();

/// What the `log` crate's macros reach.
static LOGGER: KernelLogger = KernelLogger;

/// Serial port and screen. Under this lock no other is taken, and nothing is logged.
static OUTPUTS: LineLock<Outputs> = LineLock::new(Outputs::new());

/// The kernel's log.
pub struct KernelLogger;

/// What a line says.
#[derive(Clone, Copy)]
enum Message<'a> {
    /// Text.
    Text(&'a str),
    /// What becomes text when it is written: it may be long, and it may run code of anybody's.
    Arguments(fmt::Arguments<'a>),
}

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
pub fn init(screen_size: Option<Size>) {
    with_outputs(|outputs| {
        outputs.serial.init(LineSettings {
            baud_rate: BAUD_RATE,
            clock_hz: None,
        });
        if let Some(size) = screen_size {
            outputs.display.expect_screen(size);
        }
    });
    // An error would mean that a logger is there already, which is this one.
    let _already_set = log::set_logger(&LOGGER);
    log::set_max_level(LevelFilter::Trace);
}

/// Lets each line of the log begin with the time, from now on.
pub fn show_times(now_ns: fn() -> u64) {
    CLOCK.call_once(|| now_ns);
}

/// Moves the log from COM1 to another serial port, once; with settings, or as the firmware has set that one. Returns whether
/// that is possible: not if no port is there.
///
/// # Safety
///
/// The registers of a serial port are there, or nothing is, and nobody else uses them.
pub unsafe fn replace_serial_port(registers: UartRegisters, settings: Option<LineSettings>) -> bool {
    // SAFETY: The caller's promise.
    let mut port = unsafe { SerialPort::new(registers) };
    if !port.is_there() || REPLACEMENT.is_completed() {
        return false;
    }
    if let Some(settings) = settings {
        port.init(settings);
    }
    with_outputs(|outputs| {
        outputs.serial = port;
        REPLACEMENT.call_once(|| registers);
    });
    REPLACEMENT.is_completed()
}

/// The serial port of the log, for somebody who may not wait for the outputs.
pub(super) fn serial_port_in_between() -> SerialPort {
    match REPLACEMENT.get() {
        // SAFETY: Whoever moved the log there promised it; what comes in between only sends.
        Some(registers) => unsafe { SerialPort::new(*registers) },
        None => SerialPort::com1(),
    }
}

/// Shows the log on the screen from now on, with all lines since the start that fit.
pub fn attach_screen(screen: Result<Screen, ScreenError>) {
    match screen {
        Ok(screen) => {
            with_outputs(|outputs| outputs.display.attach(screen));
        }
        Err(ScreenError::NoFrameBuffer) => log::info!("No frame buffer: the log is on the serial port only"),
        Err(error) => log::warn!(
            "The frame buffer cannot be used: {error:?}. Choose another video mode to see the log on the screen"
        ),
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

/// The outputs for a panic, for good: nobody else logs any more.
///
/// # Safety
///
/// As for [`LineLock::take_for_panic`].
pub(super) unsafe fn take_outputs_for_panic() -> &'static mut Outputs {
    // SAFETY: The caller's promise. Text grid and serial port have no state that their methods cannot go on from.
    unsafe { OUTPUTS.take_for_panic() }
}

/// Lets go of the outputs for a processor that stops for good, so that the one that reports a panic does not wait for it.
///
/// # Safety
///
/// The caller never returns to the code that it came from.
pub(super) unsafe fn abandon_outputs() {
    // SAFETY: The caller's promise; whoever takes the outputs then is a panic, which expects any state of them.
    unsafe { OUTPUTS.abandon() };
}

/// Uses the outputs, unless this processor is using them already.
fn with_outputs<R>(use_outputs: impl FnOnce(&mut Outputs) -> R) -> Option<R> {
    OUTPUTS.lock().ok().map(|mut outputs| use_outputs(&mut outputs))
}

impl Log for KernelLogger {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.level() <= log::max_level()
    }

    fn log(&self, record: &Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        if let Some(text) = record.args().as_str() {
            return log_line(record.level(), Message::Text(text));
        }
        let mut line = ArrayString::<LINE_CAPACITY>::new();
        match line.write_fmt(*record.args()) {
            Ok(()) => log_line(record.level(), Message::Text(&line)),
            Err(fmt::Error) => log_line(record.level(), Message::Arguments(*record.args())),
        }
    }

    fn flush(&self) {
        draw();
    }
}

/// Writes a line to serial port and screen, or, when this processor is in the middle of one, to the serial port.
fn log_line(level: Level, message: Message<'_>) {
    // Under the lock, so that the times of the lines are in order.
    let head = || LineHead::new(level, CLOCK.get().map(|now_ns| now_ns()));
    match OUTPUTS.lock() {
        Ok(mut outputs) => {
            outputs.write_line(&head(), message);
            outputs.display.draw_after_line();
        }
        Err(LockError::HeldByThisCpu) => {
            let mut serial = serial_port_in_between();
            // A serial port loses what it cannot send; it has no errors.
            let _infallible = serial.write_str("\r\n");
            write_serial_line(&mut serial, &head(), message);
        }
        // A panic has had the last word.
        Err(LockError::Closed) => {}
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

    /// Writes the line of an error, and draws nothing.
    pub(super) fn write_error(&mut self, message: fmt::Arguments<'_>) {
        self.write_line(&LineHead::new(Level::Error, None), Message::Arguments(message));
    }

    /// Writes a whole line, and draws nothing. A line that was never ended is ended first.
    fn write_line(&mut self, head: &LineHead, message: Message<'_>) {
        // Neither output has errors: the serial port loses what it cannot send.
        if self.is_in_line {
            let _infallible = self.serial.write_str("\r\n");
            let _infallible = self.display.write_str("\n");
        }
        self.is_in_line = true;
        write_serial_line(&mut self.serial, head, message);
        if self.display.is_expected() {
            head.write_to_display(&mut self.display);
            message.write_to(&mut self.display);
            let _infallible = self.display.write_str("\n");
        }
        self.is_in_line = false;
    }
}

/// Writes a line with terminal colours, and sends it.
fn write_serial_line(serial: &mut SerialPort, head: &LineHead, message: Message<'_>) {
    head.write_to_terminal(serial);
    message.write_to(&mut WriterWithCr(&mut *serial));
    let _infallible = serial.write_str("\r\n");
    serial.flush();
}

impl Message<'_> {
    /// Writes the message. One whose `Display` fails ends there, and its line goes on.
    fn write_to(self, output: &mut impl Write) {
        let _message_failed = match self {
            Self::Text(text) => output.write_str(text),
            Self::Arguments(arguments) => output.write_fmt(arguments),
        };
    }
}
