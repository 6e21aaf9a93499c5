//! The serial port of the log: COM1, unless the firmware's tables name another.
//!
//! Every wait is bounded: if the port is missing or stuck, its output is lost and the kernel continues.

use super::uart_registers::{BytePorts, LINE_STATUS, UartRegisters};
use arrayvec::ArrayVec;
use core::{
    arch::asm,
    fmt::{self, Write},
    hint,
};
use uart_16550::{BaudRate, Config, Uart16550, backend::Backend};
use x86_64::instructions::port::Port;

/// In the line status register: the transmit buffer is empty.
const BUFFER_EMPTY: u8 = 1 << 5;

/// In the line status register: all bytes have been sent.
const TRANSMITTER_EMPTY: u8 = 1 << 6;

/// Line status if no port exists. A real port is never idle with all error bits set.
const NOTHING_THERE: u8 = u8::MAX;

const FIFO_BYTES: usize = 16;

/// Number of bytes collected before they are sent: longer than most lines.
const PENDING_BYTES: usize = 256;

/// Number of status reads before the port counts as stuck. On a real machine a read takes about a microsecond, and sending a
/// byte at 115,200 baud 87: so a terminal may pause the line for some seconds.
const MAX_POLLS: u32 = 4_000_000;

pub(super) struct SerialPort {
    uart: Uart16550<UartRegisters>,
    registers: UartRegisters,
    /// Set by [`Self::init`] if the port has a buffer and is accessed by bytes at I/O ports.
    ports: Option<BytePorts>,
    /// Set when bytes could not be sent in time. Then each piece gets one status read, until a piece is sent.
    is_stuck: bool,
    pending: ArrayVec<u8, PENDING_BYTES>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineSettings {
    pub baud_rate: u32,
    /// Input clock of the port in Hz, which it divides to get the baud rate; `None` for a PC's.
    pub clock_hz: Option<u32>,
}

impl SerialPort {
    /// Creates a port with the settings that the firmware left. It can send before [`Self::init`].
    ///
    /// # Safety
    ///
    /// The registers are those of a serial port, or of no device, and other users only send.
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

    /// Creates COM1 with the settings that the firmware left.
    pub(super) const fn com1() -> Self {
        // SAFETY: A PC has COM1, or no device there. The log's lock makes the kernel its only user, apart from messages
        // written without the lock, which only send.
        unsafe { Self::new(UartRegisters::COM1) }
    }

    /// Returns whether the port exists and sends its bytes.
    pub(super) fn is_there(&mut self) -> bool {
        self.wait_until_empty()
    }

    /// Sets the speed, 8 data bits, no parity and 1 stop bit. Does nothing if no port exists.
    pub(super) fn init(&mut self, settings: LineSettings) {
        // The driver waits without bound until earlier bytes are sent.
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

    /// Sends the pending bytes. They are lost if the port stays busy.
    #[inline]
    pub(super) fn flush(&mut self) {
        match self.ports {
            Some(ports) => {
                let mut is_stuck = self.is_stuck;
                for bytes in self.pending.chunks(FIFO_BYTES) {
                    is_stuck = read_status(ports) & BUFFER_EMPTY == 0 && !wait_for_buffer(ports, is_stuck);
                    if !is_stuck {
                        // SAFETY: The creator's promise; the driver reports the buffer as on, and the status as empty.
                        unsafe { fill_buffer(ports, bytes) };
                    }
                }
                self.is_stuck = is_stuck;
            }
            None => self.flush_by_driver(),
        }
        self.pending.clear();
    }

    /// Sends the pending bytes, then adds `bytes` and sends all but their last piece.
    #[cold]
    fn send_long(&mut self, bytes: &[u8]) {
        for piece in bytes.chunks(PENDING_BYTES) {
            self.flush();
            // Always fits: a piece is at most as long as the empty buffer.
            let _fits = self.pending.try_extend_from_slice(piece);
        }
    }

    /// Sends the pending bytes by the driver, for a port that is not accessed by bytes at I/O ports.
    fn flush_by_driver(&mut self) {
        let mut rest = self.pending.as_slice();
        while !rest.is_empty() {
            let polls = if self.is_stuck { 1 } else { MAX_POLLS };
            let count = (0..polls).map(|_| self.uart.send_bytes(rest)).find(|&count| count > 0);
            self.is_stuck = count.is_none();
            rest = rest.get(count.unwrap_or(1)..).unwrap_or_default();
        }
    }

    /// Waits a bounded time until all bytes have been sent. Returns whether they have.
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

#[inline]
fn read_status(ports: BytePorts) -> u8 {
    // SAFETY: Reading the line status clears error bits only, which nobody uses.
    unsafe { Port::new(ports.line_status).read() }
}

/// Waits a bounded time for an empty buffer, or not at all if the port is stuck. Returns whether the buffer is empty.
#[cold]
fn wait_for_buffer(ports: BytePorts, is_stuck: bool) -> bool {
    let polls = if is_stuck { 0 } else { MAX_POLLS };
    (0..polls).any(|_| read_status(ports) & BUFFER_EMPTY != 0)
}

/// Writes at most [`FIFO_BYTES`] bytes to the buffer of a port. This takes one instruction; the driver takes ten for each byte.
///
/// # Safety
///
/// The ports are those of a 16550 whose buffer is on and empty, or of no device.
#[inline]
unsafe fn fill_buffer(ports: BytePorts, bytes: &[u8]) {
    // SAFETY: The port accepts bytes to send, its buffer has space for them, and the bytes are read from the slice.
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

/// Text is sent by the next [`SerialPort::flush`], or earlier if it exceeds the pending bytes.
impl Write for SerialPort {
    #[inline]
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if self.pending.try_extend_from_slice(text.as_bytes()).is_err() {
            self.send_long(text.as_bytes());
        }
        Ok(())
    }
}
