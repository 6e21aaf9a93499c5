//! The command line of `cargo run`: options of ours first, then QEMU's.
//!
//! From the first argument that is none of ours on, all go to QEMU unchanged. One of ours behind that point is an error:
//! passed on, it would be misunderstood, and picked out, it could be an argument that was meant for QEMU.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use clap::{ArgAction, CommandFactory, Parser};

use crate::firmware::FirmwareKind;
use crate::given_options::GivenOptions;
use crate::machine::BootMedium;
use crate::packing::LoaderKind;

/// What follows the options in `--help`.
const AFTER_HELP: &str = "\
QEMU's options:
  From the first argument that is not listed above on, all go to QEMU
  unchanged. Defaults of ours that they name are dropped:
      cargo run -- --headless -smp 8 -m 1G

Other tasks:
  cargo run -- doctor                   checks what is installed
  cargo run --release --package bench   counts guest instructions

Exit code:
    0  QEMU was closed, the machine switched itself off or restarted, or the
       kernel reported success
    1  the kernel reported failure
  123  the kernel panicked, or a triple fault, or a reset out of the blue
  124  --timeout is over
  125  the runner or QEMU failed
128+n  signal n (SIGINT, SIGTERM, SIGHUP) stopped the run
With --exit-with-program there is no 0 or 1 of the kernel's; instead:
 0-99  the program exited with this code
  120  the program exited with a code above 99, which is printed
  121  the program was killed
  122  the program was refused: its file is none that the kernel runs, or is
       not on the ISO
  125  QEMU was closed, or ended, before the program did

Environment:
  LIMINE_PATH   a folder with Limine's files (an absolute path)
  OVMF_PATH     a file OVMF.fd, or a folder with OVMF's files (absolute too)";

/// Boots Limelight in QEMU.
#[derive(Debug, Clone, PartialEq, Eq, Parser)]
#[command(
    name = "cargo run --",
    bin_name = "cargo run --",
    override_usage = "cargo run -- [OPTIONS] [QEMU'S OPTIONS]\n       cargo run -- doctor",
    after_help = AFTER_HELP,
    disable_help_flag = true
)]
pub struct Options {
    /// Firmware of the machine [default: uefi where OVMF is found, else bios]
    #[arg(long, value_name = "KIND")]
    pub firmware: Option<FirmwareKind>,
    /// Who starts the kernel [default: limine where it is found, else grub]
    #[arg(long, value_name = "LOADER")]
    pub loader: Option<LoaderKind>,
    /// How the firmware sees the ISO
    #[arg(long, value_name = "MEDIUM", default_value = "cd")]
    pub boot: BootMedium,
    /// Open no window
    #[arg(long)]
    pub headless: bool,
    /// Save a picture of the screen when the kernel's log has been quiet for 2 seconds, then quit
    #[arg(long, value_name = "FILE.png")]
    pub screenshot: Option<PathBuf>,
    /// Quit after so many seconds
    #[arg(long, value_name = "S", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub timeout: Option<u64>,
    /// Put this file on the ISO in place of `user_mode_program_0`
    #[arg(long, value_name = "FILE")]
    pub program: Option<PathBuf>,
    /// Quit when the program ends, with its exit code (see below)
    #[arg(long, conflicts_with = "screenshot")]
    pub exit_with_program: bool,
    /// Command line for the kernel, for example "log.level=debug" (the default level is info)
    #[arg(long, value_name = "TEXT")]
    pub cmdline: Option<String>,
    /// Wait for a debugger before the first instruction, as `-s -S` do, and say how to attach gdb
    #[arg(long)]
    pub debug: bool,
    /// Show this text
    #[arg(short, long, action = ArgAction::Help)]
    help: Option<bool>,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Task {
    /// Boot, with QEMU arguments that go on unchanged.
    Boot(Box<Options>, Vec<OsString>),
    /// Check what is installed.
    Doctor,
}

/// Why the command line makes no sense.
#[derive(Debug, thiserror::Error)]
pub enum ArgumentError {
    /// One of our options has a bad value, or help was asked for.
    #[error("{0}")]
    Clap(#[from] clap::Error),
    /// An option of ours behind one of QEMU's.
    #[error(
        "`{option}` is an option of `cargo run` and must come before QEMU's options, the first of which is `{first}`"
    )]
    OursAfterQemu {
        /// Our option.
        option: String,
        /// Where QEMU's arguments begin.
        first: String,
    },
    /// Something after `doctor`.
    #[error("`doctor` takes no arguments, and `{further}` follows it")]
    BehindDoctor {
        /// The first argument after it.
        further: String,
    },
    /// The benchmark, which `cargo run` does not build.
    #[error("the benchmark is a program of its own: `./dev bench`, or `cargo run --release --package bench`")]
    Bench,
}

impl Task {
    /// Reads a command line without the program's name.
    ///
    /// # Errors
    /// [`ArgumentError`].
    pub fn read(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, ArgumentError> {
        let mut ours: Vec<OsString> = arguments.into_iter().collect();
        match (ours.first().and_then(|word| word.to_str()), ours.get(1)) {
            (Some("doctor"), None) => return Ok(Self::Doctor),
            (Some("doctor"), Some(further)) => {
                let further = further.to_string_lossy().into_owned();
                return Err(ArgumentError::BehindDoctor { further });
            }
            (Some("bench"), _) => return Err(ArgumentError::Bench),
            _ => {}
        }
        let mut qemu_arguments = ours.split_off(length_of_our_part(&ours));
        if qemu_arguments.first().is_some_and(|first| first == "--") {
            // All behind it is QEMU's, whatever its name.
            qemu_arguments.remove(0);
        } else {
            refuse_our_options(&qemu_arguments)?;
        }
        let program = OsString::from("cargo run --");
        let options = Options::try_parse_from([program].into_iter().chain(ours))?;
        Ok(Self::Boot(Box::new(options), qemu_arguments))
    }
}

/// How many words from the beginning are options of ours and their values.
fn length_of_our_part(words: &[OsString]) -> usize {
    let mut length = 0;
    while let Some(option) = words.get(length).and_then(|word| our_option(word)) {
        length += if option.value_is_next_word { 2 } else { 1 };
    }
    length.min(words.len())
}

/// An option of ours as it stands on a command line.
struct OurOption {
    /// Whether its value stands in the next word.
    value_is_next_word: bool,
}

/// The option of ours that a word is. The names come from clap's description, so that there is one list.
fn our_option(word: &OsStr) -> Option<OurOption> {
    let word = word.to_str()?;
    let command = Options::command();
    let (name, has_value) = word.split_once('=').map_or((word, false), |(name, _)| (name, true));
    let argument = command.get_arguments().find(|argument| {
        let long = argument
            .get_long()
            .is_some_and(|long| name.strip_prefix("--") == Some(long));
        long || argument.get_short().is_some_and(|short| word == format!("-{short}"))
    })?;
    Some(OurOption {
        value_is_next_word: argument.get_action().takes_values() && !has_value,
    })
}

/// Makes sure that no option of ours stands among QEMU's.
fn refuse_our_options(qemu_arguments: &[OsString]) -> Result<(), ArgumentError> {
    let given = GivenOptions::read(qemu_arguments);
    // One dash is QEMU's spelling: `-boot d` and `-h` are its own.
    match given
        .words()
        .find(|word| word.starts_with("--") && our_option(OsStr::new(word)).is_some())
    {
        None => Ok(()),
        Some(option) => Err(ArgumentError::OursAfterQemu {
            option: option.to_owned(),
            first: qemu_arguments
                .first()
                .map(|first| first.to_string_lossy().into_owned())
                .unwrap_or_default(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(line: &str) -> Result<(Options, Vec<OsString>), ArgumentError> {
        match Task::read(line.split_whitespace().map(OsString::from))? {
            Task::Boot(options, qemu) => Ok((*options, qemu)),
            task => panic!("{line:?} was read as {task:?}"),
        }
    }

    #[test]
    fn from_the_first_unknown_argument_on_all_go_to_qemu() {
        for (line, ours, qemu) in [
            ("", "", ""),
            ("-s -S", "", "-s -S"),
            ("-smp 8", "", "-smp 8"),
            ("--headless --nographic", "--headless", "--nographic"),
            ("--timeout 5 --no-reboot -d int", "--timeout 5", "--no-reboot -d int"),
            ("--boot=usb --machine q35", "--boot=usb", "--machine q35"),
            ("--cmdline x disk.img -m 1G", "--cmdline x", "disk.img -m 1G"),
            ("--headless -boot d", "--headless", "-boot d"),
        ] {
            let (options, rest) = read(line).unwrap();
            assert_eq!(options, read(ours).unwrap().0, "{line}");
            assert_eq!(
                rest,
                qemu.split_whitespace().map(OsString::from).collect::<Vec<_>>(),
                "{line}"
            );
        }
    }

    #[test]
    fn our_option_behind_one_of_qemus_is_an_error_that_names_both() {
        for line in ["-smp 8 --headless", "-smp 8 --timeout=5", "-S --boot usb", "-S --help"] {
            let Err(ArgumentError::OursAfterQemu { option, first }) = read(line) else {
                panic!("{line:?} was accepted")
            };
            assert!(
                option.starts_with("--") && first.starts_with("-S") | first.starts_with("-smp"),
                "{line}"
            );
        }
    }

    #[test]
    fn the_value_of_a_qemu_option_is_not_taken_for_one_of_ours() {
        assert_eq!(read("-append --debug").unwrap().1, ["-append", "--debug"]);
    }

    #[test]
    fn two_dashes_alone_make_the_rest_qemus() {
        let (options, rest) = read("--headless -- --boot d").unwrap();
        assert!(options.headless);
        assert_eq!(rest, ["--boot", "d"]);
    }

    #[test]
    fn bad_values_are_errors() {
        for line in [
            "--firmware coreboot",
            "--boot floppy",
            "--timeout 0",
            "--timeout soon",
            "--timeout",
            "--headless --headless",
        ] {
            assert!(matches!(read(line), Err(ArgumentError::Clap(_))), "{line}");
        }
    }

    #[test]
    fn a_run_ends_with_the_program_or_with_a_picture() {
        assert!(read("--exit-with-program --timeout 5").unwrap().0.exit_with_program);
        let both = read("--exit-with-program --screenshot a.png");
        assert!(matches!(both, Err(ArgumentError::Clap(_))), "{both:?}");
    }

    #[test]
    fn our_value_may_begin_with_a_dash_only_behind_an_equals_sign() {
        assert_eq!(read("--cmdline=-x").unwrap().0.cmdline.as_deref(), Some("-x"));
    }

    proptest! {
        #[test]
        fn what_goes_to_qemu_is_the_end_of_the_line_unchanged(words in prop::collection::vec("(-{0,2}[a-z]{1,5}|--headless|--timeout|--boot=usb|7|-smp|-S|)", 0..8)) {
            let line: Vec<OsString> = words.iter().map(OsString::from).collect();
            if let Ok(Task::Boot(_, qemu)) = Task::read(line.clone()) {
                prop_assert!(line.ends_with(&qemu));
                prop_assert!(qemu.first().is_none_or(|first| our_option(first).is_none()));
            }
        }
    }

    #[test]
    fn doctor_is_a_word_of_its_own() {
        assert_eq!(Task::read(["doctor".into()]).unwrap(), Task::Doctor);
    }

    #[test]
    fn doctor_with_a_further_argument_is_an_error_that_names_it() {
        for further in ["--headless", "doctor", "-S"] {
            let error = Task::read(["doctor".into(), further.into()]).unwrap_err();
            assert!(error.to_string().contains(further), "{error}");
        }
    }
}
