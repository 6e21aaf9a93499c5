//! Passes the linker script (the kernel's addresses) to the linker, and the optimisation level to the test kernel.

fn main() {
    // The benchmark refuses to measure a kernel that is not optimised.
    let opt_level = std::env::var("OPT_LEVEL").unwrap_or_default();
    println!("cargo::rustc-env=LIMELIGHT_OPT_LEVEL={opt_level}");
    bare_metal_link::with_script("../../kernel/linker-x86_64.ld");
}
