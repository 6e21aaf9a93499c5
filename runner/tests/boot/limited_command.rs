//! Runs a program of this host until it ends or prints an expected text, at most until the scenario's deadline.

use std::io::{Read, Write};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use libtest_mimic::Failed;

use crate::log_lines::plain;
use crate::scenario::{Deadline, Outcome};

/// Pause between two checks of the program.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// A running program. Dropping it kills the program.
pub(crate) struct LimitedCommand {
    child: Child,
    /// The program's input. It stays open, so that a program that reads from it waits.
    input: Option<ChildStdin>,
    /// Output of the program: both streams.
    output: Arc<Mutex<Vec<u8>>>,
    deadline: Deadline,
}

impl LimitedCommand {
    pub(crate) fn start(command: &mut Command, deadline: Deadline) -> Result<Self, Failed> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let output = Arc::new(Mutex::new(Vec::new()));
        if let Some(stream) = child.stdout.take() {
            collect(stream, Arc::clone(&output));
        }
        if let Some(stream) = child.stderr.take() {
            collect(stream, Arc::clone(&output));
        }
        Ok(Self {
            input: child.stdin.take(),
            child,
            output,
            deadline,
        })
    }

    /// Returns the process id.
    pub(crate) fn pid(&self) -> rustix::process::Pid {
        rustix::process::Pid::from_child(&self.child)
    }

    /// Returns the output so far, without colours.
    pub(crate) fn output(&self) -> String {
        plain(&String::from_utf8_lossy(&self.raw_output()))
    }

    /// Returns the output so far.
    pub(crate) fn raw_output(&self) -> Vec<u8> {
        self.output.lock().map(|bytes| bytes.clone()).unwrap_or_default()
    }

    /// Waits for a text in the program's output.
    pub(crate) fn expect(&mut self, text: &str) -> Outcome {
        while !self.output().contains(text) {
            let has_ended = self.child.try_wait()?.is_some();
            if has_ended {
                // The last of its output may not have arrived yet.
                thread::sleep(POLL_INTERVAL * 5);
            }
            if self.output().contains(text) {
                break;
            }
            if has_ended || self.deadline.left().is_zero() {
                let when = if has_ended { "before it ended" } else { "in time" };
                return Err(self.failed(&format!("{text:?} did not come {when}")));
            }
            thread::sleep(POLL_INTERVAL);
        }
        Ok(())
    }

    /// Writes to the program's input.
    pub(crate) fn type_bytes(&mut self, bytes: &[u8]) -> Outcome {
        if let Some(input) = &mut self.input {
            input.write_all(bytes)?;
            input.flush()?;
        }
        Ok(())
    }

    /// Waits until the program ends.
    pub(crate) fn wait(&mut self) -> Result<ExitStatus, Failed> {
        loop {
            if let Some(status) = self.child.try_wait()? {
                thread::sleep(POLL_INTERVAL);
                return Ok(status);
            }
            if self.deadline.left().is_zero() {
                return Err(self.failed("it did not end in time"));
            }
            thread::sleep(POLL_INTERVAL);
        }
    }

    /// Makes a failure: its reason, and the program's output.
    pub(crate) fn failed(&self, what: &str) -> Failed {
        format!("{what}\n--- its output\n{}\n--- end of its output", self.output()).into()
    }
}

impl Drop for LimitedCommand {
    fn drop(&mut self) {
        // Both fail only if the program has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Collects the bytes of a stream on a separate thread.
fn collect(mut stream: impl Read + Send + 'static, output: Arc<Mutex<Vec<u8>>>) {
    thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(count @ 1..) = stream.read(&mut buffer) {
            if let Ok(mut output) = output.lock() {
                output.extend_from_slice(&buffer[..count]);
            }
        }
    });
}
