//! Access to the registers of a serial port: at I/O ports or in memory, with a stride and an access width.

use uart_16550::backend::Backend;
use x86_64::{VirtAddr, instructions::port::Port};

/// Index of the data register (16550 data sheet, section 8).
const DATA: u8 = 0;

/// Index of the line status register (same section).
pub(super) const LINE_STATUS: u8 = 5;

/// Location and access width of the registers of a serial port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UartRegisters {
    pub place: UartPlace,
    /// Distance from one register to the next, in bytes or I/O ports.
    pub stride: u8,
    pub access: UartAccess,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UartPlace {
    Port(u16),
    /// An address in memory that stays mapped, aligned to the access width.
    Memory(VirtAddr),
}

/// Width of each read and write. Registers have 8 bits: upper bits are ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UartAccess {
    Byte,
    Word,
    DoubleWord,
}

/// I/O ports of the two registers that sending needs.
#[derive(Debug, Clone, Copy)]
pub(super) struct BytePorts {
    pub(super) data: u16,
    pub(super) line_status: u16,
}

enum Register {
    Port(u16),
    Memory(VirtAddr),
}

impl UartRegisters {
    pub const COM1: Self = Self {
        place: UartPlace::Port(0x3f8),
        stride: 1,
        access: UartAccess::Byte,
    };

    /// Returns the ports for sending if the registers are accessed by bytes at I/O ports.
    pub(super) fn byte_ports(self) -> Option<BytePorts> {
        match (self.register(DATA), self.register(LINE_STATUS), self.access) {
            (Register::Port(data), Register::Port(line_status), UartAccess::Byte) => {
                Some(BytePorts { data, line_status })
            }
            _ => None,
        }
    }

    #[inline]
    fn register(self, number: u8) -> Register {
        let offset = u16::from(number) * u16::from(self.stride);
        match self.place {
            UartPlace::Port(first) => Register::Port(first.wrapping_add(offset)),
            UartPlace::Memory(first) => Register::Memory(first + u64::from(offset)),
        }
    }
}

impl Backend for UartRegisters {
    #[inline]
    unsafe fn read(&mut self, register_offset: u8) -> u8 {
        // SAFETY (of all below): The caller promises that the registers exist and have this location and width.
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
        // SAFETY (of all below): The caller promises that the registers exist and have this location and width.
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
