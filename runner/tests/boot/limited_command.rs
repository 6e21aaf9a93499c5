//! Runs a program of this host until it ends or says what is waited for, and never longer than a scenario may take.

use std::io::{Read, Write};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use libtest_mimic::Failed;

use crate::log_lines::plain;
use crate::scenario::{Deadline, Outcome};

/// Pause between two looks.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// A program that runs; it is killed when this value goes.
pub(crate) struct LimitedCommand {
    /// The process.
    child: Child,
    /// Its input; open, so that a program that reads it waits.
    input: Option<ChildStdin>,
    /// What it has written, both streams together.
    output: Arc<Mutex<Vec<u8>>>,
    /// When it has to be over.
    deadline: Deadline,
}

impl LimitedCommand {
    /// Starts a program.
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

    /// Its process id.
    pub(crate) fn pid(&self) -> rustix::process::Pid {
        rustix::process::Pid::from_child(&self.child)
    }

    /// What it has written so far, without colours.
    pub(crate) fn output(&self) -> String {
        plain(&String::from_utf8_lossy(&self.raw_output()))
    }

    /// What it has written so far.
    pub(crate) fn raw_output(&self) -> Vec<u8> {
        self.output.lock().map(|bytes| bytes.clone()).unwrap_or_default()
    }

    /// Waits until it has written a text.
    pub(crate) fn expect(&mut self, text: &str) -> Outcome {
        while !self.output().contains(text) {
            let has_ended = self.child.try_wait()?.is_some();
            if has_ended {
                // What it wrote last may still be on its way.
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

    /// Types something.
    pub(crate) fn type_bytes(&mut self, bytes: &[u8]) -> Outcome {
        if let Some(input) = &mut self.input {
            input.write_all(bytes)?;
            input.flush()?;
        }
        Ok(())
    }

    /// Waits until it ends.
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

    /// What is said when something about it is wrong.
    pub(crate) fn failed(&self, what: &str) -> Failed {
        format!("{what}\n--- its output\n{}\n--- end of its output", self.output()).into()
    }
}

impl Drop for LimitedCommand {
    fn drop(&mut self) {
        // Both fail only when it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Collects what a stream brings, on a thread of its own.
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
