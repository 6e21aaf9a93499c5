//! Hands the linker script to the linker, for the bare machine only.

fn main() {
    let directory = std::env::var("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR for build scripts");
    let script = format!("{directory}/linker-x86_64.ld");
    println!("cargo:rerun-if-changed={script}");
    let target_os = std::env::var("CARGO_CFG_TARGET_OS").expect("cargo sets CARGO_CFG_TARGET_OS for build scripts");
    if target_os == "none" {
        println!("cargo:rustc-link-arg-bins=-T{script}");
    }
}
