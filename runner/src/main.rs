//! `cargo run`: boots Limelight in QEMU. `cargo run -- --help` lists the options.
//!
//! Exit codes: 0 all is well, 1 the kernel reported failure, 123 the kernel panicked, or a triple fault or unexplained reset,
//! 124 the time was over, 125 the runner or QEMU failed, 128 + n signal n stopped the run. With `--exit-with-program`: 0 to 99 the program's own, 120 one above
//! that, 121 the program was killed, 122 it was refused.

use std::env;
use std::io::Write;
use std::process::ExitCode;

use iso_image::Host;
use runner::{ArgumentError, RunnerExitCode, Task, boot, examine, fail, say};

fn main() -> ExitCode {
    go_to_callers_folder();
    let code = match Task::read(env::args_os().skip(1)) {
        Err(error) => refuse(&error),
        Ok(Task::Doctor) => doctor(),
        Ok(Task::Boot(options, qemu_arguments)) => boot(&options, qemu_arguments).unwrap_or_else(|error| fail(&error)),
    };
    ExitCode::from(code.number())
}

/// Goes to the folder that `./dev` was called from, if it was another: relative paths are meant from there.
fn go_to_callers_folder() {
    if let Some(folder) = env::var_os("LIMELIGHT_CALLER_FOLDER")
        && let Err(error) = env::set_current_dir(&folder)
    {
        say(&format!("Note:     cannot go to {}: {error}", folder.display()));
    }
}

/// Says what is installed and what is missing.
fn doctor() -> RunnerExitCode {
    let examination = examine(&Host::of_this_process());
    // A closed output is no news about the host.
    let _ = std::io::stdout().write_all(examination.text.as_bytes());
    if examination.boots {
        RunnerExitCode::Good
    } else {
        RunnerExitCode::RunnerFailed
    }
}

/// Says what is wrong with the command line, or shows the help that was asked for.
fn refuse(error: &ArgumentError) -> RunnerExitCode {
    match error {
        ArgumentError::Clap(help) if !help.use_stderr() => {
            // A closed output needs no help text.
            let _ = help.print();
            RunnerExitCode::Good
        }
        ArgumentError::Clap(error) => {
            let _ = error.print();
            RunnerExitCode::RunnerFailed
        }
        ArgumentError::OursAfterQemu { .. } | ArgumentError::BehindDoctor { .. } | ArgumentError::Bench => {
            say(&format!("error: {error}"));
            RunnerExitCode::RunnerFailed
        }
    }
}
