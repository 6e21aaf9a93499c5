//! Hands the linker script of the kernel to the linker when the test kernel is built for the bare machine, and tells it how
//! far it is optimised.

fn main() {
    // The benchmark refuses to measure a kernel that is not optimised.
    let opt_level = std::env::var("OPT_LEVEL").expect("cargo sets it for build scripts");
    println!("cargo::rustc-env=LIMELIGHT_OPT_LEVEL={opt_level}");
    println!("cargo::rerun-if-changed=../../kernel/linker-x86_64.ld");
    let bare_machine = std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "none");
    if bare_machine {
        let directory = std::env::var("CARGO_MANIFEST_DIR").expect("cargo sets it for build scripts");
        println!("cargo::rustc-link-arg-bins=-T{directory}/../../kernel/linker-x86_64.ld");
    }
}
