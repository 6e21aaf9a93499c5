//! Ends QEMU when the runner ends, also when the runner is killed, so that no machine is left running.
//!
//! Only Linux supports this for a killed process. Elsewhere QEMU must then be closed by hand.

use std::process::Command;

/// Makes the program receive SIGTERM when the thread that starts it ends.
#[cfg(target_os = "linux")]
pub(crate) fn end_with_this_thread(command: &mut Command) {
    use rustix::process::{Signal, set_parent_process_death_signal};
    use std::os::unix::process::CommandExt;
    // SIGTERM and not SIGKILL: QEMU then restores the terminal.
    let ask = || Ok(set_parent_process_death_signal(Some(Signal::TERM))?);
    // SAFETY: Between fork and exec only async-signal-safe functions may be called. The closure makes one system call
    // (`prctl`), takes no lock and allocates nothing: an error is a number.
    unsafe { command.pre_exec(ask) };
}

/// Does nothing on this host.
#[cfg(not(target_os = "linux"))]
pub(crate) fn end_with_this_thread(_command: &mut Command) {}
