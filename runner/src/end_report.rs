//! Reads the kernel's second channel, QEMU's `isa-debugcon`: how a program ended, and whether the kernel panicked.
//!
//! Unlike the serial log, no program can write to it. The kernel's side is `kernel/src/output/debug_console.rs`.

/// I/O port of the device.
pub(crate) const PORT: &str = "0xe9";

/// The end of a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProgramEnd {
    /// It exited.
    Exited {
        /// Its exit code.
        code: u64,
    },
    /// The kernel killed it.
    Killed,
    /// It was not started: the kernel cannot run its file, or the file is missing.
    Refused,
}

/// The kernel's reports so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct EndReport {
    /// Whether the kernel panicked.
    pub(crate) has_panic: bool,
    /// The end of the first program, if it has ended.
    pub(crate) program_end: Option<ProgramEnd>,
}

impl EndReport {
    /// Reads the text of the channel. Anything but a complete line of the kernel is ignored: a line may be half written, and firmware may
    /// use the port too.
    pub(crate) fn read(text: &str) -> Self {
        let mut report = Self::default();
        for line in text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n')) {
            report.has_panic |= line == "kernel panicked";
            report.program_end = report.program_end.or_else(|| ProgramEnd::read(line));
        }
        report
    }
}

impl ProgramEnd {
    /// Parses a line about the end of a program.
    fn read(line: &str) -> Option<Self> {
        match line {
            "program killed" => Some(Self::Killed),
            "program refused" => Some(Self::Refused),
            _ => {
                let code = line.strip_prefix("program exited ")?.parse().ok()?;
                Some(Self::Exited { code })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_of_the_kernel_is_understood() {
        for (text, program_end) in [
            ("\nprogram exited 0\n", Some(ProgramEnd::Exited { code: 0 })),
            (
                "\nprogram exited 18446744073709551615\n",
                Some(ProgramEnd::Exited { code: u64::MAX }),
            ),
            ("\nprogram killed\n", Some(ProgramEnd::Killed)),
            ("\nprogram refused\n", Some(ProgramEnd::Refused)),
            ("", None),
        ] {
            let expected = EndReport {
                has_panic: false,
                program_end,
            };
            assert_eq!(EndReport::read(text), expected, "{text:?}");
        }
        assert!(EndReport::read("\nkernel panicked\n").has_panic);
    }

    #[test]
    fn a_line_that_is_not_whole_counts_for_nothing() {
        for text in [
            "\nprogram exited 1",
            "\nprogram killed",
            "\nkernel panicked",
            "\nprogram exited \n",
            "\nprogram exited 18446744073709551616\n",
            "\nprogram exited 0x1\n",
            "a program killed\n",
        ] {
            assert_eq!(EndReport::read(text), EndReport::default(), "{text:?}");
        }
    }

    #[test]
    fn a_panic_in_the_middle_of_another_line_is_seen() {
        let report = EndReport::read("\nprogram exi\nkernel panicked\n");
        assert_eq!((report.has_panic, report.program_end), (true, None));
    }

    #[test]
    fn the_first_end_counts_and_a_panic_behind_it_is_seen() {
        let report = EndReport::read("\nprogram exited 3\n\nprogram killed\n\nkernel panicked\n");
        assert_eq!(
            (report.has_panic, report.program_end),
            (true, Some(ProgramEnd::Exited { code: 3 }))
        );
    }
}
