//! Hands the loader's linker script to the linker when the test loader is built for the bare machine.

fn main() {
    println!("cargo::rerun-if-changed=../../multiboot2_loader/linker-x86_64.ld");
    let bare_machine = std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "none");
    if bare_machine {
        let directory = std::env::var("CARGO_MANIFEST_DIR").expect("cargo sets it for build scripts");
        println!("cargo::rustc-link-arg-bins=-T{directory}/../../multiboot2_loader/linker-x86_64.ld");
    }
}
