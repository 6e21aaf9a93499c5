//! Parses the kernel's log from the serial port.

/// Number of lines of a log that an error shows.
const LAST_LINES: usize = 15;

/// The kernel's first line.
pub(crate) const FIRST_LINE: &str = "Hello from BSP";

/// Starts of the error messages that end the kernel.
const FATAL_MESSAGES: [&str; 5] = [
    "panicked",
    "cannot boot: ",
    "Page fault!",
    "Stack overflow:",
    "Double Fault!",
];
/// Maximum length: longer than the name of any exception (Intel SDM volume 3, table 6-1).
const LONGEST_EXCEPTION_NAME: usize = 48;

/// Removes the escape sequences of colours.
#[must_use]
pub fn without_colours(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        if character == '\u{1b}' && characters.next_if_eq(&'[').is_some() {
            // Parameters and intermediate characters up to the final one (ECMA-48, 5.4).
            while characters.next_if(|next| matches!(next, ' '..='?')).is_some() {}
            characters.next_if(|next| matches!(next, '@'..='~'));
        } else {
            plain.push(character);
        }
    }
    plain
}

/// A line of the kernel's log, without colours: `[id] LEVEL message`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LogLine<'a> {
    /// The level, in capitals.
    pub(crate) level: &'a str,
    /// The message.
    pub(crate) message: &'a str,
}

impl<'a> LogLine<'a> {
    /// Parses a line, if it belongs to the log.
    pub(crate) fn read(line: &'a str) -> Option<Self> {
        let (id, rest) = line.trim_end().strip_prefix('[')?.split_once("] ")?;
        let (level, message) = rest.split_once(' ')?;
        let is_id = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_id.then_some(Self {
            level,
            message: message.trim_start(),
        })
    }
}

/// Returns the measured values: lines `Measured NAME: VALUE instructions`.
pub(crate) fn measured_values(log: &str) -> Vec<(String, u64)> {
    let plain = without_colours(log);
    let lines = plain.lines().filter_map(LogLine::read);
    lines.filter_map(|line| measured_value(line.message)).collect()
}

/// Returns the measured value in a message.
fn measured_value(message: &str) -> Option<(String, u64)> {
    let (name, rest) = message.strip_prefix("Measured ")?.split_once(": ")?;
    let value = rest.strip_suffix(" instructions")?.parse().ok()?;
    Some((name.to_owned(), value))
}

/// Whether the kernel reported its end: a panic, a fatal exception, or a failed boot.
#[must_use]
pub fn has_panic(log: &str) -> bool {
    without_colours(log).lines().any(|line| match LogLine::read(line) {
        Some(line) => line.level == "ERROR" && is_fatal(line.message),
        // Written without the logger, which may be what panicked.
        None => line.starts_with("panicked"),
    })
}

/// Whether an error message is one that ends the kernel.
fn is_fatal(message: &str) -> bool {
    FATAL_MESSAGES.iter().any(|start| message.starts_with(start))
        || message
            .split_once("! Error code:")
            .is_some_and(|(name, _)| is_exception_name(name))
}

/// Whether a text can be the name of an exception: some words, no quotes, no sentence.
fn is_exception_name(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= LONGEST_EXCEPTION_NAME
        && text
            .chars()
            .all(|character| character.is_alphanumeric() || " -_/#()".contains(character))
}

/// Returns the last non-empty lines, without colours.
#[must_use]
pub fn last_lines(log: &str) -> String {
    let plain = without_colours(log);
    let lines: Vec<&str> = plain
        .lines()
        .map(str::trim_end)
        .filter(|line| !line.is_empty())
        .collect();
    lines
        .get(lines.len().saturating_sub(LAST_LINES)..)
        .unwrap_or_default()
        .join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_taken_out_and_text_stays() {
        assert_eq!(
            without_colours("\u{1b}[90m[0]\u{1b}[39m \u{1b}[1;94mINFO \u{1b}[39m x"),
            "[0] INFO  x"
        );
        assert_eq!(
            without_colours("\u{1b}[2J\u{1b}[01;01Hmenu \u{1b}c \u{1b}["),
            "menu \u{1b}c "
        );
    }

    #[test]
    fn measured_values_are_read_and_talk_about_them_is_not() {
        let log = "[0] \u{1b}[94mINFO \u{1b}[39m Measured a_b: 12 instructions\r\n[0] INFO  Measured nothing: yet\n\
            Measured c: 3 instructions\n[0] INFO  not Measured d: 4 instructions\n";
        assert_eq!(measured_values(log), [("a_b".to_owned(), 12)]);
    }

    #[test]
    fn a_panic_is_seen_and_a_line_about_one_is_not() {
        assert!(has_panic(
            "[0] \u{1b}[91mERROR\u{1b}[39m panicked at kernel/src/lib.rs:1:2:\r\nboom\r\n"
        ));
        assert!(has_panic("[0] ERROR cannot boot: no memory map"));
        assert!(has_panic("panicked again while reporting a panic"));
        assert!(!has_panic("[0] INFO  Command line: panicked"));
        assert!(!has_panic("[0] INFO  Command line: ERROR panicked"));
        assert!(!has_panic("[0] INFO  Command line: [0] ERROR panicked"));
        assert!(!has_panic("[0] ERROR a program panicked"));
        assert!(!has_panic("[0] WARN  unknown word `cannot boot`"));
    }

    #[test]
    fn an_exception_that_ends_the_kernel_is_seen() {
        for message in [
            "Page fault! reading 0x10",
            "Stack overflow: CPU 3",
            "Double Fault! at 0x20",
            "General Protection Fault! Error code: 0x10",
            "SIMD floating-point exception (#XM)! Error code: 0x0",
        ] {
            assert!(
                has_panic(&format!("[1F] \u{1b}[91mERROR\u{1b}[39m {message}\r\n")),
                "{message}"
            );
            assert!(!has_panic(&format!("[1F] WARN  {message}\r\n")), "{message}");
            assert!(
                !has_panic(&format!("[1F] ERROR a program said: {message}\r\n")),
                "{message}"
            );
        }
    }

    #[test]
    fn what_a_program_says_is_no_panic() {
        // The kernel writes the program's name before each line and escapes what is no printable character.
        for text in [
            "panicked at kernel/src/lib.rs:1:2:",
            "panicked again while reporting a panic",
            "[0] ERROR panicked at kernel/src/lib.rs:1:2:",
            "Page fault! reading 0x10",
            "General Protection Fault! Error code: 0x10",
            "\\r\\n[0] ERROR panicked at kernel/src/lib.rs:1:2:",
            "\\u{1b}[1A[0] ERROR panicked",
        ] {
            let line = format!("[0] ERROR user_mode_program_0: {text}\r\n");
            assert!(!has_panic(&line), "{line}");
        }
    }

    #[test]
    fn the_last_lines_are_those_that_say_something() {
        let log: String = (0..30).map(|number| format!("line {number}\r\n\r\n")).collect();
        assert!(last_lines(&log).starts_with("line 15\nline 16\n"));
        assert_eq!(last_lines(""), "");
    }
}
