//! How the registers of a serial port are reached: by I/O ports or in memory, some bytes apart, some bytes at once.

use uart_16550::backend::Backend;
use x86_64::{VirtAddr, instructions::port::Port};

/// The number of the register for data (16550 data sheet, section 8; so for the next one).
const DATA: u8 = 0;

/// The number of the line status register.
pub(super) const LINE_STATUS: u8 = 5;

/// Where the registers of a serial port lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UartRegisters {
    /// Where the first one lies.
    pub place: UartPlace,
    /// Bytes, or ports, from one to the next.
    pub stride: u8,
    /// How much is read or written at once.
    pub access: UartAccess,
}

/// Where the first register lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UartPlace {
    /// It is an I/O port.
    Port(u16),
    /// It is in memory, mapped for good, at a multiple of what is read or written at once.
    Memory(VirtAddr),
}

/// How much is read or written at once. Of more than a byte, the upper bits mean nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UartAccess {
    /// 8 bits.
    Byte,
    /// 16 bits.
    Word,
    /// 32 bits.
    DoubleWord,
}

/// The ports of what sending takes.
#[derive(Debug, Clone, Copy)]
pub(super) struct BytePorts {
    /// Where bytes are written that are to be sent.
    pub(super) data: u16,
    /// What tells whether more can be sent.
    pub(super) line_status: u16,
}

/// One register, ready to be used.
enum Register {
    /// An I/O port.
    Port(u16),
    /// An address.
    Memory(VirtAddr),
}

impl UartRegisters {
    /// COM1, on every PC that has one.
    pub const COM1: Self = Self {
        place: UartPlace::Port(0x3f8),
        stride: 1,
        access: UartAccess::Byte,
    };

    /// The ports for sending, if the registers are reached by ports, byte by byte.
    pub(super) fn byte_ports(self) -> Option<BytePorts> {
        match (self.register(DATA), self.register(LINE_STATUS), self.access) {
            (Register::Port(data), Register::Port(line_status), UartAccess::Byte) => {
                Some(BytePorts { data, line_status })
            }
            _ => None,
        }
    }

    /// A register, by its number.
    #[inline]
    fn register(self, number: u8) -> Register {
        let offset = u16::from(number) * u16::from(self.stride);
        match self.place {
            UartPlace::Port(first) => Register::Port(first.wrapping_add(offset)),
            UartPlace::Memory(first) => Register::Memory(first + u64::from(offset)),
        }
    }
}

/// Registers of 8 bits.
impl Backend for UartRegisters {
    #[inline]
    unsafe fn read(&mut self, register_offset: u8) -> u8 {
        // SAFETY (of all below): The caller promises that the registers are there, and reached so.
        let value = match (self.register(register_offset), self.access) {
            // SAFETY: See above.
            (Register::Port(port), UartAccess::Byte) => u32::from(unsafe { Port::<u8>::new(port).read() }),
            // SAFETY: See above.
            (Register::Port(port), UartAccess::Word) => u32::from(unsafe { Port::<u16>::new(port).read() }),
            // SAFETY: See above.
            (Register::Port(port), UartAccess::DoubleWord) => unsafe { Port::<u32>::new(port).read() },
            // SAFETY: See above.
            (Register::Memory(address), UartAccess::Byte) => unsafe { address.as_ptr::<u8>().read_volatile().into() },
            // SAFETY: See above.
            (Register::Memory(address), UartAccess::Word) => unsafe { address.as_ptr::<u16>().read_volatile().into() },
            // SAFETY: See above.
            (Register::Memory(address), UartAccess::DoubleWord) => unsafe { address.as_ptr::<u32>().read_volatile() },
        };
        let [low, ..] = value.to_le_bytes();
        low
    }

    #[inline]
    unsafe fn write(&mut self, register_offset: u8, value: u8) {
        // SAFETY (of all below): The caller promises that the registers are there, and reached so.
        match (self.register(register_offset), self.access) {
            // SAFETY: See above.
            (Register::Port(port), UartAccess::Byte) => unsafe { Port::new(port).write(value) },
            // SAFETY: See above.
            (Register::Port(port), UartAccess::Word) => unsafe { Port::new(port).write(u16::from(value)) },
            // SAFETY: See above.
            (Register::Port(port), UartAccess::DoubleWord) => unsafe { Port::new(port).write(u32::from(value)) },
            // SAFETY: See above.
            (Register::Memory(address), UartAccess::Byte) => unsafe {
                address.as_mut_ptr::<u8>().write_volatile(value)
            },
            // SAFETY: See above.
            (Register::Memory(address), UartAccess::Word) => unsafe {
                address.as_mut_ptr::<u16>().write_volatile(value.into());
            },
            // SAFETY: See above.
            (Register::Memory(address), UartAccess::DoubleWord) => unsafe {
                address.as_mut_ptr::<u32>().write_volatile(value.into());
            },
        }
    }
}
