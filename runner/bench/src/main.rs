//! `cargo run --release --package bench`: counts guest instructions, prints a table, and writes `target/bench.json`.

use std::process::ExitCode;

use runner::{BenchError, BenchImages, RunnerExitCode, bench, fail, say};

fn main() -> ExitCode {
    if std::env::args_os().len() > 1 {
        say("error: the benchmark takes no arguments");
        return ExitCode::from(RunnerExitCode::RunnerFailed.number());
    }
    ExitCode::from(measure().number())
}

/// Measures. A value above its limit is a failure.
fn measure() -> RunnerExitCode {
    let images = BenchImages {
        test_kernel: ::bench::test_kernel(),
        measuring_program: ::bench::measuring_program(),
    };
    match bench(&images) {
        Ok(true) => RunnerExitCode::Good,
        Ok(false) => RunnerExitCode::KernelFailed,
        Err(BenchError::Preparation(error)) => fail(&error.into()),
        Err(error) => {
            say(&format!("error: {error}"));
            RunnerExitCode::RunnerFailed
        }
    }
}
