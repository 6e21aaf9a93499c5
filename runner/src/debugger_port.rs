//! On which port of this host QEMU listens for a debugger.

use std::ffi::OsString;

use crate::given_options::GivenOptions;
use crate::machine::Debugger;

/// The port of QEMU's `-s`, and of our `--debug`.
pub(crate) const USUAL_PORT: u16 = 1234;

/// The port that the arguments and the machine lead to, if QEMU listens at all.
pub(crate) fn debugger_port(qemu_arguments: &[OsString], debugger: Option<Debugger>) -> Option<u16> {
    let given = GivenOptions::read(qemu_arguments);
    let by_gdb = given.arguments_of(&["gdb"]).filter_map(port_of).next_back();
    let by_s = given.any_of(&["s"]).then_some(USUAL_PORT);
    by_gdb.or(by_s).or_else(|| {
        debugger
            .filter(|_| !given.any_of(&["gdb"]))
            .map(|debugger| debugger.port)
    })
}

/// The port in `tcp::1234`, `tcp:localhost:1234,server=on` and the like.
fn port_of(device: &str) -> Option<u16> {
    let address = device.strip_prefix("tcp:")?;
    address.split(',').next()?.rsplit(':').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_is_where_qemu_listens() {
        for (line, port) in [
            ("-s -S", Some(1234)),
            ("--s", Some(1234)),
            ("-gdb tcp::5555", Some(5555)),
            ("-gdb tcp:127.0.0.1:5555,server=on", Some(5555)),
            ("-gdb unix:/x,server=on", None),
            ("-S", None),
            ("-D -s", None),
        ] {
            let words: Vec<_> = line.split(' ').map(OsString::from).collect();
            assert_eq!(debugger_port(&words, None), port, "{line}");
        }
        assert_eq!(debugger_port(&[], Some(Debugger { port: 77 })), Some(77));
        assert_eq!(
            debugger_port(&["-gdb".into(), "tcp::5".into()], Some(Debugger { port: 77 })),
            Some(5)
        );
    }
}
