//! Bytes to COM1, and the way out of QEMU.

use core::fmt;
use x86_64::instructions::port::Port;

/// Data register of COM1.
const COM1_DATA: u16 = 0x3f8;
/// Line status register of COM1; bit 5 says that the transmitter takes a byte.
const COM1_LINE_STATUS: u16 = 0x3fd;
/// QEMU's isa-debug-exit device.
const DEBUG_EXIT: u16 = 0xf4;

/// COM1 as the firmware or the boot loader set it up; QEMU's needs no speed.
pub(super) struct SerialPort;

impl fmt::Write for SerialPort {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.bytes().for_each(write_byte);
        Ok(())
    }
}

/// Writes a byte once the port takes it; a port that never does loses it.
fn write_byte(byte: u8) {
    for _ in 0..100_000 {
        // SAFETY: reading COM1's line status register has no effect on memory.
        let status = unsafe { Port::<u8>::new(COM1_LINE_STATUS).read() };
        if status & 0x20 != 0 {
            break;
        }
    }
    // SAFETY: writing COM1's data register has no effect on memory.
    unsafe { Port::<u8>::new(COM1_DATA).write(byte) };
}

/// Leaves QEMU with `code`, or stops this processor where the device does not exist.
pub(super) fn exit_qemu(code: u32) -> ! {
    // SAFETY: nothing but QEMU's exit device listens to this port.
    unsafe { Port::<u32>::new(DEBUG_EXIT).write(code) };
    stop()
}

/// Stops this processor for good.
pub(super) fn stop() -> ! {
    loop {
        x86_64::instructions::interrupts::disable();
        x86_64::instructions::hlt();
    }
}
