//! QEMU's control socket (QMP): commands one after the other, and the reason of the guest's shutdown.
//!
//! QMP is one line of JSON in each direction; a crate with all commands would be too much for the few used here.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use serde_json::{Value, json};

/// The reason why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum QmpError {
    /// The socket could not be opened or written.
    #[error("QEMU's control socket: {0}")]
    Socket(#[from] std::io::Error),
    /// A file name that JSON cannot express.
    #[error("{} is not UTF-8: QMP cannot express this name", path.display())]
    NameIsNotUtf8 {
        /// The file.
        path: std::path::PathBuf,
    },
    /// QEMU ended, or closed the socket.
    #[error("QEMU ended before it answered `{command}`")]
    Closed {
        /// The command.
        command: String,
    },
    /// There was no answer in time.
    #[error("QEMU did not answer `{command}` within {limit_s} s")]
    NoAnswer {
        /// The command.
        command: String,
        /// The time limit.
        limit_s: u64,
    },
    /// QEMU refused.
    #[error("QEMU refused `{command}`: {description}")]
    Refused {
        /// The command.
        command: String,
        /// QEMU's description.
        description: String,
    },
}

/// An open control socket.
#[derive(Debug)]
pub(crate) struct Qmp {
    /// The writing side.
    stream: UnixStream,
    /// Answers, in the order of the commands.
    answers: Receiver<Value>,
    /// QEMU's reason for the end of the run, if it has given one. Set by the reading thread. No other lock is taken while this one is
    /// held.
    shutdown_reason: Arc<Mutex<Option<String>>>,
    /// The thread that reads QEMU's lines.
    reader: Option<JoinHandle<()>>,
}

impl Qmp {
    /// Opens the socket, and waits until QEMU accepts commands. All its other sockets are open then, too.
    pub(crate) fn connect(path: &Path, limit: Duration) -> Result<Self, QmpError> {
        let stream = UnixStream::connect(path)?;
        let reader = BufReader::new(stream.try_clone()?);
        let (sender, answers) = channel();
        let shutdown_reason = Arc::new(Mutex::new(None));
        let reason = Arc::clone(&shutdown_reason);
        let reader = Some(thread::spawn(move || read_lines(reader, &sender, &reason)));
        let mut qmp = Self {
            stream,
            answers,
            shutdown_reason,
            reader,
        };
        qmp.execute("qmp_capabilities", &json!({}), limit)?;
        Ok(qmp)
    }

    /// Sends a command, and waits for its answer.
    pub(crate) fn execute(&mut self, command: &str, arguments: &Value, limit: Duration) -> Result<Value, QmpError> {
        let mut line = json!({ "execute": command, "arguments": arguments }).to_string();
        line.push('\n');
        self.stream.write_all(line.as_bytes())?;
        let answer = self.answers.recv_timeout(limit).map_err(|error| match error {
            RecvTimeoutError::Timeout => QmpError::NoAnswer {
                command: command.to_owned(),
                limit_s: limit.as_secs(),
            },
            RecvTimeoutError::Disconnected => QmpError::Closed {
                command: command.to_owned(),
            },
        })?;
        match answer.get("error") {
            None => Ok(answer.get("return").cloned().unwrap_or_default()),
            Some(error) => {
                let description = error
                    .get("desc")
                    .and_then(Value::as_str)
                    .unwrap_or("no reason given")
                    .to_owned();
                Err(QmpError::Refused {
                    command: command.to_owned(),
                    description,
                })
            }
        }
    }

    /// Returns QEMU's reason for the end of the run: `guest-reset`, `guest-shutdown`, … To be called after QEMU has ended.
    pub(crate) fn shutdown_reason(&mut self) -> Option<String> {
        if let Some(reader) = self.reader.take() {
            // The thread ends with the socket. If it panicked, it has printed the reason; what it has read stays.
            let _ = reader.join();
        }
        self.shutdown_reason
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// Sorts QEMU's lines until it closes the socket.
fn read_lines(reader: BufReader<UnixStream>, answers: &Sender<Value>, shutdown_reason: &Mutex<Option<String>>) {
    for line in reader.lines().map_while(Result::ok) {
        let Ok(message) = serde_json::from_str::<Value>(&line) else {
            continue;
        };
        if let Some(reason) = shutdown_reason_in(&message) {
            *shutdown_reason.lock().unwrap_or_else(PoisonError::into_inner) = Some(reason);
        } else if message.get("return").is_some() || message.get("error").is_some() {
            // The caller may have stopped waiting.
            let _ = answers.send(message);
        }
    }
}

/// Returns the reason in a message, if it is the event that ends a run.
fn shutdown_reason_in(message: &Value) -> Option<String> {
    let is_shutdown = message.get("event")?.as_str()? == "SHUTDOWN";
    message
        .get("data")?
        .get("reason")?
        .as_str()
        .filter(|_| is_shutdown)
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_reason_of_a_shutdown_and_of_nothing_else() {
        let event = |name: &str| json!({ "event": name, "data": { "guest": true, "reason": "guest-reset" } });
        assert_eq!(shutdown_reason_in(&event("SHUTDOWN")).as_deref(), Some("guest-reset"));
        assert_eq!(shutdown_reason_in(&event("RESET")), None);
        assert_eq!(shutdown_reason_in(&json!({ "event": "SHUTDOWN" })), None);
        assert_eq!(shutdown_reason_in(&json!({ "return": {} })), None);
    }
}
