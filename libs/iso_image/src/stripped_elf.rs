//! Takes the debug information out of an ELF file and leaves all else: segments, code, and the symbol table, which the
//! kernel's backtrace reads.
//!
//! The `object` crate writes the new file. `llvm-objcopy` would do it as well, but it is a component of the toolchain that
//! a runner started outside of cargo could not find.

use object::build::elf::Builder;

/// Why the debug information of a file cannot be taken out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StripError {
    /// It cannot be read as ELF.
    #[error("it is not a sound ELF file: {0}")]
    NotElf(String),
    /// The new file cannot be laid out.
    #[error("the ELF file cannot be written again: {0}")]
    CannotWrite(String),
}

/// The same ELF file without its `.debug_*` sections.
///
/// # Errors
/// [`StripError`].
pub fn without_debug_information(file: &[u8]) -> Result<Vec<u8>, StripError> {
    let mut builder = Builder::read(file).map_err(|error| StripError::NotElf(error.to_string()))?;
    for section in &mut builder.sections {
        let is_debug = section.name.starts_with(b".debug_") || section.name.starts_with(b".rela.debug_");
        section.delete = is_debug && !section.is_alloc();
    }
    builder.delete_orphans();
    let mut stripped = Vec::new();
    builder
        .write(&mut stripped)
        .map_err(|error| StripError::CannotWrite(error.to_string()))?;
    Ok(stripped)
}
