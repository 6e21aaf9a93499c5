//! Tells the linker where the image lies.

fn main() {
    bare_metal_link::with_script("linker-x86_64.ld");
}
