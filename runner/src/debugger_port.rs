//! The TCP port on which QEMU waits for a debugger, and the process that holds it already.

use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::net::TcpListener;
use std::path::Path;

use crate::given_options::GivenOptions;
use crate::machine::Debugger;

/// The port of QEMU's `-s`, and of our `--debug`.
pub(crate) const USUAL_PORT: u16 = 1234;
/// First port suggested in place of one that is taken.
const FIRST_SUGGESTED_PORT: u16 = 4321;
/// State of a listening socket in `/proc/net/tcp` (`TCP_LISTEN` in Linux's `tcp_states.h`).
const LISTENING: &str = "0A";
/// Longest command line shown of the process that holds a port, in characters.
const SHOWN_COMMAND_LENGTH: usize = 60;

/// The address on which QEMU listens for a debugger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DebuggerAddress {
    /// Host or IP address; empty for all of this host.
    host: String,
    /// TCP port.
    pub(crate) port: u16,
    /// The option that asks for it.
    option: &'static str,
}

impl DebuggerAddress {
    /// Returns the address on which QEMU with these arguments listens, if it does and the address is a TCP port.
    ///
    /// # Errors
    /// [`SeveralDebuggers`].
    pub(crate) fn find(
        qemu_arguments: &[OsString],
        debugger: Option<Debugger>,
    ) -> Result<Option<Self>, SeveralDebuggers> {
        let given = GivenOptions::read(qemu_arguments);
        let options: Vec<_> = given.all_of(&["gdb", "s"]).collect();
        let mut listening = options.iter().filter(|(_, device)| *device != Some("none"));
        match (listening.next(), listening.next()) {
            (Some((_, Some(device))), None) => Ok(Self::of_gdb(device)),
            (Some((_, None)), None) => Ok(Some(Self {
                host: String::new(),
                port: USUAL_PORT,
                option: "-s",
            })),
            (Some(first), Some(second)) => Err(SeveralDebuggers {
                first: as_typed(*first),
                second: as_typed(*second),
            }),
            (None, _) => Ok(debugger.filter(|_| options.is_empty()).map(|debugger| Self {
                host: "127.0.0.1".to_owned(),
                port: debugger.port,
                option: "--debug",
            })),
        }
    }

    /// Reads the argument of `-gdb`.
    fn of_gdb(device: &str) -> Option<Self> {
        let (host, port) = device.strip_prefix("tcp:")?.split(',').next()?.rsplit_once(':')?;
        Some(Self {
            host: host.to_owned(),
            port: port.parse().ok()?,
            option: "-gdb",
        })
    }

    /// Checks that QEMU can listen there. An address that makes no sense is left to QEMU, which reports it.
    ///
    /// # Errors
    /// [`PortTaken`].
    pub(crate) fn check(&self) -> Result<(), PortTaken> {
        let host = if self.host.is_empty() { "0.0.0.0" } else { &self.host };
        match TcpListener::bind((host, self.port)) {
            Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => Err(PortTaken {
                port: self.port,
                option: self.option,
                holder: holder_of_port(Path::new("/proc"), self.port),
                free_port: (FIRST_SUGGESTED_PORT..).find(|port| TcpListener::bind((host, *port)).is_ok()),
            }),
            _ => Ok(()),
        }
    }
}

/// Returns an option with its argument.
fn as_typed((word, argument): (&str, Option<&str>)) -> String {
    [Some(word), argument]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(" ")
}

/// Two options ask for a debugger. QEMU refuses the second with a message that names neither.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("QEMU listens for one debugger only: leave out `{first}` or `{second}`")]
pub struct SeveralDebuggers {
    first: String,
    second: String,
}

/// A debugger's port on which another process listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortTaken {
    /// The port.
    port: u16,
    /// The option that asked for it.
    option: &'static str,
    /// The process, where `/proc` shows it.
    holder: Option<Holder>,
    /// A port on which nobody listens.
    free_port: Option<u16>,
}

impl std::error::Error for PortTaken {}

impl fmt::Display for PortTaken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "the debugger's port {} is taken by ", self.port)?;
        match &self.holder {
            Some(Holder { pid, command }) => write!(formatter, "process {pid} ({command})")?,
            None => formatter.write_str("a process that this user cannot see")?,
        }
        let port = self.free_port.unwrap_or(FIRST_SUGGESTED_PORT);
        match self.option {
            "-s" => write!(formatter, ". Another port: `-gdb tcp::{port}` in place of `-s`"),
            "--debug" => write!(formatter, ". Another port: `--debug -gdb tcp::{port}`"),
            _ => write!(formatter, ". Another port: `-gdb tcp::{port}`"),
        }
    }
}

/// A process that listens on a port.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Holder {
    /// Its process id.
    pid: u32,
    /// The beginning of its command line.
    command: String,
}

/// Finds the process that listens on a port, in Linux's `/proc`. `None` for another user's process and on other systems.
fn holder_of_port(proc: &Path, port: u16) -> Option<Holder> {
    let tables = ["net/tcp", "net/tcp6"].map(|name| fs::read_to_string(proc.join(name)).unwrap_or_default());
    let socket = tables.iter().find_map(|table| listening_socket(table, port))?;
    let pids = fs::read_dir(proc).ok()?.flatten();
    let mut pids = pids.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let pid = pids.find(|pid| has_open(&proc.join(pid.to_string()), &socket))?;
    let command = fs::read(proc.join(pid.to_string()).join("cmdline")).ok()?;
    let command = String::from_utf8_lossy(&command).replace('\0', " ");
    let mut shown: String = command.trim_end().chars().take(SHOWN_COMMAND_LENGTH).collect();
    if shown.len() < command.trim_end().len() {
        shown.push('…');
    }
    Some(Holder { pid, command: shown })
}

/// The socket that listens on a port, as links in `/proc/PID/fd` name it.
fn listening_socket(table: &str, port: u16) -> Option<String> {
    let port = format!("{port:04X}");
    table.lines().skip(1).find_map(|line| {
        // Slot, local address, remote address, state, queues, timer, retransmits, user, timeout, inode.
        let fields: Vec<_> = line.split_whitespace().collect();
        let (_, local_port) = fields.get(1)?.rsplit_once(':')?;
        (local_port == port && *fields.get(3)? == LISTENING)
            .then(|| fields.get(9).map(|inode| format!("socket:[{inode}]")))
            .flatten()
    })
}

/// Whether a process has a socket open.
fn has_open(process: &Path, socket: &str) -> bool {
    let files = fs::read_dir(process.join("fd")).into_iter().flatten().flatten();
    files
        .filter_map(|file| fs::read_link(file.path()).ok())
        .any(|target| target.as_os_str() == socket)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(line: &str, debugger: Option<u16>) -> Option<(String, u16)> {
        let words: Vec<_> = line.split_whitespace().map(OsString::from).collect();
        let debugger = debugger.map(|port| Debugger { port });
        let address = DebuggerAddress::find(&words, debugger).unwrap();
        address.map(|address| (address.host, address.port))
    }

    #[test]
    fn the_address_is_where_qemu_listens() {
        let local = "127.0.0.1";
        for (line, debugger, address) in [
            ("-s -S", None, Some(("", 1234))),
            ("--s", None, Some(("", 1234))),
            ("-gdb tcp::5555", None, Some(("", 5555))),
            ("-gdb tcp:127.0.0.1:5555,server=on", None, Some((local, 5555))),
            ("-gdb unix:/x,server=on", None, None),
            ("-gdb unix:/x,server=on", Some(77), None),
            ("-S", None, None),
            ("-D -s", None, None),
            ("", Some(77), Some((local, 77))),
            ("-gdb tcp::5", Some(77), Some(("", 5))),
            ("-gdb none", Some(77), None),
            ("-gdb none -s", None, Some(("", 1234))),
        ] {
            let address = address.map(|(host, port)| (host.to_owned(), port));
            assert_eq!(find(line, debugger), address, "{line}");
        }
    }

    #[test]
    fn two_options_that_ask_for_a_debugger_are_refused_by_name() {
        for (line, named) in [
            ("-gdb tcp::5555 -s", "`-gdb tcp::5555` or `-s`"),
            ("-s -S -gdb tcp::5555", "`-s` or `-gdb tcp::5555`"),
            ("--s -s", "`--s` or `-s`"),
            ("-gdb unix:/x -gdb tcp::1", "`-gdb unix:/x` or `-gdb tcp::1`"),
        ] {
            let words: Vec<_> = line.split_whitespace().map(OsString::from).collect();
            let error = DebuggerAddress::find(&words, None).unwrap_err().to_string();
            assert!(error.ends_with(named), "{error}");
        }
    }

    #[test]
    fn a_taken_port_names_its_holder_and_another_port() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let address = |option| DebuggerAddress {
            host: "127.0.0.1".to_owned(),
            port,
            option,
        };
        let error = address("-s").check().unwrap_err().to_string();
        assert!(
            error.contains(&format!("port {port} is taken by process {} (", std::process::id())),
            "{error}"
        );
        assert!(
            error.contains("`-gdb tcp::") && error.contains("in place of `-s`"),
            "{error}"
        );
        assert!(
            address("--debug")
                .check()
                .unwrap_err()
                .to_string()
                .contains("`--debug -gdb tcp::")
        );
        drop(listener);
        assert_eq!(address("-s").check(), Ok(()));
    }

    #[test]
    fn only_a_listening_socket_counts() {
        let table = "  sl  local_address rem_address   st\n\
            0: 0100007F:04D2 0100007F:9999 01 00000000:00000000 00:00000000 00000000 0 0 11 1 0\n\
            1: 00000000:04D2 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 22 1 0\n";
        assert_eq!(listening_socket(table, 1234), Some("socket:[22]".to_owned()));
        assert_eq!(listening_socket(table, 1235), None);
    }
}
