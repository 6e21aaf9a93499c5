//! QEMU's control socket (QMP): commands one after the other, and the reason of the guest's shutdown.
//!
//! QMP is one line of JSON in each direction; a crate with all commands would be too much for the few used here.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// Interval between two checks whether to wait on.
const POLL_INTERVAL: Duration = Duration::from_millis(10);

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
        path: PathBuf,
    },
    /// There was no socket in time.
    #[error("QEMU did not open its control socket {} within {limit_s} s", path.display())]
    NotOpened {
        /// The socket.
        path: PathBuf,
        /// The time limit.
        limit_s: u64,
    },
    /// There was a socket, but no answer to the first command in time.
    #[error("QEMU opened its control socket {}, but did not accept commands there within {limit_s} s", path.display())]
    NotReady {
        /// The socket.
        path: PathBuf,
        /// The time limit.
        limit_s: u64,
    },
    /// The wait for an answer was cut short, by a signal to the runner or by the end of QEMU.
    #[error("the wait for QEMU's answer to `{command}` was cut short")]
    CutShort {
        /// The command.
        command: String,
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
    /// Number of commands so far: the last one's id.
    commands: u64,
    /// QEMU's reason for the end of the run, if it has given one. Set by the reading thread. No other lock is taken while this one is
    /// held.
    shutdown_reason: Arc<Mutex<Option<String>>>,
    /// The thread that reads QEMU's lines.
    reader: Option<JoinHandle<()>>,
}

impl Qmp {
    /// Waits until QEMU opens the socket and accepts commands. All its other sockets are open then, too. Returns `None`
    /// as soon as `is_over` returns true.
    ///
    /// # Errors
    /// [`QmpError::NotOpened`] and [`QmpError::NotReady`], at the time limit.
    pub(crate) fn connect(
        path: &Path,
        limit: Duration,
        mut is_over: impl FnMut() -> bool,
    ) -> Result<Option<Self>, QmpError> {
        let deadline = Instant::now() + limit;
        while !is_over() {
            let left = deadline.saturating_duration_since(Instant::now());
            let error = match Self::open(path, left, &mut is_over) {
                Ok(qmp) => return Ok(Some(qmp)),
                Err(error) => error,
            };
            if Instant::now() >= deadline {
                let (path, limit_s) = (path.to_owned(), limit.as_secs());
                return Err(match error {
                    QmpError::Socket(_) => QmpError::NotOpened { path, limit_s },
                    _ => QmpError::NotReady { path, limit_s },
                });
            }
            thread::sleep(POLL_INTERVAL);
        }
        Ok(None)
    }

    /// Opens the socket, and sends the command that QEMU expects first.
    fn open(path: &Path, limit: Duration, is_over: impl FnMut() -> bool) -> Result<Self, QmpError> {
        let stream = UnixStream::connect(path)?;
        let reader = BufReader::new(stream.try_clone()?);
        let (sender, answers) = channel();
        let shutdown_reason = Arc::new(Mutex::new(None));
        let reason = Arc::clone(&shutdown_reason);
        let reader = Some(thread::spawn(move || read_lines(reader, &sender, &reason)));
        let mut qmp = Self {
            stream,
            answers,
            commands: 0,
            shutdown_reason,
            reader,
        };
        qmp.execute("qmp_capabilities", &json!({}), limit, is_over)?;
        Ok(qmp)
    }

    /// Sends a command, and waits for its answer until the time limit, or until `is_over` returns true.
    pub(crate) fn execute(
        &mut self,
        command: &str,
        arguments: &Value,
        limit: Duration,
        is_over: impl FnMut() -> bool,
    ) -> Result<Value, QmpError> {
        self.commands += 1;
        let mut line = json!({ "execute": command, "arguments": arguments, "id": self.commands }).to_string();
        line.push('\n');
        self.stream.write_all(line.as_bytes())?;
        let answer = self.wait_for_answer(command, limit, is_over)?;
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

    /// Waits for the answer to the last command. Ignores a late answer to an earlier one.
    fn wait_for_answer(
        &self,
        command: &str,
        limit: Duration,
        mut is_over: impl FnMut() -> bool,
    ) -> Result<Value, QmpError> {
        let deadline = Instant::now() + limit;
        let command = || command.to_owned();
        loop {
            match self.answers.recv_timeout(POLL_INTERVAL) {
                Ok(answer) if answer.get("id").and_then(Value::as_u64) == Some(self.commands) => return Ok(answer),
                Err(RecvTimeoutError::Disconnected) => return Err(QmpError::Closed { command: command() }),
                Ok(_) | Err(RecvTimeoutError::Timeout) if is_over() => {
                    return Err(QmpError::CutShort { command: command() });
                }
                Ok(_) | Err(RecvTimeoutError::Timeout) if Instant::now() >= deadline => {
                    return Err(QmpError::NoAnswer {
                        command: command(),
                        limit_s: limit.as_secs(),
                    });
                }
                Ok(_) | Err(RecvTimeoutError::Timeout) => {}
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
    use std::os::unix::net::UnixListener;

    use super::*;

    /// Runs a fake QEMU on a socket: what it does with a connection.
    fn fake_qemu(answer: impl FnOnce(UnixStream) + Send + 'static) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("qmp.sock");
        let listener = UnixListener::bind(&path).unwrap();
        thread::spawn(move || answer(listener.accept().unwrap().0));
        (folder, path)
    }

    #[test]
    fn says_whether_it_waits_for_the_socket_or_for_an_answer() {
        let limit = Duration::from_millis(50);
        let missing = Path::new("/nowhere/qmp.sock");
        let error = Qmp::connect(missing, limit, || false).unwrap_err();
        assert!(matches!(&error, QmpError::NotOpened { .. }), "{error}");
        let (_folder, silent) = fake_qemu(|stream| {
            thread::sleep(Duration::from_secs(5));
            drop(stream);
        });
        let error = Qmp::connect(&silent, limit, || false).unwrap_err();
        assert!(matches!(&error, QmpError::NotReady { .. }), "{error}");
    }

    #[test]
    fn a_wait_is_cut_short_at_once() {
        let (_folder, silent) = fake_qemu(|stream| {
            thread::sleep(Duration::from_secs(30));
            drop(stream);
        });
        for socket in [&silent, Path::new("/nowhere/qmp.sock")] {
            let started = Instant::now();
            let is_over = || started.elapsed() > Duration::from_millis(100);
            let qmp = Qmp::connect(socket, Duration::from_secs(20), is_over).unwrap();
            assert!(qmp.is_none() && started.elapsed() < Duration::from_secs(10));
        }
    }

    #[test]
    fn a_late_answer_is_not_taken_for_the_next_commands() {
        let (_folder, path) = fake_qemu(|mut stream| {
            for line in [
                "{\"QMP\":{}}",
                "{\"return\":{},\"id\":1}",
                "{\"return\":7,\"id\":2}",
                "{\"return\":8,\"id\":3}",
            ] {
                writeln!(stream, "{line}").unwrap();
            }
            thread::sleep(Duration::from_secs(5));
        });
        let mut qmp = Qmp::connect(&path, Duration::from_secs(5), || false).unwrap().unwrap();
        // The command with the id 2 was given up.
        qmp.commands += 1;
        let answer = qmp.execute("query-status", &json!({}), Duration::from_secs(5), || false);
        assert_eq!(answer.unwrap(), 8);
    }

    #[test]
    fn reads_the_reason_of_a_shutdown_and_of_nothing_else() {
        let event = |name: &str| json!({ "event": name, "data": { "guest": true, "reason": "guest-reset" } });
        assert_eq!(shutdown_reason_in(&event("SHUTDOWN")).as_deref(), Some("guest-reset"));
        assert_eq!(shutdown_reason_in(&event("RESET")), None);
        assert_eq!(shutdown_reason_in(&json!({ "event": "SHUTDOWN" })), None);
        assert_eq!(shutdown_reason_in(&json!({ "return": {} })), None);
    }
}
