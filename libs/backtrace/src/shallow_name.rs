//! Checks that demangling an untrusted name takes little stack.
//!
//! Names of the mangling scheme v0 (Rust RFC 2603) nest: the demangler recurses for each nested part. A back reference repeats an
//! earlier part, which may contain that same reference. So a name of a few bytes can nest as deep as the demangler allows.

/// Maximum number of parts of a shallow name. A name without back references nests at most as deep as it has parts.
const MAX_PARTS: usize = 64;

/// Prefixes of names of the scheme v0.
const PREFIXES: [&str; 3] = ["__R", "_R", "R"];

/// Returns whether a name has at most [`MAX_PARTS`] parts and no back reference. Returns `false` for some other names too.
pub(crate) fn is_shallow(mangled_name: &str) -> bool {
    let nesting = PREFIXES.iter().find_map(|prefix| mangled_name.strip_prefix(prefix));
    // Names of the legacy scheme do not nest, and names of no scheme are not demangled.
    nesting.is_none_or(|parts| has_few_parts(parts.as_bytes()))
}

/// Reads the parts of a name. A part is a letter, an identifier with its length, or a disambiguator (a number that
/// distinguishes crates or `impl`s of the same name). Where a digit could mean something else, returns `false`, because the rest
/// could be misread.
fn has_few_parts(mut rest: &[u8]) -> bool {
    let mut previous = 0;
    for _ in 0..MAX_PARTS {
        let Some((&first, after_first)) = rest.split_first() else {
            return true;
        };
        let after_part = match first {
            // A back reference, a constant or calling convention, a lifetime, a binder.
            b'B' | b'K' | b'L' | b'G' => None,
            b'0'..=b'9' => skip_identifier(rest),
            b's' if matches!(previous, b'C' | b'M' | b'X') => skip_number(after_first),
            // A disambiguator or the type `i16`. Only the shortest number, `s_`, is unambiguous.
            b's' => match after_first.first() {
                Some(b'_') => after_first.get(1..),
                Some(b'E') | None => Some(after_first),
                Some(_) => None,
            },
            _ => Some(after_first),
        };
        let Some(after_part) = after_part else {
            return false;
        };
        rest = after_part;
        previous = first;
    }
    rest.is_empty()
}

/// Returns the text after an identifier: decimal length, optional `_`, then that many bytes. `None` if the text is too short.
fn skip_identifier(text: &[u8]) -> Option<&[u8]> {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = text.split_at_checked(digits)?;
    let length = core::str::from_utf8(digits).ok()?.parse::<usize>().ok()?;
    let bytes = rest.strip_prefix(b"_").unwrap_or(rest);
    bytes.get(length..)
}

/// Returns the text after a number in base 62, which ends with `_`. `None` if the `_` is missing.
fn skip_number(text: &[u8]) -> Option<&[u8]> {
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
    fn names_with_deep_nesting_or_back_references_are_not_shallow() {
        let deep = format!("_RINvC1a1b{}uE", "T".repeat(MAX_PARTS));
        for name in [
            "_RMC0RB2_",
            "_RINvC1a1bRB3_E",
            "__RIC1aB_E",
            "RIC1aB_E",
            // Back references that a naive parser reads as a part of the text before them.
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
