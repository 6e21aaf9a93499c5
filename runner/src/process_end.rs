//! Ends a process: first by a request, then by force.

use std::process::Child;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// Interval between two checks of the process.
const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// How a process ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ProcessEnd {
    /// By itself.
    Ended,
    /// Killed at the time limit.
    Killed,
}

/// Waits for the end of a process, which gets SIGTERM if nobody has asked it to end, and kills it at the time limit.
pub(crate) fn end_process(child: &mut Child, is_asked: bool, limit: Duration) -> ProcessEnd {
    if !is_asked && matches!(child.try_wait(), Ok(None)) {
        // Fails only if the process has ended already. Its id is not given away before it is waited for.
        let _ = kill_process(Pid::from_child(child), Signal::TERM);
    }
    let deadline = Instant::now() + limit;
    while matches!(child.try_wait(), Ok(None)) {
        if Instant::now() >= deadline {
            // Both fail only if the process has ended already.
            let _ = child.kill();
            let _ = child.wait();
            return ProcessEnd::Killed;
        }
        thread::sleep(POLL_INTERVAL);
    }
    ProcessEnd::Ended
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn a_process_that_nobody_asked_to_end_can_end_by_itself() {
        let mut child = Command::new("sh")
            .args(["-c", "trap 'exit 7' TERM; echo; while :; do sleep 0.02; done"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        // The trap is set once the line comes.
        child.stdout.as_mut().unwrap().read_exact(&mut [0]).unwrap();
        assert_eq!(
            end_process(&mut child, false, Duration::from_secs(5)),
            ProcessEnd::Ended
        );
        assert_eq!(child.wait().unwrap().code(), Some(7));
    }
}
