//! Odd memory maps: the kernel boots with them, or reports in one line what is missing.
//!
//! Our loader's test hook replaces the map, so these need GRUB.

use iso_image::{BootText, Contents, IsoName, Module, Payload};
use libtest_mimic::Failed;
use runner::{Ending, FirmwareKind, LoaderKind, built};

use crate::booted::Booted;
use crate::host::{TEST_LOADER, boot_limit_s, contents_with_kernel, file, iso_with, machine_on_one_thread, traced};
use crate::scenario::{Deadline, Outcome, Scenario};

/// Word that makes the loader pass the module's map to the kernel.
const USE_MAP: &str = "loader.map=/odd_map";
/// Unknown word of the same length: all addresses are the same as with the map in use.
const IGNORE_MAP: &str = "nosuch.map=/odd_map";

/// An entry for the loader: first byte, length, kind (Limine boot protocol, "Memory Map Feature").
type Entry = [u64; 3];

/// Names of the kinds in the kernel's log, by their numbers in the protocol.
const KINDS: [&str; 9] = [
    "Usable",
    "Reserved",
    "AcpiReclaimable",
    "AcpiNonVolatile",
    "BadMemory",
    "BootLoaderReclaimable",
    "ExecutableAndModules",
    "FrameBuffer",
    "ReservedMapped",
];

/// Entries that are added to a real map, within a large usable range or outside of memory: firmware tables, bad memory
/// from the middle of a frame on, an unknown kind, an empty range, a range beyond all addresses, usable memory a second
/// time, and less than a frame of it.
const ODDITIES: [Entry; 7] = [
    [0x300_0000, 0x10_0000, 2],
    [0x400_0123, 0x1000, 4],
    [0x500_0000, 0x2000, 99],
    [0x600_0000, 0, 0],
    [u64::MAX - 0xfff, 0x10_0000, 0],
    [0x700_0000, 0x10_0000, 0],
    [0x3000_0123, 0x456, 0],
];

/// Address of the frame buffer of QEMU's standard display adapter with BIOS.
const FRAME_BUFFER_START: u64 = 0xfd00_0000;

/// An impossible memory map: first byte, length, kind. The first entry declares the frame buffer usable memory, the
/// last reserves everything: where two meet, the reservation wins.
const ODD_MAP: [Entry; 8] = [
    [FRAME_BUFFER_START, 0x100_0000, 0],
    [0x10_0000, 0x100_0000, 0],
    [0x20_0000, 0x10_0000, 6],
    [0x1000, 0, 0],
    [u64::MAX - 0xfff, 0x10_0000, 0],
    [0x123, 0x456, 0],
    [0x3000_0000, 0x1000, 99],
    [0, u64::MAX, 1],
];

/// Less memory than four processors need. Our loader puts the kernel at the highest possible address, which the
/// second entry contains.
const LITTLE_MAP: [Entry; 2] = [[0x10_0000, 0x30_0000, 0], [0x40_0000, 0xfc0_0000, 6]];

/// Enough memory for four processors.
const NEEDED_BYTES: u64 = 4864 * 1024;

/// All memory usable, including the kernel's.
const MAP_WITHOUT_KERNEL: [Entry; 1] = [[0x10_0000, 0xff0_0000, 0]];

pub(crate) fn scenarios() -> Vec<Scenario> {
    let limit = boot_limit_s(FirmwareKind::Bios);
    vec![
        Scenario::new(
            "memory_maps::an_odd_map_in_no_order_is_made_the_best_of",
            2 * limit,
            boots,
        ),
        Scenario::new(
            "memory_maps::a_map_in_which_all_memory_is_reserved_too_is_refused",
            limit,
            refuses_odd_map,
        ),
        Scenario::new(
            "memory_maps::too_little_memory_is_refused_with_both_numbers",
            limit,
            refuses_little_memory,
        ),
        Scenario::new(
            "memory_maps::as_much_memory_as_is_said_to_be_needed_is_enough",
            2 * limit,
            boots_with_the_least,
        ),
        Scenario::new(
            "memory_maps::a_map_that_gives_the_kernels_own_memory_away_is_refused",
            limit,
            refuses_map_without_kernel,
        ),
        Scenario::new(
            "memory_maps::a_panic_is_reported_where_the_screen_was_refused",
            2 * limit,
            reports_a_panic_without_a_screen,
        ),
    ]
}

/// Reverses the machine's own map and adds oddities: the kernel warns of each, chooses the safer kind where two entries
/// meet, and boots.
fn boots(deadline: Deadline) -> Outcome {
    let mut contents = built::contents()?;
    contents.command_line = traced(IGNORE_MAP)?;
    let mut map = own_map(contents, deadline)?;
    map.extend(ODDITIES);
    map.reverse();
    let mut booted = start_with_map(&map, USE_MAP, deadline)?;
    booted.expect("All 4 processors are up and idle")?;
    let text = booted.text();
    booted.check(!text.contains(" ERROR "), "there is an error")?;
    for words in [
        "WARN  Memory map: Empty",
        "WARN  Memory map: NotWholeFrames",
        "WARN  Memory map: BeyondAddressSpace",
        "WARN  Memory map: SharesFrames",
        "Memory map: 0x3000000 to 0x3100000: AcpiReclaimable",
        "Memory map: 0x4000000 to 0x4002000: BadMemory",
        "Memory map: 0x5000000 to 0x5002000: Reserved",
    ] {
        booted.check(text.contains(words), &format!("the log lacks {words:?}"))?;
    }
    Ok(())
}

/// Declares the frame buffer usable memory too, so that it is no screen. A panic long after the boot loader's memory
/// was reused must still be reported.
fn reports_a_panic_without_a_screen(deadline: Deadline) -> Outcome {
    let contents = |word| contents_with_kernel(bench::test_kernel(), &format!("scenario=panic_late {word}"));
    let mut map = own_map(contents(IGNORE_MAP)?, deadline)?;
    let frame_buffer = KINDS.iter().position(|name| *name == "FrameBuffer");
    let pixels = map
        .iter()
        .find(|[_, _, kind]| usize::try_from(*kind).ok() == frame_buffer);
    let [start, length, _] = *pixels.ok_or("the machine has no frame buffer")?;
    map.push([start, length, 0]);
    let mut booted = start_contents_with_map(contents(USE_MAP)?, &map, deadline)?;
    booted.expect_ending(&Ending::Failed)?;
    let text = booted.text();
    for words in [
        "WARN  The frame buffer cannot be used: InRam",
        "ERROR panicked at ",
        "deliberate, with a number: 42",
        "test_kernel::scenarios::panics::panic+0x",
    ] {
        booted.check(text.contains(words), &format!("the log lacks {words:?}"))?;
    }
    let errors = text.matches(" ERROR ").count();
    booted.check(errors == 1, "not exactly one line of an error")
}

/// Returns the machine's own map, as the kernel logs it. It depends on the kernel's size.
fn own_map(contents: Contents, deadline: Deadline) -> Result<Vec<Entry>, Failed> {
    let mut booted = start_contents_with_map(contents, &LITTLE_MAP, deadline)?;
    booted.expect("Processors: 4")?;
    let lines = booted.log_lines();
    let map: Vec<Entry> = lines.iter().filter_map(|line| entry(&line.message)).collect();
    booted.check(map.len() > 5, "the kernel does not log its memory map")?;
    Ok(map)
}

/// Parses an entry of a line `Memory map: START to END: KIND`.
fn entry(message: &str) -> Option<Entry> {
    let (range, kind) = message.strip_prefix("Memory map: ")?.split_once(": ")?;
    let (start, end) = range.split_once(" to ")?;
    let number = |text: &str| u64::from_str_radix(text.strip_prefix("0x")?, 16).ok();
    let kind = KINDS.iter().position(|name| *name == kind)?;
    let start = number(start)?;
    Some([start, number(end)? - start, kind as u64])
}

/// Checks that one line reports the needed and the available memory.
fn refuses_little_memory(deadline: Deadline) -> Outcome {
    let mut booted = start_with_map(&LITTLE_MAP, USE_MAP, deadline)?;
    let needed_kib = NEEDED_BYTES / 1024;
    booted.expect(&format!(
        "ERROR cannot boot: {needed_kib} KiB of memory are needed to begin with 4 processors; there are 3072 KiB"
    ))?;
    let errors = booted.log_lines().iter().filter(|line| line.level == "ERROR").count();
    booted.check(errors == 1, "not exactly one line of an error")
}

/// Boots with exactly the memory that the refusal demands, and otherwise only bootloader-reclaimable memory: all
/// processors start. The rest may be too little for a program.
fn boots_with_the_least(deadline: Deadline) -> Outcome {
    let mut contents = built::contents()?;
    contents.command_line = traced(IGNORE_MAP)?;
    let mut map = own_map(contents, deadline)?;
    let largest = map
        .iter()
        .filter(|[_, _, kind]| *kind == 0)
        .max_by_key(|[_, length, _]| *length);
    let [start, ..] = *largest.ok_or("the machine has no usable memory")?;
    map.retain(|[_, _, kind]| *kind != 0);
    map.push([start, NEEDED_BYTES, 0]);
    let mut booted = start_with_map(&map, USE_MAP, deadline)?;
    booted.expect("All 4 processors are up and idle")?;
    let lines = booted.log_lines();
    let mut errors = lines.iter().filter(|line| line.level == "ERROR");
    booted.check(
        errors.all(|line| line.message.contains("refused: it takes ")),
        "there is an error that is not about a program's memory",
    )
}

/// Checks that one line reports that the kernel lies in memory of another kind.
fn refuses_map_without_kernel(deadline: Deadline) -> Outcome {
    let mut booted = start_with_map(&MAP_WITHOUT_KERNEL, USE_MAP, deadline)?;
    booted.expect("ERROR cannot boot: the kernel lies at 0x")?;
    booted.expect("which the boot loader's map does not reserve")?;
    let errors = booted.log_lines().iter().filter(|line| line.level == "ERROR").count();
    booted.check(errors == 1, "not exactly one line of an error")
}

/// Boots with overlapping, empty, wrapping and unknown ranges, unsorted, one of which reserves everything. The kernel
/// reports in one line why it cannot boot, does not panic, and does not draw on a screen within RAM.
fn refuses_odd_map(deadline: Deadline) -> Outcome {
    let mut booted = start_with_map(&ODD_MAP, USE_MAP, deadline)?;
    booted.expect("ERROR cannot boot: the heap needs 2048 KiB of contiguous memory")?;
    let errors = booted.log_lines().iter().filter(|line| line.level == "ERROR").count();
    booted.check(errors == 1, "not exactly one line of an error")?;
    let ranges = format!("{} ranges in the memory map", ODD_MAP.len());
    booted.check(
        booted.text().contains(&ranges),
        &format!("the kernel did not see {ranges}"),
    )?;
    let refusal = format!("The frame buffer cannot be used: InRam {{ start: {FRAME_BUFFER_START}");
    booted.check(
        booted
            .log_lines()
            .iter()
            .any(|line| line.level == "WARN" && line.message.starts_with(&refusal)),
        &format!("no warning {refusal:?}"),
    )
}

/// Starts the shipped kernel with a map as a module; the word says whether the loader uses the map.
fn start_with_map(map: &[Entry], word: &str, deadline: Deadline) -> Result<Booted, Failed> {
    let mut contents = built::contents()?;
    contents.command_line = traced(word)?;
    start_contents_with_map(contents, map, deadline)
}

/// Starts an ISO with a map as a module.
fn start_contents_with_map(mut contents: Contents, map: &[Entry], deadline: Deadline) -> Result<Booted, Failed> {
    let bytes: Vec<u8> = map.iter().flatten().flat_map(|word| word.to_le_bytes()).collect();
    contents.multiboot2_loader = Some(TEST_LOADER.into());
    contents.modules.push(Module {
        name: IsoName::new("odd_map")?,
        payload: Payload::Verbatim(file(&format!("odd_map_{}", map.len()), &bytes)?),
        string: BootText::default(),
    });
    let iso = iso_with(contents, Some(LoaderKind::Grub))?;
    Booted::start(&machine_on_one_thread(FirmwareKind::Bios, &iso)?, deadline)
}
