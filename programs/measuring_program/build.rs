//! Sets the address and the entry point of the program.

fn main() {
    bare_metal_link::with_entry("entry_point");
}
