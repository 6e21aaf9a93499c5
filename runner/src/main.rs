//! `cargo run`: boots Limelight in QEMU.
fn main() {}
