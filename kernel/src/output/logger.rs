//! The kernel's log: `[<cpu>] LEVEL message` on the serial port and on the screen.
//!
//! It works from the first instruction on, with interrupts off, in exceptions and in a panic. A message is formatted before the
//! lock is taken, so that its `Display` code cannot fault while the lock is held. Only a message of more than [`LINE_CAPACITY`]
//! bytes is formatted under the lock. Interrupts stay as the caller has them, so that a long line delays none.
//!
//! An interrupt handler waits for no line of another processor: interrupts are off meanwhile. It logs with the target
//! [`IN_INTERRUPT`]. If the log is in use, the processor that uses it writes the handler's line afterwards ([`LateLines`]). If
//! too many such lines wait, the handler waits too. Only if it interrupted the use of the log, its line goes to the serial port
//! at once, within the line being written.

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

/// The `target` of lines that an interrupt handler logs.
pub const IN_INTERRUPT: &str = "interrupt";

/// Speed of COM1 in bits per second.
const BAUD_RATE: u32 = 115_200;

/// Set by [`replace_serial_port`]: the serial port that the log uses instead of COM1.
static REPLACEMENT: Once<UartRegisters> = Once::new();

/// Set by [`show_times`]: returns the time in nanoseconds.
static CLOCK: Once<fn() -> u64> = Once::new();

static LOGGER: KernelLogger = KernelLogger;

/// Serial port and screen. The head of `line_lock.rs` lists the locks that may be taken while this one is held.
static OUTPUTS: LineLock<Outputs> = LineLock::new(Outputs::new());

/// Lines of code that must not wait for the lock.
static LATE_LINES: LateLines = LateLines::new();

pub struct KernelLogger;

#[derive(Clone, Copy)]
enum Message<'a> {
    Text(&'a str),
    /// Pieces of one line, without line feeds.
    Pieces(&'a [&'a str]),
    /// Formatted while the lock is held, because the text is too long for a buffer. Runs `Display` code of any module.
    Arguments(fmt::Arguments<'a>),
}

pub(super) struct Outputs {
    pub(super) serial: SerialPort,
    pub(super) display: DisplayData,
    /// Whether a line is being written. Still set in a panic that interrupted a line.
    is_in_line: bool,
}

/// Starts the log on COM1. `screen_size` is the size in pixels of the screen that will be attached, if any.
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
    // Fails only if a logger is set already: this one.
    let _already_set = log::set_logger(&LOGGER);
    log::set_max_level(LevelFilter::Trace);
}

/// Starts each line of the log with the time from now on (`log.time=on`).
pub fn show_times(now_ns: fn() -> u64) {
    CLOCK.call_once(|| now_ns);
}

/// Writes no colours to the serial port from now on (`log.color=off`).
pub fn drop_colors() {
    line_head::drop_colors();
}

/// Moves the log from COM1 to another serial port, once. Without `settings`, the port keeps those of the firmware. Returns
/// `false` if the port does not exist or the log was moved before.
///
/// # Safety
///
/// The registers are those of a serial port, or of no device, and nobody else uses them.
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

/// Returns the log's serial port for sending without the lock of the outputs.
pub(super) fn unlocked_serial_port() -> SerialPort {
    match REPLACEMENT.get() {
        // SAFETY: The caller of `replace_serial_port` promised it, and the users of this port only send.
        Some(registers) => unsafe { SerialPort::new(*registers) },
        None => SerialPort::com1(),
    }
}

/// Shows the log on the screen from now on, starting with the latest lines that fit.
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

/// Logs the pieces as one line, like the macros of the crate `log` but without copying. No piece contains a line feed.
pub fn log_pieces(level: Level, pieces: &[&str]) {
    if level <= log::max_level() {
        log_line(level, Message::Pieces(pieces));
    }
}

/// Draws the lines that the screen does not show yet. Called before a processor idles.
pub fn draw() {
    let _in_use = with_outputs(|outputs| outputs.display.draw());
}

/// Draws over the text with `draw`. `None` if there is no screen, or the lock cannot be taken.
pub fn with_screen<R>(draw: impl FnOnce(&mut Screen) -> R) -> Option<R> {
    with_outputs(|outputs| outputs.display.screen().map(draw))
        .ok()
        .flatten()
}

/// Takes the outputs for a panic, for good: no other processor can log any more.
///
/// # Safety
///
/// As for [`LineLock::take_for_panic`].
pub(super) unsafe fn take_outputs_for_panic() -> &'static mut Outputs {
    // SAFETY: The caller's promise. The methods of the text grid and the serial port handle every state of these.
    unsafe { OUTPUTS.take_for_panic() }
}

/// Releases the outputs if this processor holds them, before it halts for good: the panicking processor waits for them.
///
/// # Safety
///
/// The caller never returns to the code that it interrupted.
pub(super) unsafe fn abandon_outputs() {
    // SAFETY: The caller's promise. Only a panic takes the outputs afterwards, and it handles any state of them.
    unsafe { OUTPUTS.abandon() };
}

/// Calls `use_outputs` while holding the lock, then writes the late lines.
fn with_outputs<R>(use_outputs: impl FnOnce(&mut Outputs) -> R) -> Result<R, LockError> {
    let mut outputs = OUTPUTS.lock()?;
    let result = use_outputs(&mut outputs);
    outputs.write_late_lines();
    drop(outputs);
    write_late_lines_if_free();
    Ok(result)
}

/// Writes the late lines, unless another processor has the lock and will write them. Called after the end of each turn, since a
/// line may have been added after the turn's last look, and after adding a line, since the turn may have ended meanwhile.
fn write_late_lines_if_free() {
    // Adding a line and ending a turn both end with an atomic exchange, so at least one of the two sees the other.
    while !LATE_LINES.is_empty() {
        let Ok(mut outputs) = OUTPUTS.try_lock() else { return };
        outputs.write_late_lines();
    }
}

impl Log for KernelLogger {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.level() <= log::max_level()
    }

    fn log(&self, record: &Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        let log_message = if record.target() == IN_INTERRUPT {
            log_in_interrupt
        } else {
            log_line
        };
        if let Some(text) = record.args().as_str() {
            return log_message(record.level(), Message::Text(text));
        }
        let mut line = ArrayString::<LINE_CAPACITY>::new();
        match line.write_fmt(*record.args()) {
            Ok(()) => log_message(record.level(), Message::Text(&line)),
            Err(fmt::Error) => log_message(record.level(), Message::Arguments(*record.args())),
        }
    }

    fn flush(&self) {
        draw();
    }
}

/// Logs a line without waiting for the lock: the caller waits for a processor that may hold it. If the lock is held, the line
/// goes to the serial port only, perhaps within another line.
pub(crate) fn log_at_once(level: Level, message: fmt::Arguments<'_>) {
    if level > log::max_level() {
        return;
    }
    match OUTPUTS.try_lock() {
        Ok(mut outputs) => {
            outputs.write_line(&head(current_cpu_id(), level), Message::Arguments(message));
            drop(outputs);
            write_late_lines_if_free();
        }
        Err(LockError::InUse | LockError::UsedByThisCpu) => write_unlocked(level, Message::Arguments(message)),
        Err(LockError::Closed) => {}
    }
}

/// Writes a line to serial port and screen, or adds it to the late lines if this processor is writing a line.
fn log_line(level: Level, message: Message<'_>) {
    let written = with_outputs(|outputs| {
        outputs.write_line(&head(current_cpu_id(), level), message);
        outputs.display.draw_after_line();
    });
    match (written, message) {
        (Err(LockError::UsedByThisCpu), Message::Text(text)) if LATE_LINES.push(level, text).is_ok() => {}
        (Err(LockError::UsedByThisCpu | LockError::InUse), _) => write_unlocked(level, message),
        // After a panic the log is closed.
        (Ok(()) | Err(LockError::Closed), _) => {}
    }
}

/// Logs a line of an interrupt handler: adds it to the late lines, and writes these if the log is free.
fn log_in_interrupt(level: Level, message: Message<'_>) {
    match message {
        Message::Text(text) if LATE_LINES.push(level, text).is_ok() => write_late_lines_if_free(),
        _ => log_line(level, message),
    }
}

/// Writes a line to the serial port without the lock, perhaps within another line.
fn write_unlocked(level: Level, message: Message<'_>) {
    let mut serial = unlocked_serial_port();
    // The serial port drops bytes that it cannot send, and reports no errors.
    let _infallible = serial.write_str("\r\n");
    write_serial_line(&mut serial, &head(current_cpu_id(), level), message);
}

/// Creates the head of a line. Called while the lock is held, so that the lines are in the order of their times.
fn head(cpu_id: u32, level: Level) -> LineHead {
    LineHead::new(cpu_id, level, CLOCK.get().map(|now_ns| now_ns()))
}

impl Outputs {
    const fn new() -> Self {
        Self {
            serial: SerialPort::com1(),
            display: DisplayData::new(),
            is_in_line: false,
        }
    }

    /// Writes a line of level `ERROR` without drawing the screen.
    pub(super) fn write_error(&mut self, message: fmt::Arguments<'_>) {
        let head = LineHead::new(current_cpu_id(), Level::Error, None);
        self.write_line(&head, Message::Arguments(message));
    }

    fn write_late_lines(&mut self) {
        while let Some(line) = LATE_LINES.pop() {
            self.write_line(&head(line.cpu_id, line.level), Message::Text(&line.text));
            self.display.draw_after_line();
        }
    }

    /// Writes a whole line without drawing the screen. Ends an interrupted line first.
    fn write_line(&mut self, head: &LineHead, message: Message<'_>) {
        // Neither output reports errors: the serial port drops bytes that it cannot send.
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
    /// Writes the message. If its `Display` fails, the rest of the message is missing.
    fn write_to(self, output: &mut impl Write) {
        let _message_failed = match self {
            Self::Text(text) => output.write_str(text),
            Self::Pieces(pieces) => pieces.iter().try_for_each(|piece| output.write_str(piece)),
            Self::Arguments(arguments) => output.write_fmt(arguments),
        };
    }
}
