//! Tells the linker where the program starts.

fn main() {
    bare_metal_link::with_entry("entry_point");
}
