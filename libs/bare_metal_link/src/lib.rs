//! What the build script of a bare-metal package tells the linker.
//!
//! Every image lies at fixed addresses, since nothing relocates it at boot. `.cargo/config.toml` asks for that too, but
//! `RUSTFLAGS` replaces its flags; a link argument of a build script stays, and the linker takes the last of several.

#![forbid(unsafe_code)]

use std::env;

/// Links with a linker script. The path is relative to the package's folder.
pub fn with_script(script: &str) {
    println!("cargo::rerun-if-changed={script}");
    let folder = env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
    link(&format!("-T{folder}/{script}"));
}

/// Links without a linker script; the program starts at the function `entry`.
pub fn with_entry(entry: &str) {
    println!("cargo::rerun-if-changed=build.rs");
    link(&format!("--entry={entry}"));
}

/// Passes arguments to the linker, if the package is built for the bare machine and not for the host's tests.
fn link(argument: &str) {
    if env::var("CARGO_CFG_TARGET_OS").is_ok_and(|system| system == "none") {
        println!("cargo::rustc-link-arg-bins=-no-pie");
        println!("cargo::rustc-link-arg-bins={argument}");
    }
}
