//! The log: whole lines from all processors at once, levels, and unknown words on the command line.

use std::collections::HashSet;

use libtest_mimic::Failed;
use runner::{Ending, FirmwareKind, built};

use crate::booted::Booted;
use crate::host::{iso_with, iso_with_command_line, machine, machine_on_one_thread, test_kernel_iso};
use crate::log_lines::{LogLine, foreign_lines};
use crate::scenario::{Deadline, Outcome, Scenario};

/// Number of processors in the storm.
const STORM_CPUS: u32 = 8;
/// End of a line that is being written while an interrupt handler logs.
const LONG_LINE: &str = "end of the long line";

/// End of the handler's line.
const UNHANDLED: &str = "arrived, but has no handler";

/// Number of lines of each processor.
const STORM_LINES: u32 = 1_000;

pub(crate) fn scenarios() -> Vec<Scenario> {
    vec![
        Scenario::new("logging::a_storm_of_8_cpus_loses_and_mixes_no_line", 120, storm),
        Scenario::new(
            "logging::ticks_while_all_log_lose_and_mix_no_line",
            120,
            ticks_while_logging,
        )
        .alone(),
        Scenario::new("logging::no_processor_waits_long_for_its_turn", 60, turns).alone(),
        Scenario::new(
            "logging::a_line_of_an_interrupt_comes_after_the_interrupted_one",
            15,
            |deadline| late_lines("interrupt_a_line", &["The late line", LONG_LINE, UNHANDLED], deadline),
        ),
        Scenario::new(
            "logging::an_interrupt_handler_does_not_wait_for_a_line_of_another_processor",
            15,
            |deadline| late_lines("interrupt_beside_a_line", &[LONG_LINE, UNHANDLED], deadline),
        ),
        Scenario::new("logging::the_time_of_each_line_can_be_shown", 15, times),
        Scenario::new("logging::a_nested_message_does_not_deadlock", 15, nested),
        Scenario::new("logging::the_command_line_sets_the_level", 15, level),
        Scenario::new(
            "logging::an_unknown_word_of_the_command_line_is_a_warning",
            15,
            unknown_word,
        ),
    ]
}

/// Checks that a thousand lines of every processor arrive once, whole and in order, though all log at the same time: in
/// turns on one thread of the host. In [`ticks_while_logging`], each processor has a thread.
fn storm(deadline: Deadline) -> Outcome {
    let mut machine = machine_on_one_thread(FirmwareKind::Bios, &test_kernel_iso("scenario=log_storm")?)?;
    machine.cpus = STORM_CPUS;
    let mut booted = Booted::start(&machine, deadline)?;
    booted.expect_ending(&Ending::Passed)?;
    let counts = whole_lines(&booted)?;
    booted.check(
        counts == [STORM_LINES; STORM_CPUS as usize],
        &format!("lines by processor: {counts:?}"),
    )
}

/// Checks that every processor's timer ticks while all log: the scenario ends when each has had its ticks.
fn ticks_while_logging(deadline: Deadline) -> Outcome {
    let mut machine = machine(FirmwareKind::Bios, &test_kernel_iso("scenario=ticks_while_logging")?)?;
    machine.cpus = STORM_CPUS;
    let mut booted = Booted::start(&machine, deadline)?;
    booted.expect_ending(&Ending::Passed)?;
    let counts = whole_lines(&booted)?;
    booted.check(
        counts.iter().all(|count| *count > 0),
        &format!("lines by processor: {counts:?}"),
    )
}

/// Checks that the log's lock is fair: each line waits for few lines of others, though every processor logs without a
/// pause.
fn turns(deadline: Deadline) -> Outcome {
    let mut machine = machine(FirmwareKind::Bios, &test_kernel_iso("scenario=log_in_turn")?)?;
    machine.cpus = STORM_CPUS;
    let mut booted = Booted::start(&machine, deadline)?;
    booted.expect_ending(&Ending::Passed)?;
    let longest = booted.log_lines().iter().find_map(|line| {
        let lines = line
            .message
            .strip_prefix("The longest wait was ")?
            .strip_suffix(" lines")?;
        lines.parse::<u32>().ok()
    });
    // Each processor in the queue may be overtaken 8 times; more lines come while the host suspends a virtual processor
    // that has no ticket yet.
    booted.check(
        longest.is_some_and(|longest| longest <= STORM_CPUS * 9 * 2),
        &format!("a line of one of {STORM_CPUS} processors waited for {longest:?} lines of others"),
    )
}

/// Checks that lines logged by interrupt handlers come after the line that the log was writing, and that all are whole.
fn late_lines(scenario: &str, ends: &[&str], deadline: Deadline) -> Outcome {
    let iso = test_kernel_iso(&format!("scenario={scenario}"))?;
    let mut booted = Booted::start(&machine(FirmwareKind::Bios, &iso)?, deadline)?;
    booted.expect("INFO  End of the ")?;
    let foreign = foreign_lines(&booted.serial());
    booted.check(foreign.is_empty(), &format!("torn lines: {foreign:?}"))?;
    let lines = booted.log_lines();
    let place = |end: &&str| lines.iter().position(|line| line.message.ends_with(*end));
    let places: Vec<Option<usize>> = ends.iter().map(place).collect();
    booted.check(
        places.iter().all(Option::is_some) && places.is_sorted(),
        &format!("the lines are not in order: {places:?}"),
    )
}

/// Counts the storm's lines of each processor, and checks that all are whole and in order.
fn whole_lines(booted: &Booted) -> Result<Vec<u32>, Failed> {
    let foreign = foreign_lines(&booted.serial());
    booted.check(
        foreign.is_empty(),
        &format!("lines without the form of the log: {foreign:?}"),
    )?;
    let mut next_line = vec![0; STORM_CPUS as usize];
    for line in booted.log_lines() {
        if !line.message.starts_with("storm") {
            continue;
        }
        let cpu = u32::from_str_radix(&line.cpu, 16).unwrap_or(u32::MAX);
        let Some(next) = next_line.get_mut(cpu as usize) else {
            return Err(booted.failed(&format!("a line of processor {cpu}, which does not exist")));
        };
        // The scenario writes lines of different widths, so that mixed lines are recognisable.
        let width = (*next * 7 + cpu) as usize % 60;
        let expected = format!("storm cpu={cpu} line={next} {:->width$}|", "");
        booted.check(
            line.message == expected,
            &format!("expected {expected:?}, found {:?}", line.message),
        )?;
        *next += 1;
    }
    Ok(next_line)
}

/// Checks that `log.time=on` gives each line a time stamp, in order, once there is a clock.
fn times(deadline: Deadline) -> Outcome {
    let iso = iso_with_command_line("log.time=on")?;
    let mut booted = Booted::start(&machine(FirmwareKind::Bios, &iso)?, deadline)?;
    booted.expect("All 4 processors are up and idle")?;
    let lines = booted.log_lines();
    let mut times = Vec::new();
    for line in lines.iter().skip_while(|line| !line.message.contains("Clock: ")) {
        let time = line.message.trim_start().split(' ').next().unwrap_or_default();
        let digits_behind_point = time.split_once('.').map_or(0, |(_, digits)| digits.len());
        match time.parse::<f64>() {
            Ok(seconds) if digits_behind_point == 6 => times.push(seconds),
            _ => return Err(booted.failed(&format!("no time in the line {:?}", line.message))),
        }
    }
    booted.check(times.is_sorted(), &format!("the times are not in order: {times:?}"))?;
    booted.check(
        times.first() < times.last(),
        &format!("the time stamps do not advance: {times:?}"),
    )
}

/// Checks that a `Display` that logs produces the inner and the outer line.
fn nested(deadline: Deadline) -> Outcome {
    let mut booted = Booted::start(
        &machine(FirmwareKind::Bios, &test_kernel_iso("scenario=log_nested")?)?,
        deadline,
    )?;
    booted.expect("End of the nested lines")?;
    let lines = booted.log_lines();
    let count = |message: &str| lines.iter().filter(|line| line.message == message).count();
    booted.check(count("outer short shown") == 1, "the short outer line is missing")?;
    let fails = |message: &str| message.trim_end() == "outer failing";
    booted.check(
        lines.iter().any(|line| fails(&line.message)) && count("End of the nested lines") == 1,
        "a message whose Display fails does not end its line",
    )?;
    // A message too long for the buffer is formatted twice: once to find that out, once under the lock.
    booted.check(
        count("inner line") == 3,
        "expected one inner line of the short message and two of the long one",
    )
}

/// Checks that `log.level=warn` drops all information, except the BSP's greeting, which precedes the command line's
/// parsing.
fn level(deadline: Deadline) -> Outcome {
    let mut contents = built::contents()?;
    contents.command_line = iso_image::BootText::new("log.level=warn no.such.word=1")?;
    let mut booted = Booted::start(&machine(FirmwareKind::Bios, &iso_with(contents, None)?)?, deadline)?;
    booted.expect("no.such.word")?;
    // The last line at any level; the processors start meanwhile.
    std::thread::sleep(std::time::Duration::from_millis(500));
    let levels: HashSet<String> = booted.log_lines().into_iter().skip(1).map(|line| line.level).collect();
    booted.check(
        levels == HashSet::from(["WARN".to_owned()]),
        &format!("levels after the first line: {levels:?}"),
    )
}

/// Checks that an unknown word is reported once, as a warning.
fn unknown_word(deadline: Deadline) -> Outcome {
    let mut contents = built::contents()?;
    contents.command_line = iso_image::BootText::new("log.level=debug strange.word=7")?;
    let mut booted = Booted::start(&machine(FirmwareKind::Bios, &iso_with(contents, None)?)?, deadline)?;
    booted.expect("are up and idle")?;
    let names_it = |line: &&LogLine| line.level == "WARN" && line.message.contains("strange.word");
    let warnings = booted.log_lines().iter().filter(names_it).count();
    booted.check(warnings == 1, "expected one warning that names the word")
}
