//! Parses the kernel's log as it arrives on the serial port.

/// A line of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LogLine {
    /// The id of the processor, between the brackets.
    pub(crate) cpu: String,
    /// `INFO` and the like.
    pub(crate) level: String,
    /// The text after the level.
    pub(crate) message: String,
}

/// Levels of the log, padded as in a line.
const LEVELS: [&str; 5] = ["ERROR", "WARN ", "INFO ", "DEBUG", "TRACE"];

/// The text without colours and cursor movements (`ESC [ … letter`), and without carriage returns.
pub(crate) fn plain(serial: &str) -> String {
    let mut text = String::new();
    let mut rest = serial.chars();
    while let Some(character) = rest.next() {
        match character {
            '\u{1b}' if rest.next() == Some('[') => {
                rest.find(|character| ('@'..='~').contains(character));
            }
            '\u{1b}' | '\r' => {}
            _ => text.push(character),
        }
    }
    text
}

/// Every line of the kernel's log, in order, without the output of firmware and boot loaders.
pub(crate) fn log_lines(serial: &str) -> Vec<LogLine> {
    from_first_line(&plain(serial)).lines().filter_map(parse).collect()
}

/// Every line after the first log line that is no log line, such as a torn one.
pub(crate) fn foreign_lines(serial: &str) -> Vec<String> {
    let text = plain(serial);
    let lines = from_first_line(&text).lines();
    lines.filter(|line| parse(line).is_none()).map(str::to_owned).collect()
}

/// The text from the first log line on. That may begin in the middle of a line: Limine for UEFI leaves one unfinished.
fn from_first_line(text: &str) -> &str {
    let beginnings = text.match_indices('[').map(|(index, _)| &text[index..]);
    let is_of_log = |rest: &&str| rest.lines().next().and_then(parse).is_some();
    beginnings.into_iter().find(is_of_log).unwrap_or_default()
}

/// `[cpu] LEVEL message`.
fn parse(line: &str) -> Option<LogLine> {
    let (cpu, rest) = line.strip_prefix('[')?.split_once("] ")?;
    if cpu.is_empty() || !cpu.chars().all(|digit| matches!(digit, '0'..='9' | 'A'..='F')) {
        return None;
    }
    let (level, message) = rest.split_at_checked(5)?;
    LEVELS.contains(&level).then_some(())?;
    Some(LogLine {
        cpu: cpu.to_owned(),
        level: level.trim_end().to_owned(),
        message: message.strip_prefix(' ')?.to_owned(),
    })
}
