//! Passes the linker script to the linker.

fn main() {
    bare_metal_link::with_script("linker-x86_64.ld");
}
