//! Gathers kernel, program and loader into `OUT_DIR/iso_root`, and packs `OUT_DIR/os.iso`.
//!
//! Only the gathering can fail the build. A missing tool of the host is left to the runner, which packs when it is
//! started and finds no fresh ISO.

use std::env;
use std::error::Error;
use std::path::PathBuf;

use iso_image::{BootText, Contents, DebugInformation, IsoName, Module, Payload, gather};

fn main() -> Result<(), Box<dyn Error>> {
    let out_dir = PathBuf::from(env::var("OUT_DIR")?);
    let contents = Contents {
        kernel: Some(Payload::Program(artifact("KERNEL")?)),
        command_line: BootText::default(),
        modules: vec![Module {
            name: IsoName::new("user_mode_program_0")?,
            payload: Payload::Program(artifact("USER_MODE_PROGRAM_0")?),
            string: BootText::default(),
        }],
        multiboot2_loader: Some(artifact("MULTIBOOT2_LOADER")?),
    };
    gather(&contents, None, DebugInformation::Keep, &out_dir.join("iso_root"))?;
    Ok(())
}

/// The file that cargo built for an artifact dependency.
fn artifact(name: &str) -> Result<PathBuf, Box<dyn Error>> {
    let path = PathBuf::from(env::var(format!("CARGO_BIN_FILE_{name}"))?);
    println!("cargo::rerun-if-changed={}", path.display());
    Ok(path)
}
