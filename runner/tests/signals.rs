//! A signal ends the runner at every stage, with the programs that it started, and no temporary file is left. The fake
//! QEMU and the fake tools hang.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

use std::fs::{self, File};
use std::os::fd::AsFd;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// Maximum time from a signal to the end of the runner. On an idle host it takes a second at most.
const LIMIT: Duration = Duration::from_secs(8);

/// A program that tells its process id and hangs.
const HANGS: &str = "echo $$ > \"${0%/*}/pid\"\nexec sleep 1000\n";
/// Like [`HANGS`], but it also ignores the signals, makes the terminal raw, and has a child that keeps its output open.
const HANGS_STUBBORNLY: &str = "trap '' TERM HUP INT\n[ ! -t 0 ] || stty raw -echo\nsleep 60 &\n\
    echo $$ > \"${0%/*}/pid\"\nwhile :; do sleep 0.1; done\n";

/// A folder of fake programs, which come first in `PATH`, and a folder for temporary files.
struct Stage {
    programs: tempfile::TempDir,
    temporary: tempfile::TempDir,
}

impl Stage {
    /// Makes a stage with a QEMU that does this when it shall boot.
    fn with_qemu(script: &str) -> Self {
        let stage = Self {
            programs: tempfile::tempdir().unwrap(),
            temporary: tempfile::tempdir().unwrap(),
        };
        let version = "[ \"$1\" != --version ] || { echo QEMU emulator version 10.0.0; exit; }\n";
        stage.add("qemu-system-x86_64", &format!("{version}{script}"));
        stage
    }

    fn add(&self, name: &str, script: &str) {
        let program = self.programs.path().join(name);
        fs::write(&program, format!("#!/bin/sh\n{script}")).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Starts the runner, and waits until the program that hangs has started.
    fn start(&self, variables: &[(&str, &str)], input: Stdio) -> Child {
        let path = format!("{}:{}", self.programs.path().display(), std::env::var("PATH").unwrap());
        // A shell without job control ignores SIGINT in what it starts in the background, and the runner keeps that.
        let child = Command::new("env")
            .args(["--default-signal", env!("CARGO_BIN_EXE_runner")])
            .args(["--firmware", "bios", "--loader", "grub", "--headless"])
            .envs(variables.iter().copied())
            .env("PATH", path)
            .env("TMPDIR", self.temporary.path())
            .stdin(input)
            .stdout(Stdio::null())
            .stderr(File::create(self.programs.path().join("messages")).unwrap())
            .spawn()
            .unwrap();
        wait_until(|| self.pid().is_some());
        child
    }

    /// Process id of the program that hangs.
    fn pid(&self) -> Option<String> {
        let pid = fs::read_to_string(self.programs.path().join("pid")).ok()?;
        pid.ends_with('\n').then(|| pid.trim().to_owned())
    }

    /// Sends a signal to the runner, and checks that everything ends and goes in time.
    fn stop(&self, mut runner: Child, signal: Signal) -> ExitStatus {
        kill_process(Pid::from_child(&runner), signal).unwrap();
        let sent = Instant::now();
        let status = loop {
            if let Some(status) = runner.try_wait().unwrap() {
                break status;
            }
            if sent.elapsed() > LIMIT {
                runner.kill().unwrap();
                panic!("the runner did not end within {LIMIT:?}: {}", self.messages());
            }
            thread::sleep(Duration::from_millis(10));
        };
        // The kernel of the host may take a moment to end the program.
        let program = Path::new("/proc").join(self.pid().unwrap()).join("exe");
        wait_until(|| fs::read_link(&program).is_err());
        let left: Vec<_> = fs::read_dir(self.temporary.path()).unwrap().collect();
        assert!(left.is_empty(), "{left:?}");
        status
    }

    fn messages(&self) -> String {
        fs::read_to_string(self.programs.path().join("messages")).unwrap()
    }

    /// Opens QEMU's control socket, where nobody ever answers.
    fn open_silent_socket(&self) -> UnixListener {
        let run_folder = || {
            let entry = fs::read_dir(self.temporary.path()).ok()?.next()?;
            Some(entry.ok()?.path())
        };
        wait_until(|| run_folder().is_some());
        UnixListener::bind(run_folder().unwrap().join("qmp.sock")).unwrap()
    }
}

/// Waits until a condition holds.
fn wait_until(condition: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_mins(1);
    while !condition() {
        assert!(Instant::now() < deadline, "it did not happen within a minute");
        thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn while_qemu_is_asked_for_its_version() {
    let stage = Stage::with_qemu("");
    stage.add("qemu-system-x86_64", HANGS);
    let runner = stage.start(&[], Stdio::null());
    assert_eq!(stage.stop(runner, Signal::TERM).signal(), Some(15));
}

#[test]
fn while_an_iso_is_packed() {
    let stage = Stage::with_qemu("exit 1");
    for tool in ["xorriso", "mformat"] {
        stage.add(tool, "exit 1");
    }
    stage.add("grub-mkrescue", HANGS);
    // A date that no other ISO has.
    let date = (1_000_000_000 + std::process::id()).to_string();
    let runner = stage.start(&[("SOURCE_DATE_EPOCH", &date)], Stdio::null());
    assert_eq!(stage.stop(runner, Signal::HUP).code(), Some(129));
    assert!(
        stage.messages().contains("no machine was started"),
        "{}",
        stage.messages()
    );
}

#[test]
fn before_qemu_opens_its_control_socket() {
    let stage = Stage::with_qemu(HANGS);
    let runner = stage.start(&[], Stdio::null());
    assert_eq!(stage.stop(runner, Signal::INT).code(), Some(130));
}

#[test]
fn before_qemu_answers_on_its_control_socket() {
    let stage = Stage::with_qemu(HANGS);
    let runner = stage.start(&[], Stdio::null());
    let socket = stage.open_silent_socket();
    let (_connection, _) = socket.accept().unwrap();
    assert_eq!(stage.stop(runner, Signal::TERM).code(), Some(143));
}

#[test]
fn the_end_of_a_silent_qemu_is_noticed() {
    let stage = Stage::with_qemu(HANGS);
    let mut runner = stage.start(&[], Stdio::null());
    let socket = stage.open_silent_socket();
    // The connection stays open, as if a child of QEMU held it.
    let (_connection, _) = socket.accept().unwrap();
    let qemu = stage.pid().unwrap().parse().unwrap();
    kill_process(Pid::from_raw(qemu).unwrap(), Signal::KILL).unwrap();
    let killed = Instant::now();
    let status = runner.wait().unwrap();
    assert!(killed.elapsed() < LIMIT, "{:?}", killed.elapsed());
    assert_eq!(status.code(), Some(125), "{}", stage.messages());
}

#[test]
fn a_qemu_that_ignores_it_is_killed_and_the_terminal_is_as_before() {
    let (terminal, device) = pseudo_terminal();
    let stage = Stage::with_qemu(HANGS_STUBBORNLY);
    let is_cooked = |terminal: &File| {
        let modes = rustix::termios::tcgetattr(terminal.as_fd()).unwrap().local_modes;
        modes.contains(rustix::termios::LocalModes::ICANON)
    };
    assert!(is_cooked(&terminal));
    let input = File::open(&device).unwrap();
    let runner = stage.start(&[], input.into());
    assert!(!is_cooked(&terminal));
    assert_eq!(stage.stop(runner, Signal::TERM).code(), Some(143));
    assert!(is_cooked(&terminal));
}

/// Opens a pseudo-terminal, and returns its other end's device.
fn pseudo_terminal() -> (File, PathBuf) {
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&terminal).unwrap();
    unlockpt(&terminal).unwrap();
    let device = ptsname(&terminal, Vec::new()).unwrap().into_string().unwrap();
    (File::from(terminal), device.into())
}
