//! Shared by the scenarios: QEMU and the firmware of this host, a folder for files, and a cache of ISOs.

use std::collections::BTreeMap;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use iso_image::{BootText, Contents, Host, Payload};
use libtest_mimic::Failed;
use runner::{FirmwareFiles, FirmwareKind, LoaderKind, Machine, Qemu, built, find_ovmf, pack_for};

/// Kernel that checks the boot protocol.
pub(crate) const CONFORMANCE_KERNEL: &str = env!("CARGO_BIN_FILE_CONFORMANCE_KERNEL");
/// Our loader with test hooks.
pub(crate) const TEST_LOADER: &str = env!("CARGO_BIN_FILE_TEST_LOADER");

/// Both kinds of firmware, the faster one first.
pub(crate) const FIRMWARES: [FirmwareKind; 2] = [FirmwareKind::Bios, FirmwareKind::Uefi];

/// Name of the firmware in a scenario's name.
pub(crate) fn firmware_name(kind: FirmwareKind) -> &'static str {
    match kind {
        FirmwareKind::Bios => "bios",
        FirmwareKind::Uefi => "uefi",
    }
}

/// Time limit in seconds: ten times a boot with this firmware on an idle host.
pub(crate) fn boot_limit_s(kind: FirmwareKind) -> u64 {
    match kind {
        FirmwareKind::Bios => 15,
        FirmwareKind::Uefi => 60,
    }
}

/// Finds QEMU on this host.
pub(crate) fn qemu() -> Result<&'static Qemu, Failed> {
    static QEMU: OnceLock<Qemu> = OnceLock::new();
    match QEMU.get() {
        Some(qemu) => Ok(qemu),
        None => Ok(QEMU.get_or_init({
            let qemu = Qemu::find(&Host::of_this_process())?;
            move || qemu
        })),
    }
}

pub(crate) fn firmware(kind: FirmwareKind) -> Result<FirmwareFiles, Failed> {
    match kind {
        FirmwareKind::Bios => Ok(FirmwareFiles::Bios),
        FirmwareKind::Uefi => Ok(find_ovmf(Some(qemu()?.program()))?),
    }
}

/// Makes the machine of `cargo run`, with an ISO.
pub(crate) fn machine(kind: FirmwareKind, iso: &Path) -> Result<Machine, Failed> {
    Ok(Machine::new(iso.to_owned(), firmware(kind)?))
}

/// QEMU's arguments for a machine whose processors take turns on one thread of the host.
pub(crate) const ONE_THREAD: [&str; 2] = ["-accel", "tcg,thread=single"];

/// Makes the machine of `cargo run`, with an ISO and all processors on one host thread. A boot then takes half of the
/// host's time (measured: 2.1 instead of 3.8 s), since no virtual processor spins for a lock. For scenarios that do not
/// need simultaneous processors.
pub(crate) fn machine_on_one_thread(kind: FirmwareKind, iso: &Path) -> Result<Machine, Failed> {
    let mut machine = machine(kind, iso)?;
    machine.qemu_arguments = ONE_THREAD.map(Into::into).into();
    Ok(machine)
}

/// Path of the build's ISO, which a user writes to a USB stick.
pub(crate) fn shipped_iso() -> Result<PathBuf, Failed> {
    let iso = built::iso();
    if iso.is_file() {
        return Ok(iso);
    }
    // The build packs no ISO if the host lacks a tool. Pack it now, or fail with the tool's name.
    iso_with(built::contents()?, None)
}

/// Contents of the shipped ISO with another kernel and command line. Logs all levels unless the command line says
/// otherwise.
pub(crate) fn contents_with_kernel(kernel: impl Into<PathBuf>, command_line: &str) -> Result<Contents, Failed> {
    let mut contents = built::contents()?;
    contents.kernel = Some(Payload::Program(kernel.into()));
    contents.command_line = traced(command_line)?;
    Ok(contents)
}

/// Makes a command line that logs all levels, unless it says otherwise.
pub(crate) fn traced(command_line: &str) -> Result<BootText, Failed> {
    Ok(BootText::new(format!("log.level=trace {command_line}").trim_end())?)
}

/// Packs an ISO with the test kernel and a command line.
pub(crate) fn test_kernel_iso(command_line: &str) -> Result<PathBuf, Failed> {
    iso_with(contents_with_kernel(bench::test_kernel(), command_line)?, None)
}

/// Packs an ISO with the shipped kernel and words for our loader's test hooks. Logs all levels.
pub(crate) fn iso_with_words(words: &str) -> Result<PathBuf, Failed> {
    let mut contents = built::contents()?;
    contents.multiboot2_loader = Some(TEST_LOADER.into());
    contents.command_line = traced(words)?;
    iso_with(contents, Some(LoaderKind::Grub))
}

/// Packs an ISO with the shipped kernel and a command line. Logs all levels unless it says otherwise.
pub(crate) fn iso_with_command_line(text: &str) -> Result<PathBuf, Failed> {
    let mut contents = built::contents()?;
    contents.command_line = traced(text)?;
    iso_with(contents, None)
}

/// Packs an ISO, or returns an earlier one with the same contents.
pub(crate) fn iso_with(contents: Contents, loader: Option<LoaderKind>) -> Result<PathBuf, Failed> {
    /// Cache entry: the path of an ISO, once it is packed.
    type Slot = Arc<Mutex<Option<PathBuf>>>;
    const FAILED: &str = "another scenario panicked while it packed an ISO";
    static PACKED: Mutex<BTreeMap<String, Slot>> = Mutex::new(BTreeMap::new());
    let slot = {
        let mut packed = PACKED.lock().map_err(|_| FAILED)?;
        Arc::clone(packed.entry(format!("{loader:?} {contents:?}")).or_default())
    };
    // Locked while this ISO is packed: scenarios with other contents do not wait.
    let mut slot = slot.lock().map_err(|_| FAILED)?;
    if let Some(iso) = slot.as_ref() {
        return Ok(iso.clone());
    }
    let iso = new_path("test.iso");
    pack_for(loader, &contents, &iso)?;
    Ok(slot.insert(iso).clone())
}

/// Writes a file that is only read afterwards. The path depends on the content, so that ISOs with different files have
/// contents with different paths.
pub(crate) fn file(name: &str, bytes: &[u8]) -> Result<PathBuf, Failed> {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    let own_folder = folder().join(format!("{:016x}", hasher.finish()));
    fs::create_dir_all(&own_folder)?;
    let path = own_folder.join(name);
    if !path.exists() {
        // Atomic: another scenario may be about to read the file.
        let fresh = new_path(name);
        fs::write(&fresh, bytes)?;
        fs::rename(fresh, &path)?;
    }
    Ok(path)
}

/// Folder for the files of this process.
pub(crate) fn folder() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("boot-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("cargo's folder for tests can be written to");
        folder
    })
}

/// Makes a unique path for a file that a scenario or QEMU writes.
pub(crate) fn new_path(name: &str) -> PathBuf {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    folder().join(format!("{}_{name}", COUNT.fetch_add(1, Ordering::Relaxed)))
}

/// Removes all files of the scenarios.
pub(crate) fn remove_files() {
    // An error does no harm: the files lie in cargo's target folder.
    let _ = fs::remove_dir_all(folder());
}
