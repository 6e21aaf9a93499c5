//! QEMU's record of resets and interrupts (`-d`, `-D`): its content, its place, and how to read it.
//!
//! A `-d` of the user keeps its list, with resets added: without them a triple fault would look like any reset. A `-D` of the user is
//! kept, and the record is read from there.

use std::ffi::OsString;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use crate::given_options::GivenOptions;

/// The events that are always recorded: enough to recognise a triple fault, at no cost.
pub(crate) const RESETS: &str = "cpu_reset";
/// Maximum number of bytes read from the record. An exception takes 1.5 KiB, a reset as much for each CPU.
const BYTES_READ: u64 = 4 << 20;

/// The place of the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum EventRecord {
    /// A file.
    File(PathBuf),
    /// QEMU's standard error: the user gave `-d` without `-D`.
    StandardError,
}

impl EventRecord {
    /// Returns the place that the options select, or `ours` if they select none.
    pub(crate) fn place(given: &GivenOptions, ours: &Path) -> Self {
        if let Some(file) = given.arguments_of(&["D"]).next_back() {
            Self::File(file.into())
        } else if given.any_of(&["d"]) {
            Self::StandardError
        } else {
            Self::File(ours.to_owned())
        }
    }

    /// Returns the end of the record; empty if there is none.
    pub(crate) fn read(&self, standard_error: impl FnOnce() -> String) -> String {
        match self {
            Self::File(file) => end_of_file(file).unwrap_or_default(),
            Self::StandardError => standard_error(),
        }
    }
}

/// Returns the user's arguments for QEMU, with resets added to the last `-d`, which is the effective one.
pub(crate) fn with_resets_recorded(arguments: &[OsString]) -> Vec<OsString> {
    let mut arguments = arguments.to_vec();
    let place = GivenOptions::read(&arguments).place_of_last_argument("d");
    if let Some(events) = place.and_then(|place| arguments.get_mut(place)) {
        events.push(",");
        events.push(RESETS);
    }
    arguments
}

/// Returns the last part of a file. Anything but a regular file could block, and is not read.
fn end_of_file(path: &Path) -> std::io::Result<String> {
    if !path.metadata()?.is_file() {
        return Ok(String::new());
    }
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(BYTES_READ)))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<OsString> {
        line.split_whitespace().map(OsString::from).collect()
    }

    #[test]
    fn resets_are_added_to_the_list_that_counts() {
        for (given, passed_on) in [
            ("-d int -smp 2", "-d int,cpu_reset -smp 2"),
            ("--d int -d mmu", "--d int -d mmu,cpu_reset"),
            ("-D log -append -d", "-D log -append -d"),
            ("-smp 2 -d", "-smp 2 -d"),
        ] {
            assert_eq!(with_resets_recorded(&words(given)), words(passed_on), "{given}");
        }
    }

    #[test]
    fn the_record_is_read_where_the_person_wants_it() {
        let folder = tempfile::tempdir().unwrap();
        let (ours, theirs) = (folder.path().join("ours"), folder.path().join("theirs"));
        std::fs::write(&ours, "ours").unwrap();
        std::fs::write(&theirs, "theirs").unwrap();
        for (given, text) in [
            (String::new(), "ours"),
            ("-d int".to_owned(), "standard error"),
            (format!("-d int -D {}", theirs.display()), "theirs"),
            (format!("--D {}", theirs.display()), "theirs"),
            ("-D /dev/null".to_owned(), ""),
        ] {
            let place = EventRecord::place(&GivenOptions::read(&words(&given)), &ours);
            assert_eq!(place.read(|| "standard error".to_owned()), text, "{given}");
        }
    }
}
