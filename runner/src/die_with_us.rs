//! QEMU ends when the runner does, however the runner ends: a killed test run leaves no machine behind.
//!
//! Only Linux can do that for a process that is killed; elsewhere a killed runner leaves QEMU to be closed by hand.

use std::process::Command;

/// Lets the program be told to end when the thread that starts it ends.
#[cfg(target_os = "linux")]
pub(crate) fn end_with_this_thread(command: &mut Command) {
    use rustix::process::{Signal, set_parent_process_death_signal};
    use std::os::unix::process::CommandExt;
    // SIGTERM and not SIGKILL: QEMU gives the terminal back as it was.
    let ask = || Ok(set_parent_process_death_signal(Some(Signal::TERM))?);
    // SAFETY: Between fork and exec only async-signal-safe functions may be called. The closure makes one system call
    // (`prctl`), takes no lock and allocates nothing: an error is a number.
    unsafe { command.pre_exec(ask) };
}

/// Does nothing on this host.
#[cfg(not(target_os = "linux"))]
pub(crate) fn end_with_this_thread(_command: &mut Command) {}
