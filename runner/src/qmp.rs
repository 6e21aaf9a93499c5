//! QEMU's control socket: one command after the other, and the reason why the guest shut down.
//!
//! QMP is a line of JSON in each direction; the two commands used here do not deserve a crate with all of them.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use serde_json::{Value, json};

/// Why QEMU did not do what it was told.
#[derive(Debug, thiserror::Error)]
pub enum QmpError {
    /// The socket could not be opened or written.
    #[error("QEMU's control socket: {0}")]
    Socket(#[from] std::io::Error),
    /// A file's name that cannot be written in JSON.
    #[error("{} is no UTF-8: QEMU cannot be told this name", path.display())]
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
    /// No answer in time.
    #[error("QEMU did not answer `{command}` within {limit_s} s")]
    NoAnswer {
        /// The command.
        command: String,
        /// How long was waited.
        limit_s: u64,
    },
    /// QEMU refused.
    #[error("QEMU refused `{command}`: {description}")]
    Refused {
        /// The command.
        command: String,
        /// What QEMU says.
        description: String,
    },
}

/// An open control socket.
#[derive(Debug)]
pub(crate) struct Qmp {
    /// Where commands are written.
    stream: UnixStream,
    /// Answers, in the order of the commands.
    answers: Receiver<Value>,
    /// QEMU's reason for the end of the run, as soon as it gave one. Set by the reading thread; no other lock is taken
    /// inside.
    shutdown_reason: Arc<Mutex<Option<String>>>,
    /// The thread that reads QEMU's lines.
    reader: Option<JoinHandle<()>>,
}

impl Qmp {
    /// Opens the socket and waits until QEMU takes commands: then all its other sockets are open, too.
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

    /// Gives a command and waits for its answer.
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

    /// Why the guest's run ended, in QEMU's words: `guest-reset`, `guest-shutdown`, … To be asked when QEMU has ended.
    pub(crate) fn shutdown_reason(&mut self) -> Option<String> {
        if let Some(reader) = self.reader.take() {
            // It ends with the socket. One that panicked has printed why; what it read stays.
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
            // The one who asked may have given up waiting.
            let _ = answers.send(message);
        }
    }
}

/// The reason in a message, if it is the event that ends a run.
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
