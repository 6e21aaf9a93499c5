//! Tells the linker where the image lies: where the loader does.

fn main() {
    bare_metal_link::with_script("../../multiboot2_loader/linker-x86_64.ld");
}
