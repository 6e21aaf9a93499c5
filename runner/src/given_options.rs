//! The options that a user gave to QEMU. They replace our defaults.
//!
//! QEMU accepts each option with one dash or two. The argument of an option is always the next word.

use std::ffi::OsString;

/// QEMU's options without an argument. All others have exactly one.
const WITHOUT_ARGUMENT: &[&str] = &[
    "S",
    "alt-grab",
    "ctrl-grab",
    "curses",
    "daemonize",
    "enable-fips",
    "enable-kvm",
    "enable-sync-profile",
    "full-screen",
    "h",
    "help",
    "jitdump",
    "mem-prealloc",
    "no-acpi",
    "no-fd-bootchk",
    "no-hpet",
    "no-kvm",
    "no-quit",
    "no-reboot",
    "no-shutdown",
    "no-user-config",
    "nodefaults",
    "nographic",
    "old-param",
    "only-migratable",
    "perfmap",
    "preconfig",
    "s",
    "sdl",
    "semihosting",
    "show-cursor",
    "singlestep",
    "snapshot",
    "usb",
    "version",
    "win2k-hack",
    "xen-attach",
    "xen-create",
    "xen-domid-restrict",
];

/// The options in a list of QEMU arguments.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct GivenOptions {
    /// Each option.
    options: Vec<GivenOption>,
}

/// An option with its argument.
#[derive(Debug, Clone, PartialEq, Eq)]
struct GivenOption {
    /// The word, with its dashes.
    word: String,
    /// Its argument.
    argument: Option<String>,
    /// Index of the argument in the list, if it is there.
    argument_place: usize,
}

impl GivenOption {
    /// The name without dashes.
    fn name(&self) -> &str {
        self.word.trim_start_matches('-')
    }
}

impl GivenOptions {
    /// Reads a list of QEMU arguments.
    pub(crate) fn read(arguments: &[OsString]) -> Self {
        let mut options = Vec::new();
        let mut words = arguments.iter().enumerate();
        while let Some((place, word)) = words.next() {
            let Some(word) = word.to_str().filter(|word| word.starts_with('-') && word.len() > 1) else {
                continue;
            };
            let mut option = GivenOption {
                word: word.to_owned(),
                argument: None,
                argument_place: place + 1,
            };
            if !WITHOUT_ARGUMENT.contains(&option.name()) {
                option.argument = words
                    .next()
                    .map(|(_, argument)| argument.to_string_lossy().into_owned());
            }
            options.push(option);
        }
        Self { options }
    }

    /// Whether the list has one of these options.
    pub(crate) fn any_of(&self, names: &[&str]) -> bool {
        self.options.iter().any(|option| names.contains(&option.name()))
    }

    /// Returns the arguments of all options with one of these names, in order.
    pub(crate) fn arguments_of<'a>(&'a self, names: &'a [&str]) -> impl DoubleEndedIterator<Item = &'a str> {
        let options = self.options.iter().filter(|option| names.contains(&option.name()));
        options.filter_map(|option| option.argument.as_deref())
    }

    /// Returns all options with one of these names, in order: each as typed, with its argument.
    pub(crate) fn all_of<'a>(&'a self, names: &'a [&str]) -> impl Iterator<Item = (&'a str, Option<&'a str>)> {
        let options = self.options.iter().filter(|option| names.contains(&option.name()));
        options.map(|option| (option.word.as_str(), option.argument.as_deref()))
    }

    /// Returns the index of the argument of the last option with that name.
    pub(crate) fn place_of_last_argument(&self, name: &str) -> Option<usize> {
        let last = self.options.iter().rfind(|option| option.name() == name)?;
        last.argument.as_ref().map(|_| last.argument_place)
    }

    /// Returns every option as typed, without its argument.
    pub(crate) fn words(&self) -> impl Iterator<Item = &str> {
        self.options.iter().map(|option| option.word.as_str())
    }

    /// Whether an option uses the terminal exclusively.
    pub(crate) fn take_the_terminal(&self) -> bool {
        let devices = [
            "serial",
            "parallel",
            "monitor",
            "qmp",
            "qmp-pretty",
            "mon",
            "chardev",
            "debugcon",
            "gdb",
        ];
        self.arguments_of(&devices)
            .any(|argument| argument.trim_start_matches("mon:").split(',').next() == Some("stdio"))
    }

    /// Returns the number of CPUs of `-smp 8` or `-smp cpus=8,…`.
    pub(crate) fn cpus(&self) -> Option<u32> {
        let last = self.arguments_of(&["smp"]).next_back()?;
        let number = last
            .split(',')
            .find_map(|part| part.strip_prefix("cpus="))
            .or_else(|| last.split(',').next())?;
        number.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> GivenOptions {
        GivenOptions::read(&line.split_whitespace().map(OsString::from).collect::<Vec<_>>())
    }

    #[test]
    fn one_dash_and_two_are_the_same_option() {
        for line in ["-smp 8 -S", "--smp 8 --S"] {
            assert!(read(line).any_of(&["S"]) && read(line).cpus() == Some(8), "{line}");
        }
        assert!(read("--machine pc").any_of(&["M", "machine"]));
    }

    #[test]
    fn an_argument_is_not_taken_for_an_option() {
        let given = read("-D -smp -append --cpu --nographic -m 1G");
        assert!(!given.any_of(&["smp", "cpu"]));
        assert!(given.any_of(&["nographic"]) && given.any_of(&["m"]));
    }

    #[test]
    fn what_follows_an_option_without_argument_is_an_option() {
        for option in ["perfmap", "jitdump", "enable-sync-profile", "S", "nographic"] {
            assert_eq!(read(&format!("-{option} -smp 3")).cpus(), Some(3), "{option}");
        }
    }

    #[test]
    fn the_last_number_of_cpus_counts() {
        for (line, cpus) in [
            ("--smp 300", Some(300)),
            ("-smp 2 -smp cpus=17,cores=17", Some(17)),
            ("-smp sockets=2", None),
            ("-m 8", None),
        ] {
            assert_eq!(read(line).cpus(), cpus, "{line}");
        }
    }

    #[test]
    fn notices_who_takes_the_terminal() {
        assert!(read("-monitor stdio").take_the_terminal());
        assert!(read("-chardev stdio,id=x").take_the_terminal());
        assert!(!read("-monitor vc -serial file:stdio").take_the_terminal());
    }
}
