//! Runs the first program: the module with the path [`USER_MODE_PROGRAM_0_PATH`].

use super::{ProgramEnd, ProgramImage, report_end, report_refusal, run_to_its_end};
use crate::boot::module::{self, Module, USER_MODE_PROGRAM_0_PATH};
use core::fmt;

/// Runs the first program, if there is one, and reports how it ends.
pub fn run_program_0() {
    // The module log already reported it missing.
    let Some(module) = module::kept()
        .iter()
        .find(|module| module.path == USER_MODE_PROGRAM_0_PATH)
    else {
        return report_refusal();
    };
    match run(module) {
        Ok(end) => report_end(&end),
        Err(Refused) => report_refusal(),
    }
}

/// A program was refused, and the reason is logged.
struct Refused;

fn run(module: &Module) -> Result<ProgramEnd, Refused> {
    let refuse = |error: &dyn fmt::Display| {
        log::error!("program {} refused: {error}", module.path);
        Refused
    };
    let image = ProgramImage::from_module(module).map_err(|error| refuse(&error))?;
    let end = run_to_its_end(&image, module.string).map_err(|error| refuse(&error))?;
    if let ProgramEnd::Exited { code } = end {
        log::info!("program {} exited with code {code}", image.name());
    }
    Ok(end)
}
