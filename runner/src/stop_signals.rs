//! SIGINT, SIGTERM and SIGHUP end a run within about a second: tools and QEMU stop, and the run's temporary files go.

use std::fs;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};

use iso_image::Host;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag::register_usize;

use crate::say::say;

/// The last of the signals that came; 0 before. Set by the signal handlers.
static RECEIVED: LazyLock<Arc<AtomicUsize>> = LazyLock::new(Arc::default);

/// Lets the signals end the current run instead of this process, from now on. Every wait checks [`received`].
pub(crate) fn stop_runs_on_signals() {
    if let Err(error) = register() {
        say(&format!(
            "Note:     a signal would leave temporary files behind: {error}"
        ));
    }
}

/// Returns the environment of this process; a signal stops the tools that run there.
pub(crate) fn stoppable_host() -> Host {
    Host {
        stop_requested: Some(|| received().is_some()),
        ..Host::of_this_process()
    }
}

/// Registers the signal handlers. A signal that the parent process ignores for us (`nohup`) stays ignored.
fn register() -> io::Result<()> {
    let ignored = ignored_signals(&fs::read_to_string("/proc/self/status").unwrap_or_default());
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        if ignored & 1 << (signal - 1) == 0 {
            register_usize(signal, Arc::clone(&RECEIVED), signal.unsigned_abs() as usize)?;
        }
    }
    Ok(())
}

/// The signal that asks to stop, if one came.
pub(crate) fn received() -> Option<u8> {
    u8::try_from(RECEIVED.load(Ordering::Relaxed))
        .ok()
        .filter(|signal| *signal != 0)
}

/// The ignored signals in Linux's `/proc/self/status`, bit `n - 1` for signal `n`. Other systems have no such file.
fn ignored_signals(status: &str) -> u64 {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_which_signals_are_ignored() {
        assert_eq!(ignored_signals("Name:\tx\nSigIgn:\t0000000000000001\n"), 1);
        assert_eq!(ignored_signals(""), 0);
    }
}
