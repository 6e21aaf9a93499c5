//! Hands the paths of the images on to the library.

use std::env;

fn main() {
    for name in ["TEST_KERNEL", "MEASURING_PROGRAM"] {
        let path = env::var(format!("CARGO_BIN_FILE_{name}")).unwrap_or_default();
        println!("cargo::rerun-if-changed={path}");
        println!("cargo::rustc-env=LIMELIGHT_{name}={path}");
    }
}
