//! The rows of the benchmark: what each means, and which value it may not exceed.

use std::fmt::Write;

/// What a row is about.
struct Subject {
    /// Its name in the kernel's log and in the file.
    name: &'static str,
    /// What is counted.
    what: &'static str,
    /// Maximum good value.
    limit: u64,
}

/// Every row, in the order of the table. A limit is a tenth above the value when it was set, or what a boot may cost.
const SUBJECTS: [Subject; 17] = [
    Subject {
        name: "boot",
        what: "kernel entry to idle, no screen, without waits",
        limit: 2_500_000,
    },
    Subject {
        name: "boot_with_screen",
        what: "the same with a screen of 1280 x 800 pixels",
        limit: 6_000_000,
    },
    Subject {
        name: "boot_waits",
        what: "what the boot waits for the measurement of its clock",
        limit: 3_000_000,
    },
    Subject {
        name: "frame_allocate_free",
        what: "allocate and free a 4 KiB frame",
        limit: 75,
    },
    Subject {
        name: "heap_allocate_free_64",
        what: "allocate and free 64 bytes of the heap",
        limit: 250,
    },
    Subject {
        name: "map_unmap_page",
        what: "map and unmap a page at a given address, with invlpg",
        limit: 655,
    },
    Subject {
        name: "map_unmap_page_anywhere",
        what: "the same, with the address allocated and freed",
        limit: 6_000,
    },
    Subject {
        name: "log_line_64_serial",
        what: "log a line of 64 bytes, serial port only",
        limit: 920,
    },
    Subject {
        name: "log_line_64_screen",
        what: "the same with a screen, mean of 1,000 lines",
        limit: 13_400,
    },
    Subject {
        name: "log_line_64_screen_alone",
        what: "the same with a screen, one line alone",
        limit: 55_000,
    },
    Subject {
        name: "timer_interrupt",
        what: "a timer interrupt with a tick, entry to exit",
        limit: 265,
    },
    Subject {
        name: "syscall_round_trip",
        what: "an empty system call, from the program back to it",
        limit: 100,
    },
    Subject {
        name: "program_log_line_16",
        what: "a program logs 16 bytes, serial port only",
        limit: 700,
    },
    Subject {
        name: "first_touch",
        what: "a program's first touch of a page that it mapped, which is zeroed",
        limit: 1_420,
    },
    Subject {
        name: "load_and_enter",
        what: "from the module user_mode_program_0 to its first call",
        limit: 40_000,
    },
    Subject {
        name: "boot_to_first_call",
        what: "kernel entry to there, without waits",
        limit: 2_540_000,
    },
    Subject {
        name: "remote_call_round_trip",
        what: "a call of another processor that halts, and back",
        limit: 520,
    },
];

/// A row as it was measured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    /// Its name.
    pub(crate) name: String,
    /// What is counted.
    what: String,
    /// What the value counts.
    pub(crate) unit: &'static str,
    /// The value; `None` if the kernel reported none.
    pub(crate) value: Option<u64>,
    /// Maximum good value; `None` for a row that only the kernel knows.
    limit: Option<u64>,
}

impl Row {
    /// All rows: those that are known, with their values, then those that only the kernel knows.
    pub(crate) fn all(values: &[(String, u64)]) -> Vec<Self> {
        let value_of = |name: &str| values.iter().find(|(other, _)| other == name).map(|(_, value)| *value);
        let known = SUBJECTS.iter().map(|subject| Self {
            name: subject.name.to_owned(),
            what: subject.what.to_owned(),
            unit: "instructions",
            value: value_of(subject.name),
            limit: Some(subject.limit),
        });
        let is_unknown = |name: &str| SUBJECTS.iter().all(|subject| subject.name != name);
        let unknown = values
            .iter()
            .filter(|(name, _)| is_unknown(name))
            .map(|(name, value)| Self {
                name: name.clone(),
                what: String::new(),
                unit: "instructions",
                value: Some(*value),
                limit: None,
            });
        known.chain(unknown).collect()
    }

    /// Whether the value is there and not too large.
    pub(crate) fn is_good(&self) -> bool {
        self.value
            .is_some_and(|value| self.limit.is_none_or(|limit| value <= limit))
    }
}

/// The table for a person.
pub(crate) fn table(rows: &[Row]) -> String {
    let mut text = format!("\n{:<26} {:>12} {:>10}  what\n", "guest instructions", "value", "limit");
    for row in rows {
        let value = row.value.map_or("missing".to_owned(), with_separators);
        let limit = row.limit.map_or(String::new(), with_separators);
        let mark = if row.is_good() { "" } else { "  <- too much" };
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{:<26} {value:>12} {limit:>10}  {}{mark}", row.name, row.what);
    }
    text
}

/// A number with a comma behind each three digits.
fn with_separators(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index != 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row_of(name: &str, values: &[(&str, u64)]) -> Row {
        let values: Vec<_> = values
            .iter()
            .map(|(name, value)| ((*name).to_owned(), *value))
            .collect();
        Row::all(&values).into_iter().find(|row| row.name == name).unwrap()
    }

    #[test]
    fn a_value_above_its_limit_or_missing_is_not_good() {
        let name = "frame_allocate_free";
        assert!(row_of(name, &[(name, 75)]).is_good());
        assert!(!row_of(name, &[(name, 76)]).is_good());
        assert!(!row_of(name, &[]).is_good());
        assert!(row_of("new_row", &[("new_row", u64::MAX)]).is_good());
    }

    #[test]
    fn a_row_that_only_the_kernel_knows_is_shown_too() {
        let rows = Row::all(&[("new_row".to_owned(), 7)]);
        assert_eq!(rows.len(), SUBJECTS.len() + 1);
        assert!(table(&rows).contains("new_row"));
    }

    #[test]
    fn numbers_are_grouped_by_three_digits() {
        for (number, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (12_345_678, "12,345,678")] {
            assert_eq!(with_separators(number), text);
        }
    }
}
