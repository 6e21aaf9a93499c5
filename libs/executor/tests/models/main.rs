//! Loom models: loom runs each one in all orders of its threads' steps that its preemption bound allows.
//!
//! ```sh
//! RUSTFLAGS='--cfg loom' cargo test --package executor --test models --release --target-dir target/loom
//! ```
//!
//! A processor is a thread. A fault shows as a deadlock: a thread waits for an interrupt that nobody sends. For each step of
//! the library that prevents a fault there is a weakened variant without it, which has to fail. A failing model may abort its
//! process, so each variant is a child process, with the step's name in `LEAVE_OUT`.

#![cfg(loom)]

mod halting;
mod killing;
mod machine;
mod waking;

use std::{env, process::Command};

/// Runs a model of this program in a child process without one step, and expects a deadlock.
fn deadlocks_without(step: &str, model: &str) {
    let this_program = env::current_exe().expect("the test's own path is known");
    let output = Command::new(this_program)
        .args([model, "--exact", "--nocapture", "--test-threads=1"])
        .env("LEAVE_OUT", step)
        .output()
        .expect("the test program starts");
    let text = String::from_utf8_lossy(&output.stderr) + String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("running 1 test"), "{model} does not exist:\n{text}");
    assert!(!output.status.success(), "{model} passes without {step}");
    assert!(
        text.contains("deadlock"),
        "{model} fails otherwise without {step}:\n{text}"
    );
}

/// Whether this process leaves out a step of a model's own.
fn leaves_out(step: &str) -> bool {
    env::var("LEAVE_OUT").is_ok_and(|left_out| left_out == step)
}
