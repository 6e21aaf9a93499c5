//! Names the program's entry point to the linker when it is built for the bare machine.

fn main() {
    let bare_machine = std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "none");
    if bare_machine {
        println!("cargo::rustc-link-arg-bins=--entry=entry_point");
    }
}
