//! Reading the kernel's log as it comes over the serial port.

/// Lines that are shown of a log when something went wrong.
const LAST_LINES: usize = 15;

/// The kernel's first line.
pub(crate) const FIRST_LINE: &str = "Hello from BSP";

/// The text without the escape sequences that colour it.
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

/// Whether the kernel reported a panic, or that it cannot boot.
#[must_use]
pub fn has_panic(log: &str) -> bool {
    without_colours(log).lines().any(|line| {
        let message = line
            .split_once("ERROR")
            .map_or(line, |(_, message)| message)
            .trim_start();
        message.starts_with("panicked") || (line.contains("ERROR") && message.starts_with("cannot boot"))
    })
}

/// The last lines that say something, without colours.
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
    fn a_panic_is_seen_and_a_line_about_one_is_not() {
        assert!(has_panic(
            "[0] \u{1b}[91mERROR\u{1b}[39m panicked at kernel/src/lib.rs:1:2:\r\nboom\r\n"
        ));
        assert!(has_panic("[0] ERROR cannot boot: no memory map"));
        assert!(has_panic("panicked again while reporting a panic"));
        assert!(!has_panic("[0] INFO  Command line: panicked"));
        assert!(!has_panic("[0] WARN  unknown word `cannot boot`"));
    }

    #[test]
    fn the_last_lines_are_those_that_say_something() {
        let log: String = (0..30).map(|number| format!("line {number}\r\n\r\n")).collect();
        assert!(last_lines(&log).starts_with("line 15\nline 16\n"));
        assert_eq!(last_lines(""), "");
    }
}
