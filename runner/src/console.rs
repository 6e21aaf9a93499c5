//! The captured text of a serial port, filled by a thread while QEMU runs.

use std::io::{Read, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::stop_signals::received;
use crate::terminal_style::{EscapeFilter, TerminalStyle};

/// Interval between two checks for a signal.
const POLL_INTERVAL: Duration = Duration::from_millis(50);
/// Time for the rest of a stream after a signal to the runner.
const WAIT_AFTER_SIGNAL: Duration = Duration::from_millis(200);

/// Where captured bytes go as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Echo {
    /// Nowhere.
    Nothing,
    /// To this process's standard output.
    StandardOutput,
    /// To this process's standard error.
    StandardError,
}

/// What was read so far.
#[derive(Debug)]
struct Captured {
    /// The bytes.
    bytes: Vec<u8>,
    /// When the last of them came.
    last_change: Instant,
    /// Whether more can come.
    is_open: bool,
}

/// The text of a stream that is still being written.
#[derive(Debug)]
pub(crate) struct Console {
    /// The text, and a signal for each change. The lock guards the text only; no other lock is taken inside.
    shared: Arc<(Mutex<Captured>, Condvar)>,
    /// The reading thread.
    reader: Option<JoinHandle<()>>,
}

impl Console {
    /// Starts to capture a stream.
    pub(crate) fn capture(stream: impl Read + Send + 'static, echo: Echo) -> Self {
        Self::capture_and_watch(stream, echo, |_| ())
    }

    /// Starts to capture a stream, and shows each piece of it as soon as it has come.
    pub(crate) fn capture_and_watch(
        stream: impl Read + Send + 'static,
        echo: Echo,
        watch: impl FnMut(&[u8]) + Send + 'static,
    ) -> Self {
        let captured = Captured {
            bytes: Vec::new(),
            last_change: Instant::now(),
            is_open: true,
        };
        let shared = Arc::new((Mutex::new(captured), Condvar::new()));
        let for_reader = Arc::clone(&shared);
        let reader = thread::spawn(move || read_all(stream, echo, watch, &for_reader));
        Self {
            shared,
            reader: Some(reader),
        }
    }

    /// The text so far.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&lock(&self.shared.0).bytes).into_owned()
    }

    /// How long nothing has come.
    pub(crate) fn quiet_for(&self) -> Duration {
        lock(&self.shared.0).last_change.elapsed()
    }

    /// Waits until the condition holds for the text, or the stream ends, or the time is over; says whether it holds.
    pub(crate) fn wait_until(&self, deadline: Instant, condition: impl Fn(&str) -> bool) -> bool {
        let (mutex, changed) = &*self.shared;
        let mut captured = lock(mutex);
        loop {
            if condition(&String::from_utf8_lossy(&captured.bytes)) {
                return true;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if !captured.is_open || left.is_zero() {
                return false;
            }
            captured = changed
                .wait_timeout(captured, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    /// Waits for the end of the stream, so that nothing of it is missing. After a signal to the runner the wait is short:
    /// another process may hold the stream open, or nobody reads what the reader writes.
    pub(crate) fn finish(&mut self) {
        let (mutex, changed) = &*self.shared;
        let mut captured = lock(mutex);
        let mut waited_after_signal = Duration::ZERO;
        while captured.is_open && waited_after_signal < WAIT_AFTER_SIGNAL {
            captured = changed
                .wait_timeout(captured, POLL_INTERVAL)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
            if received().is_some() {
                waited_after_signal += POLL_INTERVAL;
            }
        }
        let is_open = captured.is_open;
        drop(captured);
        if let Some(reader) = self.reader.take().filter(|_| !is_open) {
            // A reader that panicked has printed why; the text up to there stays.
            let _ = reader.join();
        }
    }
}

/// Reads to the end.
fn read_all(mut stream: impl Read, echo: Echo, mut watch: impl FnMut(&[u8]), shared: &(Mutex<Captured>, Condvar)) {
    let mut filter = EscapeFilter::new(TerminalStyle::of_standard_output());
    let mut chunk = [0; 4096];
    loop {
        let length = match stream.read(&mut chunk) {
            Ok(0) => break,
            Ok(length) => length,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(_) => break,
        };
        let Some(bytes) = chunk.get(..length) else { break };
        write_echo(echo, bytes, &mut filter);
        watch(bytes);
        let mut captured = lock(&shared.0);
        captured.bytes.extend_from_slice(bytes);
        captured.last_change = Instant::now();
        shared.1.notify_all();
    }
    lock(&shared.0).is_open = false;
    shared.1.notify_all();
}

/// Writes bytes on. A closed terminal must not end the capture.
fn write_echo(echo: Echo, bytes: &[u8], filter: &mut EscapeFilter) {
    let _ = match echo {
        Echo::Nothing => Ok(()),
        Echo::StandardOutput => {
            let mut output = std::io::stdout().lock();
            output.write_all(&filter.pass(bytes)).and_then(|()| output.flush())
        }
        Echo::StandardError => std::io::stderr().write_all(bytes),
    };
}

/// Locks; a thread that panicked leaves the text as it was.
fn lock(mutex: &Mutex<Captured>) -> MutexGuard<'_, Captured> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_ends_with_the_stream() {
        let mut console = Console::capture(&b"one\ntwo\n"[..], Echo::Nothing);
        let deadline = Instant::now() + Duration::from_mins(1);
        assert!(console.wait_until(deadline, |text| text.contains("two")));
        assert!(!console.wait_until(deadline, |text| text.contains("three")));
        console.finish();
        assert_eq!(console.text(), "one\ntwo\n");
    }

    #[test]
    fn waiting_ends_with_the_time() {
        let (reader, _writer) = std::io::pipe().unwrap();
        let console = Console::capture(reader, Echo::Nothing);
        assert!(!console.wait_until(Instant::now() + Duration::from_millis(20), |text| text.contains('x')));
    }
}
