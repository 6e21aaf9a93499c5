//! A running QEMU: captures its log, takes screenshots, stops it, and determines how it ended.
//!
//! Dropping a [`Running`] stops QEMU, and so does the end of the thread that started it.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};
use serde_json::json;

use crate::boot_times::BootTimes;
use crate::console::{Console, Echo};
use crate::die_with_us::end_with_this_thread;
use crate::end_report::EndReport;
use crate::ending::{Ending, Evidence};
use crate::event_record::EventRecord;
use crate::given_options::GivenOptions;
use crate::machine::{Machine, SerialPort};
use crate::process_end::{ProcessEnd, end_process};
use crate::qemu::Qemu;
use crate::qemu_command::arguments;
use crate::qmp::{Qmp, QmpError};
use crate::run_errors::{NotSeen, StartError};
use crate::run_files::{RunFiles, copy_uefi_variables, run_folder};
use crate::say::say;
use crate::stop_signals::received;

/// Time limit for QEMU to accept commands. With hundreds of CPUs on a busy host this takes seconds.
const QMP_LIMIT: Duration = Duration::from_secs(60);
/// Time limit for QEMU to end before it is killed.
const QUIT_LIMIT: Duration = Duration::from_secs(5);
/// The same after a signal, first for a command and then for SIGTERM: the runner ends within about a second.
const QUIT_LIMIT_AFTER_SIGNAL: Duration = Duration::from_millis(500);
/// Interval between two checks of the process.
const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// A QEMU that runs or has ended.
#[derive(Debug)]
pub struct Running {
    /// The process.
    child: Child,
    /// Serial port (on a terminal with the monitor).
    serial: Console,
    /// QEMU's standard error.
    errors: Console,
    /// The control socket; `None` if QEMU ended before it was open.
    qmp: Option<Qmp>,
    /// This run's files.
    files: RunFiles,
    /// QEMU's record of resets.
    event_record: EventRecord,
    /// How QEMU ended.
    ending: Option<Ending>,
    /// Settings of the terminal before QEMU changed them, if it has one.
    terminal: Option<Termios>,
    /// The folder with the files, removed at the end.
    _folder: tempfile::TempDir,
}

impl Running {
    /// Starts QEMU, and waits until it accepts commands (and listens for a debugger, if requested).
    ///
    /// # Errors
    /// [`StartError`]. A QEMU that starts and fails at once is not an error here: see [`Running::wait`].
    pub fn start(qemu: &Qemu, machine: &Machine) -> Result<Self, StartError> {
        Self::start_and_tell(qemu, machine, |_| ())
    }

    /// Like [`Running::start`]; shows the command first.
    ///
    /// # Errors
    /// [`StartError`].
    pub fn start_and_tell(qemu: &Qemu, machine: &Machine, tell: impl FnOnce(&Command)) -> Result<Self, StartError> {
        let folder = run_folder()?;
        let files = RunFiles::in_folder(folder.path());
        copy_uefi_variables(&machine.firmware, &files.uefi_variables)?;
        let mut command = Command::new(qemu.program());
        command.args(arguments(machine, &files));
        tell(&command);
        let (input, echo, echo_errors) = match machine.serial {
            SerialPort::Terminal => (Stdio::inherit(), Echo::StandardOutput, Echo::StandardError),
            SerialPort::Captured | SerialPort::File(_) => (Stdio::null(), Echo::Nothing, Echo::Nothing),
        };
        command.stdin(input).stdout(Stdio::piped()).stderr(Stdio::piped());
        end_with_this_thread(&mut command);
        let cannot_start = |source| StartError::Qemu {
            program: qemu.program().to_owned(),
            source,
        };
        let terminal = (machine.serial == SerialPort::Terminal)
            .then(|| tcgetattr(std::io::stdin()).ok())
            .flatten();
        let started = Instant::now();
        let mut child = command.spawn().map_err(cannot_start)?;
        let (Some(output), Some(errors)) = (child.stdout.take(), child.stderr.take()) else {
            return Err(cannot_start(std::io::Error::other("its output is not connected")));
        };
        let serial = match machine.serial {
            SerialPort::Terminal => Console::capture_and_watch(output, echo, tell_boot_times(started)),
            SerialPort::Captured | SerialPort::File(_) => Console::capture(output, echo),
        };
        let errors = Console::capture(errors, echo_errors);
        let mut running = Self {
            child,
            serial,
            errors,
            qmp: None,
            event_record: EventRecord::place(&GivenOptions::read(&machine.qemu_arguments), &files.event_log),
            files,
            ending: None,
            terminal,
            _folder: folder,
        };
        running.connect()?;
        Ok(running)
    }

    /// Returns the serial log so far.
    #[must_use]
    pub fn serial(&self) -> String {
        self.serial.text()
    }

    /// Returns the time since the last output of the serial port.
    #[must_use]
    pub fn quiet_for(&self) -> Duration {
        self.serial.quiet_for()
    }

    /// Returns QEMU's standard error.
    #[must_use]
    pub fn qemu_errors(&self) -> String {
        self.errors.text()
    }

    /// Returns the end of QEMU's record of resets and, if requested, interrupts. Empty if the user's `-D` names an unreadable file.
    #[must_use]
    pub fn event_log(&self) -> String {
        self.event_record.read(|| self.errors.text())
    }

    /// Returns the kernel's reports on the second channel.
    pub(crate) fn end_report(&self) -> EndReport {
        // Without the channel there is no file.
        let bytes = fs::read(&self.files.end_report).unwrap_or_default();
        EndReport::read(&String::from_utf8_lossy(&bytes))
    }

    /// Waits until the serial log contains a text.
    ///
    /// # Errors
    /// [`NotSeen`]: QEMU ended, or the time limit was reached.
    pub fn wait_for(&mut self, text: &str, limit: Duration) -> Result<(), NotSeen> {
        if self
            .serial
            .wait_until(Instant::now() + limit, |serial| serial.contains(text))
        {
            return Ok(());
        }
        match self.wait_for_exit(POLL_INTERVAL * 10) {
            Some(ending) => Err(NotSeen::Ended {
                text: text.to_owned(),
                ending,
            }),
            None => Err(NotSeen::InTime {
                text: text.to_owned(),
                limit,
            }),
        }
    }

    /// Waits until QEMU ends by itself; stops it at the time limit.
    pub fn wait(&mut self, limit: Duration) -> Ending {
        self.wait_for_exit(limit)
            .unwrap_or_else(|| self.end_as(Ending::TimedOut))
    }

    /// Waits until QEMU ends by itself; leaves it running at the time limit.
    pub fn wait_for_exit(&mut self, limit: Duration) -> Option<Ending> {
        let deadline = Instant::now() + limit;
        loop {
            if let Some(ending) = &self.ending {
                return Some(ending.clone());
            }
            // First: a signal from the terminal reaches QEMU too, which then ends as if it had been closed.
            if let Some(signal) = received() {
                return Some(self.end_as(Ending::Interrupted { signal }));
            }
            match self.child.try_wait() {
                Ok(Some(status)) => return Some(self.judge(status)),
                Ok(None) if Instant::now() < deadline => thread::sleep(POLL_INTERVAL),
                Ok(None) => return None,
                Err(error) => {
                    return Some(self.end_as(Ending::Odd {
                        status: error.to_string(),
                    }));
                }
            }
        }
    }

    /// Stops QEMU, if it still runs.
    pub fn stop(&mut self) -> Ending {
        self.ending.clone().unwrap_or_else(|| self.end_as(Ending::Stopped))
    }

    /// Writes the screen to a PNG file, also without a window.
    ///
    /// # Errors
    /// [`QmpError`].
    pub fn screenshot(&mut self, file: &Path) -> Result<(), QmpError> {
        self.command("screendump", &screenshot_arguments(file)?).map(drop)
    }

    /// Sends a QMP command, and returns its answer.
    ///
    /// # Errors
    /// [`QmpError`].
    pub fn command(&mut self, name: &str, arguments: &serde_json::Value) -> Result<serde_json::Value, QmpError> {
        match &mut self.qmp {
            Some(qmp) => qmp.execute(name, arguments, QMP_LIMIT, || received().is_some()),
            None => Err(QmpError::Closed {
                command: name.to_owned(),
            }),
        }
    }

    /// Connects the control socket, unless QEMU ends or a signal arrives first.
    fn connect(&mut self) -> Result<(), StartError> {
        let child = &mut self.child;
        let is_over = || received().is_some() || !matches!(child.try_wait(), Ok(None));
        self.qmp = Qmp::connect(&self.files.qmp_socket, QMP_LIMIT, is_over)?;
        Ok(())
    }

    /// Determines how QEMU ended by itself.
    fn judge(&mut self, status: ExitStatus) -> Ending {
        self.serial.finish();
        self.errors.finish();
        let shutdown_reason = self.qmp.as_mut().and_then(Qmp::shutdown_reason);
        let ending = Ending::judge(&Evidence {
            status,
            serial: &self.serial.text(),
            events: &self.event_log(),
            shutdown_reason: shutdown_reason.as_deref(),
            qemu_errors: &self.errors.text(),
        });
        self.ending.insert(ending).clone()
    }

    /// Ends QEMU: first by a command or SIGTERM, so that it restores the terminal, then by force.
    fn end_as(&mut self, ending: Ending) -> Ending {
        let limit = if received().is_some() {
            QUIT_LIMIT_AFTER_SIGNAL
        } else {
            QUIT_LIMIT
        };
        let quit = |qmp: &mut Qmp| qmp.execute("quit", &json!({}), limit, || false).is_ok();
        let is_asked = self.qmp.as_mut().is_some_and(quit);
        let is_killed = end_process(&mut self.child, is_asked, limit) == ProcessEnd::Killed;
        if let Some(settings) = self.terminal.as_ref().filter(|_| is_killed) {
            // QEMU could not do it. Fails only if the terminal is gone.
            let _ = tcsetattr(std::io::stdin(), OptionalActions::Now, settings);
        }
        self.serial.finish();
        self.errors.finish();
        self.ending.insert(ending).clone()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Prints how fast the kernel booted, as soon as it has.
fn tell_boot_times(started: Instant) -> impl FnMut(&[u8]) + Send {
    let mut times = BootTimes::since(started);
    move |bytes| {
        if let Some(sentence) = times.pass(bytes, Instant::now()) {
            say(&sentence);
        }
    }
}

/// Returns the arguments of the command `screendump`. QMP is UTF-8, and a lossy conversion would name another file.
fn screenshot_arguments(file: &Path) -> Result<serde_json::Value, QmpError> {
    let absolute = std::path::absolute(file)?;
    match absolute.to_str() {
        Some(name) => Ok(json!({ "filename": name, "format": "png" })),
        None => Err(QmpError::NameIsNotUtf8 { path: absolute }),
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    use super::*;

    #[test]
    fn refuses_a_screenshot_whose_name_is_not_utf8() {
        let odd = Path::new(OsStr::from_bytes(b"a\xff.png"));
        assert!(matches!(screenshot_arguments(odd), Err(QmpError::NameIsNotUtf8 { .. })));
        let name = screenshot_arguments(Path::new("/a.png")).unwrap();
        assert_eq!(name["filename"], "/a.png");
    }
}
