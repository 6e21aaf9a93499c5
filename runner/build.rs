//! Gathers what goes onto the ISO.

fn main() {
    for variable in ["KERNEL", "MULTIBOOT2_LOADER", "USER_MODE_PROGRAM_0"] {
        let path =
            std::env::var(format!("CARGO_BIN_FILE_{variable}")).expect("cargo sets it for artifact dependencies");
        println!("cargo::warning={path}");
    }
}
