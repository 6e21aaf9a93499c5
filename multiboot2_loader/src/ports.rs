//! The I/O ports that the loader uses, and with them all devices that it touches.

use x86_64::instructions::port::Port;

/// The first register of COM1.
pub(crate) const COM1: u16 = 0x3f8;
/// Command register and mask of the first 8259 interrupt controller, and of the second.
pub(crate) const PIC_MASKS: [u16; 2] = [0x21, 0xa1];
/// Counter 2 of the 8254 timer.
pub(crate) const TIMER_COUNTER_2: u16 = 0x42;
/// Control register of the 8254 timer.
pub(crate) const TIMER_CONTROL: u16 = 0x43;
/// Gate (bit 0) and output (bit 5) of counter 2, and the speaker (bit 1).
pub(crate) const TIMER_GATE: u16 = 0x61;
/// Index of a register of the real-time clock.
pub(crate) const CLOCK_INDEX: u16 = 0x70;
/// The register of the real-time clock that the index selects.
pub(crate) const CLOCK_DATA: u16 = 0x71;
/// QEMU's device for leaving with an exit code. Used under test only.
pub(crate) const DEBUG_EXIT: u16 = 0xf4;

/// Reads a byte from one of the ports above.
pub(crate) fn read(port: u16) -> u8 {
    // SAFETY: A read of these ports, also of one without a device, does not affect memory.
    unsafe { Port::new(port).read() }
}

/// Writes a byte to one of the ports above.
pub(crate) fn write(port: u16, value: u8) {
    // SAFETY: None of these devices accesses memory by itself.
    unsafe { Port::new(port).write(value) };
}

/// Ends QEMU, if it has the exit device.
pub(crate) fn write_debug_exit(value: u32) {
    // SAFETY: As above; under test the machine ends here.
    unsafe { Port::new(DEBUG_EXIT).write(value) };
}
