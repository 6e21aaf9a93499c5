//! QEMU's record of resets and interrupts: what it holds, where QEMU writes it, and how it is read.
//!
//! A person's own `-d` keeps its list, with the resets added: without them a triple fault would look like any reset. Where
//! the person wants the record is left alone, and it is read there.

use std::ffi::OsString;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use crate::given_options::GivenOptions;

/// What is always recorded: it is enough to notice a triple fault, and costs nothing.
pub(crate) const RESETS: &str = "cpu_reset";
/// As much of the record is read: an exception takes 1.5 KiB, a reset as much for each CPU.
const BYTES_READ: u64 = 4 << 20;

/// Where QEMU writes the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum EventRecord {
    /// Into a file.
    File(PathBuf),
    /// To its standard error, as a person's `-d` without `-D` does.
    StandardError,
}

impl EventRecord {
    /// The place that these options choose, or `ours` when they choose none.
    pub(crate) fn place(given: &GivenOptions, ours: &Path) -> Self {
        if let Some(file) = given.arguments_of(&["D"]).next_back() {
            Self::File(file.into())
        } else if given.any_of(&["d"]) {
            Self::StandardError
        } else {
            Self::File(ours.to_owned())
        }
    }

    /// The end of the record; empty where there is none.
    pub(crate) fn read(&self, standard_error: impl FnOnce() -> String) -> String {
        match self {
            Self::File(file) => end_of_file(file).unwrap_or_default(),
            Self::StandardError => standard_error(),
        }
    }
}

/// A person's arguments for QEMU, with the resets added to the list of `-d` that counts: the last one.
pub(crate) fn with_resets_recorded(arguments: &[OsString]) -> Vec<OsString> {
    let mut arguments = arguments.to_vec();
    let place = GivenOptions::read(&arguments).place_of_last_argument("d");
    if let Some(events) = place.and_then(|place| arguments.get_mut(place)) {
        events.push(",");
        events.push(RESETS);
    }
    arguments
}

/// The last part of a file, which may be very long. Anything but a plain file might block, and holds no record.
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
