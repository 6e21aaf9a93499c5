//! Whether a mangled name is simple enough that printing it takes little stack, whoever made it up.
//!
//! Names of the current scheme ("v0", Rust RFC 2603) nest: printing one recurses, once for each part within a part, and a back
//! reference repeats an earlier part, itself included. So a name of a few bytes can nest as deep as the demangler allows.

/// A name nests no deeper than it has parts; so many may be in one.
const MAX_PARTS: usize = 64;

/// What names of the current scheme begin with.
const PREFIXES: [&str; 3] = ["__R", "_R", "R"];

/// Whether a name has few parts and no back reference. Some that have none are refused too.
pub(crate) fn is_shallow(mangled_name: &str) -> bool {
    let nesting = PREFIXES.iter().find_map(|prefix| mangled_name.strip_prefix(prefix));
    // The older scheme is a list, and what is in neither is printed as it stands.
    nesting.is_none_or(|parts| has_few_parts(parts.as_bytes()))
}

/// Goes through the parts. Each is a letter but for identifiers, which say how long they are, and the numbers that tell crates
/// and `impl`s of one name apart. Where a digit could mean something else, the answer is no: what follows would be misread.
fn has_few_parts(mut rest: &[u8]) -> bool {
    let mut previous = 0;
    for _ in 0..MAX_PARTS {
        let Some((&first, behind)) = rest.split_first() else {
            return true;
        };
        let behind_part = match first {
            // A back reference, a constant or calling convention, a lifetime, a binder.
            b'B' | b'K' | b'L' | b'G' => None,
            b'0'..=b'9' => behind_identifier(rest),
            b's' if matches!(previous, b'C' | b'M' | b'X') => behind_number(behind),
            // A number again, or `i16`: the shortest number can be nothing else.
            b's' => match behind.first() {
                Some(b'_') => behind.get(1..),
                Some(b'E') | None => Some(behind),
                Some(_) => None,
            },
            _ => Some(behind),
        };
        let Some(behind_part) = behind_part else {
            return false;
        };
        rest = behind_part;
        previous = first;
    }
    rest.is_empty()
}

/// What follows an identifier: its length in decimal digits, perhaps `_`, and so many bytes. `None` if it has no end.
fn behind_identifier(text: &[u8]) -> Option<&[u8]> {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, behind) = text.split_at_checked(digits)?;
    let length = core::str::from_utf8(digits).ok()?.parse::<usize>().ok()?;
    let behind = behind.strip_prefix(b"_").unwrap_or(behind);
    behind.get(length..)
}

/// What follows a number to the base 62, which ends with `_`. `None` if it has no end.
fn behind_number(text: &[u8]) -> Option<&[u8]> {
    let digits = text.iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
    text.get(digits..)?.strip_prefix(b"_")
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    #[test]
    fn names_of_common_functions_are_shallow() {
        for name in [
            "entry_point",
            "_ZN4core3fmt5write17h0123456789abcdefE",
            "_RNvCs1234_19user_mode_program_011entry_point",
            "_RNvCsB_19user_mode_program_011entry_point",
            "_RNvNtCsaBcD_4core9panicking5panic",
            "_RINvNtCs1_4core3ptr13drop_in_placeNtNtCs2_5alloc6string6StringE",
            "_RNvMs3_NtCs1_4core3fmtNtCs1_4core3str5write",
            "_RNCNvCs1234_7program4main0",
            "_RNCNvCs1234_7program4mains_0",
        ] {
            assert!(is_shallow(name), "{name}");
        }
    }

    #[test]
    fn names_that_nest_or_may_are_not() {
        let deep = format!("_RINvC1a1b{}uE", "T".repeat(MAX_PARTS));
        for name in [
            "_RMC0RB2_",
            "_RINvC1a1bRB3_E",
            "__RIC1aB_E",
            "RIC1aB_E",
            // A back reference that an unwary reader takes for a part of what stands before it.
            "_RINvC1a1bFKCsB3_EuE",
            "_RINvC1a1bKj5_RB3_EE",
            "_RINvC1a1bs5_RB3_EE",
            "_RINvC1a1bRL5_RB3_EE",
            "_RINvC1a1bFG5_RB3_EuE",
            &deep,
        ] {
            assert!(!is_shallow(name), "{name}");
        }
    }
}
