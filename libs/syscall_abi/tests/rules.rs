//! What goes through the registers, and what does not.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use proptest::prelude::*;
use syscall_abi::{DESCRIPTIONS, LogLevel, Registers, Request, Response, SyscallError, SyscallNumber, VERSION};

/// The project's page about system calls, whose table has to be that of this crate.
const PAGE: &str = include_str!("../../../docs/system-calls.md");

fn level() -> impl Strategy<Value = LogLevel> {
    (1_u64..=5).prop_map(|number| LogLevel::try_from(number).unwrap())
}

fn request() -> impl Strategy<Value = Request> {
    prop_oneof![
        any::<u64>().prop_map(|number| Request::Exists { number }),
        any::<u64>().prop_map(|code| Request::Exit { code }),
        (level(), any::<u64>(), any::<u64>()).prop_map(|(level, address, length_bytes)| Request::Log {
            level,
            address,
            length_bytes
        }),
        any::<[u64; 6]>().prop_map(|values| Request::Echo { values }),
        Just(Request::Now),
        Just(Request::YieldNow),
        any::<u64>().prop_map(|size_bytes| Request::Map { size_bytes }),
        (any::<u64>(), any::<u64>()).prop_map(|(address, size_bytes)| Request::Unmap { address, size_bytes }),
    ]
}

/// A response that fits the request.
fn response_to(request: &Request, values: [u64; 6]) -> Response {
    match request {
        Request::Exit { .. } | Request::Log { .. } | Request::YieldNow | Request::Unmap { .. } => Response::Done,
        Request::Exists { .. } => Response::Exists {
            exists: values[0] & 1 != 0,
            version: VERSION,
        },
        Request::Echo { .. } => Response::Echo { values },
        Request::Now => Response::Now { ns: values[0] },
        Request::Map { .. } => Response::Mapped { address: values[0] },
    }
}

proptest! {
    #[test]
    fn a_request_goes_through_the_registers(request in request()) {
        prop_assert_eq!(Request::from_registers(&request.to_registers()), Ok(request));
    }

    #[test]
    fn a_response_goes_through_the_registers(request in request(), values in any::<[u64; 6]>()) {
        let mut registers = request.to_registers();
        let response = response_to(&request, values);
        registers.set_outcome(Ok(response));
        prop_assert_eq!(registers.outcome(&request), Ok(response));
    }

    #[test]
    fn any_registers_are_read_without_a_panic(values in any::<[u64; 7]>(), number in 0_u64..20) {
        let _ = Request::from_registers(&Registers::from(values));
        let mut values = values;
        values[6] = number;
        let read = Request::from_registers(&Registers::from(values));
        prop_assert!(number < 8 || read == Err(SyscallError::UnknownNumber));
    }

    #[test]
    fn an_error_changes_no_register_but_rax(request in request(), number in 1_u64..=7) {
        let error = SyscallError::try_from(number).unwrap();
        let before = request.to_registers();
        let mut registers = before;
        registers.set_outcome(Err(error));
        prop_assert_eq!(registers.values, before.values);
        prop_assert_eq!(registers.outcome(&request), Err(error));
    }

    #[test]
    fn registers_without_a_result_keep_their_values(request in request(), values in any::<[u64; 6]>()) {
        let mut registers = request.to_registers();
        let before = registers.values;
        let response = response_to(&request, values);
        registers.set_outcome(Ok(response));
        let results = match response {
            Response::Done => 0,
            Response::Now { .. } | Response::Mapped { .. } => 1,
            Response::Exists { .. } => 2,
            Response::Echo { .. } => 6,
        };
        prop_assert_eq!(&registers.values[results..], &before[results..]);
    }
}

#[test]
fn the_order_of_the_registers_is_that_of_the_tutorial() {
    let registers = Registers::from([1, 2, 3, 4, 5, 6, 7]);
    assert_eq!((registers.values, registers.rax), ([1, 2, 3, 4, 5, 6], 7));
    assert_eq!(<[u64; 7]>::from(registers), [1, 2, 3, 4, 5, 6, 7]);
}

#[test]
fn a_level_that_is_none_is_refused() {
    for level in [0, 6, u64::MAX] {
        let registers = Registers {
            values: [level, 0, 0, 0, 0, 0],
            rax: SyscallNumber::Log.into(),
        };
        assert_eq!(Request::from_registers(&registers), Err(SyscallError::BadArgument));
    }
}

#[test]
fn a_status_of_a_newer_kernel_is_an_error() {
    let registers = Registers {
        values: [0; 6],
        rax: 1000,
    };
    assert_eq!(registers.outcome(&Request::Now), Err(SyscallError::UnknownNumber));
}

#[test]
fn the_page_has_a_row_for_every_call_and_none_besides() {
    let (_, table) = PAGE
        .split_once("| number | call |")
        .expect("the page has a table of calls");
    let rows: Vec<&str> = table.lines().skip(2).take_while(|line| line.starts_with('|')).collect();
    let expected: Vec<String> = DESCRIPTIONS
        .iter()
        .map(|call| {
            let number = u64::from(call.number);
            format!("| {number} | `{}` | {} | {} |", call.call, call.results, call.what)
        })
        .collect();
    assert_eq!(rows, expected);
    let numbers = DESCRIPTIONS.map(|call| u64::from(call.number));
    assert_eq!(numbers, [0, 1, 2, 3, 4, 5, 6, 7]);
    assert!(SyscallNumber::try_from(8).is_err(), "a call is not described");
}
