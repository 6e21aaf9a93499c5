//! Parses the kernel's log as it arrives on the serial port.

/// A log line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LogLine {
    /// Id of the processor, from the brackets.
    pub(crate) cpu: String,
    /// Level, such as `INFO`.
    pub(crate) level: String,
    /// Text after the level.
    pub(crate) message: String,
}

/// Levels of the log, padded as in a line.
const LEVELS: [&str; 5] = ["ERROR", "WARN ", "INFO ", "DEBUG", "TRACE"];

/// Removes colours and cursor movements (`ESC [ … letter`) and carriage returns.
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

/// Returns every line of the kernel's log, in order, without the output of firmware and boot loaders.
pub(crate) fn log_lines(serial: &str) -> Vec<LogLine> {
    from_first_line(&plain(serial)).lines().filter_map(parse).collect()
}

/// Returns every line after the first log line that is no log line, such as a mixed one.
pub(crate) fn foreign_lines(serial: &str) -> Vec<String> {
    let text = plain(serial);
    let lines = from_first_line(&text).lines();
    lines.filter(|line| parse(line).is_none()).map(str::to_owned).collect()
}

/// Returns the text from the first log line on. It may start within a line: Limine for UEFI leaves one unfinished.
fn from_first_line(text: &str) -> &str {
    let beginnings = text.match_indices('[').map(|(index, _)| &text[index..]);
    let is_of_log = |rest: &&str| rest.lines().next().and_then(parse).is_some();
    beginnings.into_iter().find(is_of_log).unwrap_or_default()
}

/// Parses `[cpu] LEVEL message`.
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
