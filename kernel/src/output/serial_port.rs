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

/// Number of status reads before the port counts as stuck. A read takes about a microsecond on a real machine, and a byte
/// at 115,200 baud about 87; a terminal that holds the line back gets some seconds.
const MAX_POLLS: u32 = 4_000_000;

/// A serial port, as far as the log needs one.
pub(super) struct SerialPort {
    /// The device.
    uart: Uart16550<UartRegisters>,
    /// Where its registers are.
    registers: UartRegisters,
    /// Set by [`Self::init`] if the port has a buffer and is reached by bytes.
    ports: Option<BytePorts>,
    /// Set when bytes could not be sent in time. From then on bytes get one status read, until some go through.
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
            ports: None,
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
        self.ports = self.registers.byte_ports().filter(|_| self.uart.fifo_enabled());
    }

    /// Sends what is pending. Bytes are lost while the port stays busy.
    #[inline]
    pub(super) fn flush(&mut self) {
        match self.ports {
            Some(ports) => {
                let mut is_stuck = self.is_stuck;
                for bytes in self.pending.chunks(FIFO_BYTES) {
                    is_stuck = read_status(ports) & BUFFER_EMPTY == 0 && !wait_for_buffer(ports, is_stuck);
                    if !is_stuck {
                        // SAFETY: The creator's promise; the driver says that the buffer is on, and the status that it is empty.
                        unsafe { fill_buffer(ports, bytes) };
                    }
                }
                self.is_stuck = is_stuck;
            }
            None => self.flush_by_driver(),
        }
        self.pending.clear();
    }

    /// Adds bytes to what is pending, and sends as much as does not fit.
    #[cold]
    fn send_long(&mut self, bytes: &[u8]) {
        for piece in bytes.chunks(PENDING_BYTES) {
            self.flush();
            // There is room: a piece is not larger than the whole.
            let _fits = self.pending.try_extend_from_slice(piece);
        }
    }

    /// Sends what is pending where the driver has to do it.
    fn flush_by_driver(&mut self) {
        let mut rest = self.pending.as_slice();
        while !rest.is_empty() {
            let polls = if self.is_stuck { 1 } else { MAX_POLLS };
            let count = (0..polls).map(|_| self.uart.send_bytes(rest)).find(|&count| count > 0);
            self.is_stuck = count.is_none();
            rest = rest.get(count.unwrap_or(1)..).unwrap_or_default();
        }
    }

    /// Reads the line status a bounded number of times until everything has left; returns whether it has.
    fn wait_until_empty(&mut self) -> bool {
        for _ in 0..MAX_POLLS {
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

/// Reads the line status of a port that is reached by bytes.
#[inline]
fn read_status(ports: BytePorts) -> u8 {
    // SAFETY: Reading the line status clears error bits only, which nobody uses.
    unsafe { Port::new(ports.line_status).read() }
}

/// Waits a bounded time for an empty buffer, or not at all for that of a port that is stuck; returns whether it is empty.
#[cold]
fn wait_for_buffer(ports: BytePorts, is_stuck: bool) -> bool {
    let polls = if is_stuck { 0 } else { MAX_POLLS };
    (0..polls).any(|_| read_status(ports) & BUFFER_EMPTY != 0)
}

/// Puts at most [`FIFO_BYTES`] bytes into the buffer of a port that is reached by bytes. One instruction does it, where the driver
/// takes ten for each byte.
///
/// # Safety
///
/// The ports are those of a 16550 whose buffer is on and empty, or of nothing.
#[inline]
unsafe fn fill_buffer(ports: BytePorts, bytes: &[u8]) {
    // SAFETY: The port takes bytes to be sent, and its buffer holds so many; they are read from the slice.
    unsafe {
        asm!(
            "rep outsb",
            in("dx") ports.data,
            inout("rsi") bytes.as_ptr() => _,
            inout("rcx") bytes.len() => _,
            options(nostack, readonly, preserves_flags)
        );
    }
}

/// Text is sent with the next [`SerialPort::flush`], or earlier when there is much.
impl Write for SerialPort {
    #[inline]
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if self.pending.try_extend_from_slice(text.as_bytes()).is_err() {
            self.send_long(text.as_bytes());
        }
        Ok(())
    }
}
