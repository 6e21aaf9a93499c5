//! The kernel's log: `[<cpu>] LEVEL message` on the serial port and on the screen.
//!
//! It works from the first instruction on, with interrupts off, in exceptions and in a panic. A message is put together
//! before the lock is taken, so that code which it runs (`Display`) cannot fault under the lock; only a message of more than
//! [`LINE_CAPACITY`] bytes is put together under it. Interrupts stay as the caller has them, so that a long line delays
//! none. What a processor logs while it writes a line already, or waits for its turn, comes after that line ([`LateLines`]);
//! if there are too many such lines, they go to the serial port at once, and tear the line there.

use super::{
    display_data::DisplayData,
    late_lines::{LINE_CAPACITY, LateLines},
    line_head::{self, LineHead},
    line_lock::{LineLock, LockError},
    serial_port::{LineSettings, SerialPort},
    uart_registers::UartRegisters,
    writer_with_cr::WriterWithCr,
};
use crate::{
    boot::screen::{Screen, ScreenError},
    sync::this_cpu::current_cpu_id,
};
use arrayvec::ArrayString;
use core::fmt::{self, Write};
use embedded_graphics::geometry::Size;
use log::{Level, LevelFilter, Log, Metadata, Record};
use spin::Once;

/// The speed of COM1, in bits a second.
const BAUD_RATE: u32 = 115_200;

/// Set by [`replace_serial_port`]: where the log goes instead of COM1.
static REPLACEMENT: Once<UartRegisters> = Once::new();

/// Set by [`show_times`]: what tells the time, in nanoseconds.
static CLOCK: Once<fn() -> u64> = Once::new();

/// What the `log` crate's macros reach.
static LOGGER: KernelLogger = KernelLogger;

/// Serial port and screen. The head of `line_lock.rs` says what may be done under this lock.
static OUTPUTS: LineLock<Outputs> = LineLock::new(Outputs::new());

/// Lines for which there was no turn.
static LATE_LINES: LateLines = LateLines::new();

/// The kernel's log.
pub struct KernelLogger;

/// What a line says.
#[derive(Clone, Copy)]
enum Message<'a> {
    /// Text.
    Text(&'a str),
    /// Pieces of text, without an end of a line.
    Pieces(&'a [&'a str]),
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
    let _first_use = with_outputs(|outputs| {
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

/// Writes no colours to the serial port from now on (`log.color=off`).
pub fn drop_colors() {
    line_head::drop_colors();
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
    let _in_use = with_outputs(|outputs| {
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
            let _in_use = with_outputs(|outputs| outputs.display.attach(screen));
        }
        Err(ScreenError::NoFrameBuffer) => log::info!("No frame buffer: the log is on the serial port only"),
        Err(error) => log::warn!(
            "The frame buffer cannot be used: {error:?}. Choose another video mode to see the log on the screen"
        ),
    }
}

/// Logs a line in pieces, as the macros of the crate `log` do, but without a copy. No piece holds an end of a line.
pub fn log_pieces(level: Level, pieces: &[&str]) {
    if level <= log::max_level() {
        log_line(level, Message::Pieces(pieces));
    }
}

/// Draws what the screen does not show yet. To be called before a processor idles.
pub fn draw() {
    let _in_use = with_outputs(|outputs| outputs.display.draw());
}

/// Lets somebody draw over the text.
pub fn with_screen<R>(draw: impl FnOnce(&mut Screen) -> R) -> Option<R> {
    with_outputs(|outputs| outputs.display.screen().map(draw))
        .ok()
        .flatten()
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

/// Uses the outputs when it is this processor's turn, and writes the lines that come meanwhile.
fn with_outputs<R>(use_outputs: impl FnOnce(&mut Outputs) -> R) -> Result<R, LockError> {
    let mut outputs = OUTPUTS.lock()?;
    let result = use_outputs(&mut outputs);
    outputs.write_late_lines();
    drop(outputs);
    // One may have come before the turn ended and after the last look. From now on such a line gets a turn of its own.
    while !LATE_LINES.is_empty() {
        OUTPUTS.lock()?.write_late_lines();
    }
    Ok(result)
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

/// Logs a line without waiting for a turn, for a caller that waits for a processor which may have the turn. If the log is in
/// use, the line goes to the serial port, and may tear another one there.
pub(crate) fn log_at_once(level: Level, message: fmt::Arguments<'_>) {
    match OUTPUTS.try_lock() {
        Ok(mut outputs) => outputs.write_line(&head(current_cpu_id(), level), Message::Arguments(message)),
        Err(LockError::InUse | LockError::UsedByThisCpu) => write_in_between(level, Message::Arguments(message)),
        Err(LockError::Closed) => {}
    }
}

/// Writes a line to serial port and screen, later if this processor is in the middle of one.
fn log_line(level: Level, message: Message<'_>) {
    let written = with_outputs(|outputs| {
        outputs.write_line(&head(current_cpu_id(), level), message);
        outputs.display.draw_after_line();
    });
    match (written, message) {
        (Err(LockError::UsedByThisCpu), Message::Text(text)) if LATE_LINES.push(level, text).is_ok() => {}
        (Err(LockError::UsedByThisCpu | LockError::InUse), _) => write_in_between(level, message),
        // After a panic nobody logs any more.
        (Ok(()) | Err(LockError::Closed), _) => {}
    }
}

/// Writes a line to the serial port, without a turn.
fn write_in_between(level: Level, message: Message<'_>) {
    let mut serial = serial_port_in_between();
    // A serial port loses what it cannot send; it has no errors.
    let _infallible = serial.write_str("\r\n");
    write_serial_line(&mut serial, &head(current_cpu_id(), level), message);
}

/// The head of a line. Made under the lock, so that the times of the lines are in order.
fn head(cpu_id: u32, level: Level) -> LineHead {
    LineHead::new(cpu_id, level, CLOCK.get().map(|now_ns| now_ns()))
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
        let head = LineHead::new(current_cpu_id(), Level::Error, None);
        self.write_line(&head, Message::Arguments(message));
    }

    /// Writes the lines that came while lines were written.
    fn write_late_lines(&mut self) {
        while let Some(line) = LATE_LINES.pop() {
            self.write_line(&head(line.cpu_id, line.level), Message::Text(&line.text));
            self.display.draw_after_line();
        }
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
    match message {
        Message::Pieces(_) => message.write_to(serial),
        Message::Text(_) | Message::Arguments(_) => message.write_to(&mut WriterWithCr(&mut *serial)),
    }
    let _infallible = serial.write_str("\r\n");
    serial.flush();
}

impl Message<'_> {
    /// Writes the message. One whose `Display` fails ends there, and its line goes on.
    fn write_to(self, output: &mut impl Write) {
        let _message_failed = match self {
            Self::Text(text) => output.write_str(text),
            Self::Pieces(pieces) => pieces.iter().try_for_each(|piece| output.write_str(piece)),
            Self::Arguments(arguments) => output.write_fmt(arguments),
        };
    }
}
