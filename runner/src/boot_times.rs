//! Measures how fast the kernel boots: the times at which two lines of its log arrive, counted from the start of QEMU.

use std::time::{Duration, Instant};

use crate::serial_log::{FIRST_LINE, LogLine, without_colours};

/// Maximum number of bytes kept of a line: more than the two lines have with their colours.
const LONGEST_LINE_BYTES: usize = 256;

/// Watches a log for the two lines.
#[derive(Debug)]
pub(crate) struct BootTimes {
    /// Start of QEMU.
    started: Instant,
    /// The line that is arriving.
    line: Vec<u8>,
    /// Arrival of the kernel's first line.
    hello: Option<Duration>,
    /// The finished sentence, until it is returned.
    sentence: Option<String>,
    /// Whether both lines have arrived.
    is_done: bool,
}

impl BootTimes {
    /// Starts to count at `start`.
    pub(crate) fn since(started: Instant) -> Self {
        Self {
            started,
            line: Vec::new(),
            hello: None,
            sentence: None,
            is_done: false,
        }
    }

    /// Takes the next bytes of the log. Returns the sentence with the times once: when it is complete, and the log is at the start of a
    /// line.
    pub(crate) fn pass(&mut self, bytes: &[u8], now: Instant) -> Option<String> {
        let after = now.saturating_duration_since(self.started);
        for &byte in bytes {
            if self.is_done {
                break;
            }
            if byte == b'\n' {
                self.read_line(after);
                self.line.clear();
            } else {
                if self.line.len() == LONGEST_LINE_BYTES {
                    // Compares the end: the firmware may leave text before the kernel's first line.
                    self.line.drain(..LONGEST_LINE_BYTES / 2);
                }
                self.line.push(byte);
            }
        }
        self.sentence.take_if(|_| bytes.ends_with(b"\n"))
    }

    /// Examines a complete line.
    fn read_line(&mut self, after: Duration) {
        let text = without_colours(&String::from_utf8_lossy(&self.line));
        let line = text.rfind('[').and_then(|start| text.get(start..));
        let Some(LogLine { message, .. }) = line.and_then(LogLine::read) else {
            return;
        };
        if message == FIRST_LINE {
            self.hello.get_or_insert(after);
        } else if let Some(hello) = self.hello
            && message.starts_with("All ")
            && message.contains(" processors are up")
        {
            self.is_done = true;
            self.sentence = Some(format!(
                "{FIRST_LINE} {:.2} s after QEMU's start, all processors up after {:.2} s",
                hello.as_secs_f64(),
                after.as_secs_f64()
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sentence_comes_once_and_tears_no_line() {
        let start = Instant::now();
        let mut times = BootTimes::since(start);
        let mut pass = |text: &str, at_ms: u64| times.pass(text.as_bytes(), start + Duration::from_millis(at_ms));
        assert_eq!(
            pass(
                &("firmware ".repeat(99) + "\u{1b}[90m[0]\u{1b}[39m INFO  Hello fr"),
                500
            ),
            None
        );
        assert_eq!(
            pass("om BSP\r\n[0] INFO  Command line: All 4 processors are up\n", 620),
            None
        );
        assert_eq!(pass("[3] INFO  All 4 processors are up and idle\r\n[3] IN", 710), None);
        let sentence = "Hello from BSP 0.62 s after QEMU's start, all processors up after 0.71 s";
        assert_eq!(pass("FO  x\r\n", 900).as_deref(), Some(sentence));
        assert_eq!(pass("[3] INFO  All 4 processors are up and idle\r\n", 950), None);
    }

    #[test]
    fn a_line_without_end_is_not_kept_whole() {
        let mut times = BootTimes::since(Instant::now());
        times.pass(&[b'x'; 10_000], Instant::now());
        assert!(times.line.len() <= LONGEST_LINE_BYTES);
    }
}
