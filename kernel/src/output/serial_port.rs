//! The serial port of the log: COM1, until the firmware's tables name another.
//!
//! Nothing here waits for ever: where the port is missing or stuck, its output is lost and the kernel goes on.

use super::uart_registers::{BytePorts, LINE_STATUS, UartRegisters};
use arrayvec::ArrayVec;
use core::{
    arch::asm,
    fmt::{self, Write},
    hint,
};
use uart_16550::{BaudRate, Config, Uart16550, backend::Backend};
use x86_64::instructions::port::Port;

/// In the line status register: the buffer takes as much as it can.
const BUFFER_EMPTY: u8 = 1 << 5;

/// In the line status register: everything written has left.
const TRANSMITTER_EMPTY: u8 = 1 << 6;

/// What the line status reads as where there is no port: one that exists is never idle and full of errors at once.
const NOTHING_THERE: u8 = u8::MAX;

/// Bytes that the buffer of a 16550 takes when it is empty.
const FIFO_BYTES: usize = 16;

/// Bytes that are collected before they are sent: more than most lines have.
const PENDING_BYTES: usize = 256;

/// How often a status bit is looked at before the port counts as stuck. A look takes about a microsecond on a real
/// machine, and a byte at 115,200 baud about 87; a terminal that holds the line back gets some seconds.
const MAX_LOOKS: u32 = 4_000_000;

/// A serial port, as far as the log needs one.
pub(super) struct SerialPort {
    /// The device.
    uart: Uart16550<UartRegisters>,
    /// Where its registers are.
    registers: UartRegisters,
    /// Set when a byte could not be sent in time. From then on each byte gets one look, until one goes through.
    is_stuck: bool,
    /// What waits to be sent together.
    pending: ArrayVec<u8, PENDING_BYTES>,
}

/// How fast a serial port is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineSettings {
    /// Bits a second.
    pub baud_rate: u32,
    /// What the port divides to get there, in Hz; `None` for that of a PC.
    pub clock_hz: Option<u32>,
}

impl SerialPort {
    /// A port as the firmware left it: good enough for a message, until [`Self::init`].
    ///
    /// # Safety
    ///
    /// The registers of a serial port are there, or nothing is, and nobody else uses them but for sending.
    pub(super) const unsafe fn new(registers: UartRegisters) -> Self {
        Self {
            // SAFETY: The caller's promise.
            uart: unsafe { Uart16550::new_with_backend(registers) },
            registers,
            is_stuck: false,
            pending: ArrayVec::new_const(),
        }
    }

    /// COM1 as the firmware left it.
    pub(super) const fn com1() -> Self {
        // SAFETY: COM1 is there on every PC; the log's lock makes us its only user but for messages that come in between,
        // which only send.
        unsafe { Self::new(UartRegisters::COM1) }
    }

    /// Whether anything is there that sends what it is given.
    pub(super) fn is_there(&mut self) -> bool {
        self.wait_until_empty()
    }

    /// Sets the speed, 8 data bits, no parity, 1 stop bit; where there is no port, does nothing.
    pub(super) fn init(&mut self, settings: LineSettings) {
        // The driver waits without bound for the last byte of its predecessor.
        if !self.wait_until_empty() {
            self.is_stuck = true;
            return;
        }
        let usual = Config::default();
        let config = Config {
            baud_rate: BaudRate::from_integer(settings.baud_rate),
            frequency: settings.clock_hz.unwrap_or(usual.frequency),
            ..usual
        };
        self.is_stuck = self.uart.init(config).is_err();
    }

    /// Sends what is pending. Bytes are lost while the port stays busy.
    pub(super) fn flush(&mut self) {
        let ports = self.registers.byte_ports().filter(|_| self.uart.fifo_enabled());
        let mut rest = self.pending.as_slice();
        while !rest.is_empty() {
            let looks = if self.is_stuck { 1 } else { MAX_LOOKS };
            let count = match ports {
                // SAFETY: The creator's promise, and the driver says that the buffer is on.
                Some(ports) => count_sent(looks, || unsafe { fill_buffer(ports, rest) }),
                None => count_sent(looks, || self.uart.send_bytes(rest)),
            };
            self.is_stuck = count == 0;
            rest = rest.get(count.max(1)..).unwrap_or_default();
        }
        self.pending.clear();
    }

    /// Looks at the line status a bounded time until everything has left; returns whether it has.
    fn wait_until_empty(&mut self) -> bool {
        for _ in 0..MAX_LOOKS {
            // SAFETY: Reading the line status clears error bits only, which nobody uses.
            let status = unsafe { self.registers.read(LINE_STATUS) };
            if status == NOTHING_THERE {
                return false;
            }
            if status & TRANSMITTER_EMPTY != 0 {
                return true;
            }
            hint::spin_loop();
        }
        false
    }
}

/// Tries to send a bounded number of times; returns how many bytes went out in the first try in which any did, else 0.
#[inline]
fn count_sent(looks: u32, mut send: impl FnMut() -> usize) -> usize {
    (0..looks).map(|_| send()).find(|&count| count > 0).unwrap_or_default()
}

/// Fills the buffer of a port that is reached by bytes; returns with how many. One instruction does it, where the driver takes ten
/// for each byte.
///
/// # Safety
///
/// The ports are those of a 16550 whose buffer is on, or of nothing.
#[inline]
unsafe fn fill_buffer(ports: BytePorts, bytes: &[u8]) -> usize {
    // SAFETY: Reading the line status clears error bits only, which nobody uses.
    let status: u8 = unsafe { Port::new(ports.line_status).read() };
    if status & BUFFER_EMPTY == 0 {
        return 0;
    }
    let count = bytes.len().min(FIFO_BYTES);
    // SAFETY: The port takes bytes to be sent, and its buffer, which is empty, holds so many; they are read from the slice.
    unsafe {
        asm!(
            "rep outsb",
            in("dx") ports.data,
            inout("rsi") bytes.as_ptr() => _,
            inout("rcx") count => _,
            options(nostack, readonly, preserves_flags)
        );
    }
    count
}

/// Text is sent with the next [`SerialPort::flush`], or earlier when there is much.
impl Write for SerialPort {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for piece in text.as_bytes().chunks(PENDING_BYTES) {
            if piece.len() > self.pending.remaining_capacity() {
                self.flush();
            }
            // There is room: a piece is not larger than the whole.
            let _fits = self.pending.try_extend_from_slice(piece);
        }
        Ok(())
    }
}
