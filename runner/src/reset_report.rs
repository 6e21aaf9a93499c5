//! Parses QEMU's record of `-d int,cpu_reset`: the last exceptions, and their addresses.
//!
//! QEMU writes, for each exception or interrupt, a line such as
//! `    12: v=0e e=0002 i=0 cpl=0 IP=0008:ffffffff80001234 pc=ffffffff80001234 SP=0010:… CR2=0000000000000000` and the
//! registers; before it `check_exception old: 0xe new 0xd` when one exception arose while another was delivered. The
//! record is untrusted: nothing in it may cause a panic.

use std::fmt;

/// Number of exceptions that are shown.
const SHOWN: usize = 6;
/// Vectors of exceptions (Intel SDM volume 3, 6.15).
const EXCEPTION_VECTORS: u64 = 32;
/// Vector of the page fault.
const PAGE_FAULT: u64 = 14;

/// One exception, as QEMU recorded it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExceptionRecord {
    /// The vector, below 32.
    pub vector: u64,
    /// The error code; 0 for exceptions without one.
    pub error_code: u64,
    /// Privilege level of the interrupted code: 0 kernel, 3 program.
    pub privilege_level: u64,
    /// Address of the interrupted instruction.
    pub instruction_pointer: u64,
    /// Stack pointer at that point.
    pub stack_pointer: Option<u64>,
    /// CR2: the address of the last page fault.
    pub fault_address: Option<u64>,
}

impl ExceptionRecord {
    /// Parses a line, if it records an exception and not an interrupt.
    fn read(line: &str) -> Option<Self> {
        let number = |name: &str| hexadecimal(field(line, name)?);
        let behind_colon = |name: &str| hexadecimal(field(line, name)?.rsplit(':').next()?);
        let vector = number("v=").filter(|vector| *vector < EXCEPTION_VECTORS)?;
        if number("i=")? != 0 {
            // `int n` of firmware and programs.
            return None;
        }
        Some(Self {
            vector,
            error_code: number("e=")?,
            privilege_level: number("cpl=")?,
            instruction_pointer: number("pc=").or_else(|| behind_colon("IP="))?,
            stack_pointer: behind_colon("SP="),
            fault_address: number("CR2=").filter(|_| vector == PAGE_FAULT),
        })
    }
}

impl fmt::Display for ExceptionRecord {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} (vector {})", vector_name(self.vector), self.vector)?;
        write!(
            formatter,
            " at {:#018x}, privilege level {}",
            self.instruction_pointer, self.privilege_level
        )?;
        if self.vector == PAGE_FAULT {
            write!(formatter, ", {}", page_fault_words(self.error_code))?;
        } else if self.error_code != 0 {
            write!(formatter, ", error code {:#x}", self.error_code)?;
        }
        if let Some(address) = self.fault_address {
            write!(formatter, " {address:#018x}")?;
        }
        self.stack_pointer.map_or(Ok(()), |stack_pointer| {
            write!(formatter, ", stack pointer {stack_pointer:#018x}")
        })
    }
}

/// Returns the last exceptions before a triple fault (without one: of the whole record), oldest first.
#[must_use]
pub fn last_exceptions(event_log: &str) -> Vec<ExceptionRecord> {
    let before = event_log
        .rfind("Triple fault")
        .and_then(|end| event_log.get(..end))
        .unwrap_or(event_log);
    let mut last: Vec<_> = before
        .lines()
        .rev()
        .filter_map(ExceptionRecord::read)
        .take(SHOWN)
        .collect();
    last.reverse();
    last
}

/// Returns the word after a name such as `v=`, which must be at the start of a word.
fn field<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    line.split_whitespace().find_map(|word| word.strip_prefix(name))
}

/// Parses a hexadecimal number.
fn hexadecimal(digits: &str) -> Option<u64> {
    u64::from_str_radix(digits, 16).ok()
}

/// Returns the name of an exception (Intel SDM volume 3, table 6-1).
fn vector_name(vector: u64) -> &'static str {
    match vector {
        0 => "divide error",
        1 => "debug exception",
        2 => "non-maskable interrupt",
        3 => "breakpoint",
        4 => "overflow",
        5 => "bound range exceeded",
        6 => "invalid opcode",
        7 => "device not available",
        8 => "double fault",
        10 => "invalid TSS",
        11 => "segment not present",
        12 => "stack-segment fault",
        13 => "general protection fault",
        PAGE_FAULT => "page fault",
        16 => "x87 floating-point error",
        17 => "alignment check",
        18 => "machine check",
        19 => "SIMD floating-point exception",
        20 => "virtualization exception",
        21 => "control protection exception",
        _ => "reserved exception",
    }
}

/// Returns the error code of a page fault in words (Intel SDM volume 3, 4.7).
fn page_fault_words(error_code: u64) -> String {
    let has = |bit: u64| error_code & 1 << bit != 0;
    let action = match (has(4), has(1)) {
        (true, _) => "executing",
        (false, true) => "writing",
        (false, false) => "reading",
    };
    let reason = match (has(3), has(0)) {
        (true, _) => "through a table entry with reserved bits",
        (false, true) => "against the page's permissions",
        (false, false) => "where nothing is mapped",
    };
    format!("{action} {reason}:")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Recorded from QEMU 10: a jump to an unmapped address with an empty IDT.
    const RECORD: &str = include_str!("../test_data/triple_fault.log");

    #[test]
    fn tells_the_exceptions_before_the_triple_fault() {
        let told: Vec<_> = last_exceptions(RECORD).iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "page fault (vector 14) at 0x0000700000000000, privilege level 0, executing where nothing is mapped: \
                 0x0000700000000000, stack pointer 0xffff80000ff8dff0",
                "double fault (vector 8) at 0x0000700000000000, privilege level 0, stack pointer 0xffff80000ff8dff0",
            ]
        );
    }

    #[test]
    fn interrupts_are_no_exceptions() {
        let timer = "   5: v=20 e=0000 i=0 cpl=0 IP=0008:ffffffff80001234 pc=ffffffff80001234 SP=0010:ffff CR2=0000";
        let software = "   5: v=10 e=0000 i=1 cpl=0 IP=0008:f000 pc=f000 SP=0010:ffff env->regs[R_EAX]=0000";
        assert_eq!(last_exceptions(&format!("{timer}\n{software}\n")), []);
    }

    #[test]
    fn a_damaged_record_is_passed_over() {
        for line in [
            "v=",
            "v=0e",
            "v=0e e=zz i=0 cpl=0 pc=1",
            "v=0e e=0 i=0 cpl=0 IP=0008:",
            "v=ffffffffffffffffff e=0 i=0",
            "\0",
        ] {
            assert_eq!(last_exceptions(line), [], "{line}");
        }
        assert_eq!(last_exceptions("v=0e e=2 i=0 cpl=3 IP=0008:10 CR2=20").len(), 1);
    }

    proptest! {
        #[test]
        fn no_record_makes_it_panic(text in "(v=0e|e=|i=0|cpl=|IP=|pc=|CR2=|:|[0-9a-f]{0,18}|Triple fault|[ \\n]|.){0,60}") {
            let told: String = last_exceptions(&text).iter().map(ToString::to_string).collect();
            prop_assert!(told.len() <= SHOWN * 300);
        }
    }

    #[test]
    fn only_the_last_ones_are_told() {
        let line = |pc: u64| format!("v=06 e=0000 i=0 cpl=0 IP=0008:{pc:x} pc={pc:x}\n");
        let last = last_exceptions(&(0..20).map(line).collect::<String>());
        assert_eq!(
            last.iter().map(|record| record.instruction_pointer).collect::<Vec<_>>(),
            [14, 15, 16, 17, 18, 19]
        );
    }

    #[test]
    fn a_page_fault_is_told_in_words() {
        let told = |error: u64| {
            let line = format!("v=0e e={error:04x} i=0 cpl=3 IP=0033:1000 pc=1000 SP=002b:2000 CR2=3000");
            last_exceptions(&line)
                .first()
                .map(ToString::to_string)
                .unwrap_or_default()
        };
        assert_eq!(
            told(6),
            "page fault (vector 14) at 0x0000000000001000, privilege level 3, writing where nothing is mapped: \
             0x0000000000003000, stack pointer 0x0000000000002000"
        );
        assert!(told(0x15).contains("executing against the page's permissions"));
        assert!(told(8).contains("reading through a table entry with reserved bits"));
    }
}
