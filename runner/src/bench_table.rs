//! The rows of the benchmark: what each means, and which value it may not exceed.

use std::fmt::Write;

/// What a row is about.
struct Subject {
    /// Its name in the kernel's log and in the file.
    name: &'static str,
    /// What is counted.
    what: &'static str,
    /// The largest value that is good, where one is set.
    limit: Option<u64>,
}

/// A row with a limit.
const fn limited(name: &'static str, what: &'static str, limit: u64) -> Subject {
    Subject {
        name,
        what,
        limit: Some(limit),
    }
}

/// A row that is only reported.
const fn reported(name: &'static str, what: &'static str) -> Subject {
    Subject {
        name,
        what,
        limit: None,
    }
}

/// Every row, in the order of the table.
const SUBJECTS: [Subject; 17] = [
    limited("boot", "kernel entry to idle, no screen, without waits", 2_500_000),
    limited(
        "boot_with_screen",
        "the same with a screen of 1280 x 800 pixels",
        6_000_000,
    ),
    limited(
        "boot_waits",
        "what the boot waits for the measurement of its clock",
        3_000_000,
    ),
    limited("frame_allocate_free", "allocate and free a 4 KiB frame", 80),
    limited("heap_allocate_free_64", "allocate and free 64 bytes of the heap", 250),
    limited(
        "map_unmap_page",
        "map and unmap a page at a given address, with invlpg",
        700,
    ),
    limited(
        "map_unmap_page_anywhere",
        "the same, with the address taken and given back",
        6_000,
    ),
    limited("log_line_64_serial", "log a line of 64 bytes, serial port only", 2_500),
    limited(
        "log_line_64_screen",
        "the same with a screen, mean of 1,000 lines",
        13_400,
    ),
    reported("log_line_64_screen_alone", "the same with a screen, one line alone"),
    limited("timer_interrupt", "a timer interrupt with a tick, entry to exit", 350),
    limited(
        "syscall_round_trip",
        "an empty system call, from the program back to it",
        100,
    ),
    limited(
        "program_log_line_16",
        "a program logs 16 bytes, serial port only",
        1_500,
    ),
    limited(
        "first_touch",
        "a program's first touch of a page that it mapped, which is zeroed",
        1_500,
    ),
    limited(
        "load_and_enter",
        "from the module user_mode_program_0 to its first call",
        400_000,
    ),
    reported("boot_to_first_call", "kernel entry to there, without waits"),
    reported(
        "remote_call_round_trip",
        "a call of another processor that halts, and back",
    ),
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
    /// The largest value that is good.
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
            limit: subject.limit,
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
        assert!(row_of(name, &[(name, 80)]).is_good());
        assert!(!row_of(name, &[(name, 81)]).is_good());
        assert!(!row_of(name, &[]).is_good());
        assert!(row_of("log_line_64_screen_alone", &[("log_line_64_screen_alone", u64::MAX)]).is_good());
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
