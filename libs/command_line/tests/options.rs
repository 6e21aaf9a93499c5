//! Which words set which options, and what becomes of the others.

use command_line::{AtTheEnd, LevelFilter, LogColor, LogTime, OnPanic, Options, WordProblem};
use proptest::{
    collection,
    prelude::{any, prop_assert, prop_assert_eq, proptest},
};

/// The options of a text, and its other words as written.
fn parse(text: &str) -> (Options, Vec<(String, WordProblem)>) {
    let mut others = Vec::new();
    let options = Options::parse(text, |word, problem| others.push((word.to_string(), problem)));
    (options, others)
}

/// What a wrong `log.level` gets.
const BAD_LOG_LEVEL: WordProblem = WordProblem::BadValue {
    allowed: "error, warn, info, debug or trace",
};

/// What a wrong `panic` gets.
const BAD_ON_PANIC: WordProblem = WordProblem::BadValue {
    allowed: "halt or exit",
};

#[test]
fn an_empty_command_line_logs_no_details_and_halts() {
    let defaults = Options {
        log_level: LevelFilter::Info,
        on_panic: OnPanic::Halt,
        log_time: LogTime::Off,
        log_color: LogColor::On,
        at_the_end: AtTheEnd::Halt,
    };
    assert_eq!(parse(""), (defaults, vec![]));
}

#[test]
fn every_log_level_can_be_chosen() {
    for (name, level) in [
        ("error", LevelFilter::Error),
        ("warn", LevelFilter::Warn),
        ("info", LevelFilter::Info),
        ("debug", LevelFilter::Debug),
        ("trace", LevelFilter::Trace),
    ] {
        // Another first, so that the default cannot pass for the choice.
        let other = if name == "trace" { "warn" } else { "trace" };
        let (options, others) = parse(&format!("log.level={other} log.level={name}"));
        assert_eq!((options.log_level, others), (level, vec![]));
    }
}

#[test]
fn both_ends_of_a_panic_can_be_chosen() {
    assert_eq!(parse("panic=exit").0.on_panic, OnPanic::Exit);
    assert_eq!(parse("panic=exit panic=halt").0.on_panic, OnPanic::Halt);
}

#[test]
fn the_log_can_be_without_colours() {
    assert_eq!(parse("log.color=off").0.log_color, LogColor::Off);
    assert_eq!(parse("log.color=off log.color=on").0.log_color, LogColor::On);
}

#[test]
fn lines_of_the_log_can_tell_the_time() {
    assert_eq!(parse("log.time=on").0.log_time, LogTime::On);
    assert_eq!(parse("log.time=on log.time=off").0.log_time, LogTime::Off);
}

#[test]
fn every_end_can_be_chosen() {
    assert_eq!(parse("exit=shutdown").0.at_the_end, AtTheEnd::ShutDown);
    assert_eq!(parse("exit=reboot").0.at_the_end, AtTheEnd::Reboot);
    assert_eq!(parse("exit=reboot exit=halt").0.at_the_end, AtTheEnd::Halt);
}

#[test]
fn an_unknown_word_is_handed_on_and_the_rest_counts() {
    let (options, others) = parse("quiet panic=exit scenario=hello log.levels=info");
    assert_eq!(options.on_panic, OnPanic::Exit);
    let expected = ["quiet", "scenario=hello", "log.levels=info"];
    assert_eq!(others, expected.map(|word| (word.to_owned(), WordProblem::Unknown)));
}

#[test]
fn a_bad_value_is_handed_on_and_the_last_good_one_counts() {
    let (options, others) = parse("log.level=warn log.level=loud panic=exit panic=never log.level panic=");
    assert_eq!(
        options,
        Options {
            log_level: LevelFilter::Warn,
            on_panic: OnPanic::Exit,
            ..Options::default()
        }
    );
    let expected = [
        ("log.level=loud", BAD_LOG_LEVEL),
        ("panic=never", BAD_ON_PANIC),
        ("log.level", BAD_LOG_LEVEL),
        ("panic=", BAD_ON_PANIC),
    ];
    assert_eq!(others, expected.map(|(word, problem)| (word.to_owned(), problem)));
}

#[test]
fn values_have_one_spelling() {
    assert_eq!(
        parse("log.level=INFO").1,
        [("log.level=INFO".to_owned(), BAD_LOG_LEVEL)]
    );
}

#[test]
fn the_boot_loaders_words_are_skipped() {
    let (_, others) = parse("loader.no-rsdp loader.map=1 loader loaders.x");
    assert_eq!(
        others,
        ["loader", "loaders.x"].map(|word| (word.to_owned(), WordProblem::Unknown))
    );
}

#[test]
fn a_problem_says_what_is_allowed() {
    assert_eq!(BAD_ON_PANIC.to_string(), "the value must be halt or exit");
    assert_eq!(
        WordProblem::Unknown.to_string(),
        "no such option; the options are log.level, log.time, log.color, panic and exit"
    );
}

proptest! {
    #[test]
    fn any_text_gives_options(text in any::<String>()) {
        let (_, others) = parse(&text);
        prop_assert!(others.iter().all(|(word, _)| !word.starts_with("loader.")));
    }

    #[test]
    fn the_last_of_a_repeated_key_counts(names in collection::vec("error|warn|info|debug|trace", 1..6)) {
        let text: Vec<String> = names.iter().map(|name| format!("log.level={name}")).collect();
        let level: LevelFilter = names.last().unwrap().parse().unwrap();
        prop_assert_eq!(parse(&text.join(" ")).0.log_level, level);
    }
}
