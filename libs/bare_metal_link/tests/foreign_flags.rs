//! Images lie at fixed addresses even if `RUSTFLAGS` replaces the flags of `.cargo/config.toml`.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

use std::fs;
use std::path::Path;
use std::process::Command;

use elf::ElfBytes;
use elf::abi::{ET_EXEC, PT_LOAD};
use elf::endian::LittleEndian;

/// A program as small as possible.
const PROGRAM: &str = r#"
#![no_std]
#![no_main]

#[unsafe(no_mangle)]
extern "C" fn start() -> ! {
    loop {}
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    loop {}
}
"#;

const SCRIPT: &str = "ENTRY(start) SECTIONS { . = 0x12340000; .text : { *(.text .text.*) } }";

/// Builds the program with a build script that makes this call, as GitHub's actions for Rust do: with
/// `RUSTFLAGS="-D warnings"`. Returns the ELF file.
fn build(call: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    let library = env!("CARGO_MANIFEST_DIR");
    let package = "[package]\nname = \"small\"\nedition = \"2024\"\n[workspace]\n[profile.dev]\npanic = \"abort\"\n";
    let bin = "[[bin]]\nname = \"small\"\npath = \"main.rs\"\ntest = false\n";
    let dependency = format!("[build-dependencies]\nbare_metal_link = {{ path = {library:?} }}\n");
    write("Cargo.toml", &format!("{package}{bin}{dependency}"));
    write("build.rs", &format!("fn main() {{ bare_metal_link::{call} }}"));
    write("main.rs", PROGRAM);
    write("script.ld", SCRIPT);
    let target_dir = folder.path().join("target");
    let status = Command::new(std::env::var_os("CARGO").unwrap())
        .args(["build", "--quiet", "--offline", "--target", "x86_64-unknown-none"])
        .current_dir(folder.path())
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .env("RUSTFLAGS", "-D warnings")
        .env("CARGO_TARGET_DIR", &target_dir)
        .status()
        .unwrap();
    assert!(status.success());
    fs::read(target_dir.join(Path::new("x86_64-unknown-none/debug/small"))).unwrap()
}

/// Returns the type of an ELF file and the address of its first segment.
fn type_and_address(file: &[u8]) -> (u16, u64) {
    let elf = ElfBytes::<LittleEndian>::minimal_parse(file).unwrap();
    let mut segments = elf.segments().unwrap().iter();
    let first = segments.find(|segment| segment.p_type == PT_LOAD).unwrap();
    (elf.ehdr.e_type, first.p_vaddr)
}

#[test]
fn an_image_with_a_linker_script_lies_where_the_script_says() {
    assert_eq!(
        type_and_address(&build("with_script(\"script.ld\")")),
        (ET_EXEC, 0x1234_0000)
    );
}

#[test]
fn an_image_without_a_linker_script_lies_at_a_fixed_address() {
    let (kind, address) = type_and_address(&build("with_entry(\"start\")"));
    assert_eq!(kind, ET_EXEC);
    assert_ne!(address, 0);
}
