//! Taking debug information out of a program, tried on this very program.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

use std::fs;

use iso_image::without_debug_information;
use object::{File, Object, ObjectSection, ObjectSegment, ObjectSymbol};

/// Address, size, flags and, behind the ELF header, the bytes of each loaded segment.
fn segments(elf: &File<'_>) -> Vec<(u64, u64, String, Vec<u8>)> {
    let bytes = |segment: &object::Segment<'_, '_>| match segment.file_range() {
        (0, _) => Vec::new(),
        _ => segment.data().unwrap().to_vec(),
    };
    elf.segments()
        .map(|segment| {
            (
                segment.address(),
                segment.size(),
                format!("{:?}", segment.flags()),
                bytes(&segment),
            )
        })
        .collect()
}

/// Address and name of each function.
fn functions(elf: &File<'_>) -> Vec<(u64, String)> {
    elf.symbols()
        .filter(|symbol| symbol.kind() == object::SymbolKind::Text)
        .map(|symbol| (symbol.address(), symbol.name().unwrap().to_owned()))
        .collect()
}

#[test]
fn debug_information_goes_and_segments_and_functions_stay() {
    let file = fs::read(std::env::current_exe().unwrap()).unwrap();
    let stripped = without_debug_information(&file).unwrap();
    let (full, small) = (File::parse(&*file).unwrap(), File::parse(&*stripped).unwrap());
    // `.debug_gdb_scripts` is a part of the running program, and stays.
    let debug_sections = |elf: &File<'_>| {
        let is_debug = |section: &object::Section<'_, '_>| {
            section.name().unwrap().starts_with(".debug_") && section.address() == 0
        };
        elf.sections().filter(is_debug).count()
    };
    assert!(
        debug_sections(&full) > 0,
        "this test program has no debug information to take out"
    );
    assert_eq!(debug_sections(&small), 0);
    assert!(stripped.len() < file.len());
    assert!(segments(&full) == segments(&small), "a segment changed");
    assert!(functions(&full).len() > 100);
    assert!(functions(&full) == functions(&small), "a function changed");
}

#[test]
fn what_is_no_elf_file_is_an_error() {
    let file = fs::read(std::env::current_exe().unwrap()).unwrap();
    for length in [0, 1, 4, 63, 64, 1000] {
        assert!(without_debug_information(&file[..length]).is_err(), "{length}");
    }
    assert!(without_debug_information(&[0xff; 4096]).is_err());
}
