//! The files of the build: the ISO, and the ELF files on it and beside it.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Duration;

use elf::ElfBytes;
use elf::endian::LittleEndian;
use libtest_mimic::Failed;
use runner::{built, pack_for};

use crate::host::{folder, new_path, shipped_iso};
use crate::limited_command::LimitedCommand;
use crate::scenario::{Deadline, Outcome, Scenario};

pub(crate) fn scenarios() -> Vec<Scenario> {
    vec![
        Scenario::new("iso::the_same_input_gives_the_same_bytes", 60, is_reproducible),
        Scenario::new(
            "iso::the_shipped_kernel_has_symbols_and_no_debug_information",
            15,
            is_stripped,
        ),
        Scenario::new("iso::the_shipped_kernel_holds_no_scenario", 15, holds_no_scenario),
        Scenario::new("iso::the_kernel_for_the_debugger_has_line_tables", 15, has_line_tables),
        Scenario::new("iso::grub_takes_the_loader_for_a_multiboot2_kernel", 15, is_multiboot2),
    ]
}

/// Coarsest time stamp on an ISO: FAT counts in steps of two seconds.
const CLOCK_STEP: Duration = Duration::from_millis(2_100);

/// Packs an ISO twice, in different folders and at different times, and compares the bytes.
fn is_reproducible(_deadline: Deadline) -> Outcome {
    let mut packed = Vec::new();
    for name in ["once", "again"] {
        let iso = folder().join(name).join("os.iso");
        pack_for(None, &built::contents()?, &iso)?;
        packed.push(fs::read(&iso)?);
        if packed.len() == 1 {
            thread::sleep(CLOCK_STEP);
        }
    }
    let difference = packed[0].iter().zip(&packed[1]).position(|(left, right)| left != right);
    if difference.is_some() || packed[0].len() != packed[1].len() {
        return Err(format!(
            "the ISOs differ: {} and {} bytes, first at {difference:?}",
            packed[0].len(),
            packed[1].len()
        )
        .into());
    }
    Ok(())
}

/// Extracts the kernel from the shipped ISO.
fn kernel_on_iso(deadline: Deadline) -> Result<Vec<u8>, Failed> {
    let file = new_path("kernel_on_iso");
    let mut command = Command::new("xorriso");
    command
        .args(["-osirrox", "on", "-indev"])
        .arg(shipped_iso()?)
        .args(["-extract", "/kernel"])
        .arg(&file);
    let mut xorriso = LimitedCommand::start(&mut command, deadline)?;
    if !xorriso.wait()?.success() {
        return Err(xorriso.failed("xorriso did not find /kernel on the ISO"));
    }
    Ok(fs::read(file)?)
}

/// Runs GRUB's own check of the loader.
fn is_multiboot2(deadline: Deadline) -> Outcome {
    let mut command = Command::new("grub-file");
    command.arg("--is-x86-multiboot2").arg(built::multiboot2_loader());
    let mut grub_file = LimitedCommand::start(&mut command, deadline)?;
    match grub_file.wait()?.success() {
        true => Ok(()),
        false => Err(grub_file.failed("the loader is no Multiboot2 image")),
    }
}

/// Returns names and sizes of the sections.
fn sections(file: &[u8]) -> Result<Vec<(String, u64)>, Failed> {
    let file = ElfBytes::<LittleEndian>::minimal_parse(file)?;
    let (Some(headers), Some(names)) = file.section_headers_with_strtab()? else {
        return Err("the file has no sections".into());
    };
    headers
        .iter()
        .map(|header| Ok((names.get(header.sh_name as usize)?.to_owned(), header.sh_size)))
        .collect()
}

/// Returns the names of the symbols.
fn symbols(file: &[u8]) -> Result<Vec<String>, Failed> {
    let file = ElfBytes::<LittleEndian>::minimal_parse(file)?;
    let (table, names) = file.symbol_table()?.ok_or("the file has no symbol table")?;
    table
        .iter()
        .map(|symbol| Ok(names.get(symbol.st_name as usize)?.to_owned()))
        .collect()
}

/// Checks that the kernel on the ISO has symbols for backtraces, but no debug information.
fn is_stripped(deadline: Deadline) -> Outcome {
    let kernel = kernel_on_iso(deadline)?;
    let symbols = symbols(&kernel)?;
    for name in ["entry_point_from_limine", "entry_point_from_limine_mp"] {
        if !symbols.iter().any(|symbol| symbol == name) {
            return Err(format!("the symbol table does not hold {name}").into());
        }
    }
    match sections(&kernel)?.iter().find(|(name, _)| name.starts_with(".debug_")) {
        Some((name, size_bytes)) => Err(format!("{name} with {size_bytes} bytes is on the ISO").into()),
        None => Ok(()),
    }
}

/// Checks that the test kernel, and no other kernel, contains scenarios.
fn holds_no_scenario(deadline: Deadline) -> Outcome {
    let is_of_a_scenario = |symbol: &&String| symbol.contains("scenario") || symbol.contains("test_kernel");
    let test_kernel = symbols(&fs::read(bench::test_kernel())?)?;
    if test_kernel.iter().find(is_of_a_scenario).is_none() {
        return Err("the test kernel holds no symbol of a scenario: this check looks for the wrong names".into());
    }
    match symbols(&kernel_on_iso(deadline)?)?.iter().find(is_of_a_scenario) {
        Some(symbol) => Err(format!("the shipped kernel holds {symbol}").into()),
        None => Ok(()),
    }
}

/// Checks that the file for the debugger maps addresses to lines of our sources.
fn has_line_tables(deadline: Deadline) -> Outcome {
    let kernel = built::kernel();
    let lines = sections(&fs::read(&kernel)?)?
        .into_iter()
        .find(|(name, _)| name == ".debug_line");
    if lines.is_none_or(|(_, size_bytes)| size_bytes == 0) {
        return Err("no .debug_line".into());
    }
    let line = line_of(&kernel, "entry_point_from_limine_mp", deadline)?;
    if line.contains("kernel/src/") {
        Ok(())
    } else {
        Err(format!("not a line of the kernel: {line}").into())
    }
}

/// Returns gdb's answer about the line of a function.
fn line_of(kernel: &Path, function: &str, deadline: Deadline) -> Result<String, Failed> {
    let mut command = Command::new("gdb");
    command
        .args(["-nx", "-batch", "-ex", &format!("info line {function}")])
        .arg(kernel);
    let mut gdb = LimitedCommand::start(&mut command, deadline)?;
    gdb.wait()?;
    Ok(gdb.output())
}
