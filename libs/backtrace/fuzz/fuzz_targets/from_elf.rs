//! Any file is a kernel: `cargo fuzz run from_elf` in `libs/backtrace`, best with a small ELF file in `fuzz/corpus/from_elf`.
#![no_main]

use backtrace::SymbolTable;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|file: &[u8]| {
    let Ok(table) = SymbolTable::from_elf(file) else {
        return;
    };
    for word in file.as_chunks::<8>().0 {
        let address = u64::from_le_bytes(*word);
        if let Some(symbol) = table.lookup(address) {
            assert!(symbol.offset <= address);
            assert!(!symbol.name.is_empty());
            assert!(symbol.name.bytes().all(|byte| byte.is_ascii_graphic()));
        }
    }
});
