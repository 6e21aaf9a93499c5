//! Ends QEMU with an exit code, by its device `isa-debug-exit` at port 0xf4. Has no effect on a machine without that device.

use x86_64::instructions::port::Port;

/// The port of the device, as the runner configures it.
const DEBUG_EXIT_PORT: u16 = 0xf4;

/// Value written to the device. QEMU exits with twice this value, plus 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum ExitCode {
    /// QEMU exits with 33.
    Success = 0x10,
    /// QEMU exits with 35.
    Failure = 0x11,
}

/// Ends QEMU. Returns only if the device does not exist.
pub fn exit_qemu(code: ExitCode) {
    // SAFETY: The port belongs to the debug device; a PC without the device ignores the write.
    unsafe { Port::new(DEBUG_EXIT_PORT).write(code as u32) };
}
