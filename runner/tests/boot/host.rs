//! What scenarios share: QEMU and the firmware of this host, a folder for files, and ISOs that are packed once.

use std::collections::BTreeMap;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use iso_image::{BootText, Contents, Host, Payload};
use libtest_mimic::Failed;
use runner::{FirmwareFiles, FirmwareKind, LoaderKind, Machine, Qemu, built, find_ovmf, pack_for};

/// The kernel that checks the boot protocol.
pub(crate) const CONFORMANCE_KERNEL: &str = env!("CARGO_BIN_FILE_CONFORMANCE_KERNEL");
/// Our loader with test hooks.
pub(crate) const TEST_LOADER: &str = env!("CARGO_BIN_FILE_TEST_LOADER");

/// Both kinds of firmware, the faster one first.
pub(crate) const FIRMWARES: [FirmwareKind; 2] = [FirmwareKind::Bios, FirmwareKind::Uefi];

/// The firmware's name as part of a scenario's name.
pub(crate) fn firmware_name(kind: FirmwareKind) -> &'static str {
    match kind {
        FirmwareKind::Bios => "bios",
        FirmwareKind::Uefi => "uefi",
    }
}

/// Ten times what a boot takes with this firmware on an idle host, in seconds.
pub(crate) fn boot_limit_s(kind: FirmwareKind) -> u64 {
    match kind {
        FirmwareKind::Bios => 15,
        FirmwareKind::Uefi => 60,
    }
}

/// QEMU of this host.
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

/// The machine of `cargo run` with an ISO.
pub(crate) fn machine(kind: FirmwareKind, iso: &Path) -> Result<Machine, Failed> {
    Ok(Machine::new(iso.to_owned(), firmware(kind)?))
}

/// QEMU's arguments for a machine whose processors take turns on one thread of the host.
pub(crate) const ONE_THREAD: [&str; 2] = ["-accel", "tcg,thread=single"];

/// The machine of `cargo run` with an ISO, whose processors take turns on one thread of the host. A boot then takes half of
/// the host's time (measured: 2.1 instead of 3.8 s), since no processor of the host spins for a lock. For scenarios in which
/// it does not matter that processors run at the same instant.
pub(crate) fn machine_on_one_thread(kind: FirmwareKind, iso: &Path) -> Result<Machine, Failed> {
    let mut machine = machine(kind, iso)?;
    machine.qemu_arguments = ONE_THREAD.map(Into::into).into();
    Ok(machine)
}

/// The ISO of the build: the one that a person writes to a USB stick.
pub(crate) fn shipped_iso() -> Result<PathBuf, Failed> {
    let iso = built::iso();
    if iso.is_file() {
        return Ok(iso);
    }
    // The build packs no ISO if the host lacks a tool: fail with the tool's name, or pack it now.
    iso_with(built::contents()?, None)
}

/// The shipped contents, but with another kernel and command line. All levels are logged unless the command line says otherwise.
pub(crate) fn contents_with_kernel(kernel: impl Into<PathBuf>, command_line: &str) -> Result<Contents, Failed> {
    let mut contents = built::contents()?;
    contents.kernel = Some(Payload::Program(kernel.into()));
    contents.command_line = traced(command_line)?;
    Ok(contents)
}

/// A command line with which all levels are logged, unless it says otherwise.
pub(crate) fn traced(command_line: &str) -> Result<BootText, Failed> {
    Ok(BootText::new(format!("log.level=trace {command_line}").trim_end())?)
}

/// An ISO with the test kernel, which runs the scenario on the command line.
pub(crate) fn test_kernel_iso(command_line: &str) -> Result<PathBuf, Failed> {
    iso_with(contents_with_kernel(bench::test_kernel(), command_line)?, None)
}

/// The shipped kernel with words for our loader's test hooks. All levels are logged.
pub(crate) fn iso_with_words(words: &str) -> Result<PathBuf, Failed> {
    let mut contents = built::contents()?;
    contents.multiboot2_loader = Some(TEST_LOADER.into());
    contents.command_line = traced(words)?;
    iso_with(contents, Some(LoaderKind::Grub))
}

/// The shipped kernel with a command line. All levels are logged unless it says otherwise.
pub(crate) fn iso_with_command_line(text: &str) -> Result<PathBuf, Failed> {
    let mut contents = built::contents()?;
    contents.command_line = traced(text)?;
    iso_with(contents, None)
}

/// Packs an ISO, or takes the one that was packed of the same contents.
pub(crate) fn iso_with(contents: Contents, loader: Option<LoaderKind>) -> Result<PathBuf, Failed> {
    /// The ISO of some contents, once it is packed.
    type Slot = Arc<Mutex<Option<PathBuf>>>;
    const FAILED: &str = "another scenario panicked while it packed an ISO";
    static PACKED: Mutex<BTreeMap<String, Slot>> = Mutex::new(BTreeMap::new());
    let slot = {
        let mut packed = PACKED.lock().map_err(|_| FAILED)?;
        Arc::clone(packed.entry(format!("{loader:?} {contents:?}")).or_default())
    };
    // Held while the ISO is packed: scenarios with other contents do not wait.
    let mut slot = slot.lock().map_err(|_| FAILED)?;
    if let Some(iso) = slot.as_ref() {
        return Ok(iso.clone());
    }
    let iso = new_path("test.iso");
    pack_for(loader, &contents, &iso)?;
    Ok(slot.insert(iso).clone())
}

/// Writes a file that is only read afterwards. The path depends on the content, so that ISOs with different files differ in
/// their contents' paths.
pub(crate) fn file(name: &str, bytes: &[u8]) -> Result<PathBuf, Failed> {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    let own_folder = folder().join(format!("{:016x}", hasher.finish()));
    fs::create_dir_all(&own_folder)?;
    let path = own_folder.join(name);
    if !path.exists() {
        // In one step: another scenario may be about to read it.
        let fresh = new_path(name);
        fs::write(&fresh, bytes)?;
        fs::rename(fresh, &path)?;
    }
    Ok(path)
}

/// The folder of this process's files.
pub(crate) fn folder() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("boot-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("cargo's folder for tests can be written to");
        folder
    })
}

/// A new path for a file that a scenario writes, or lets QEMU write: no other scenario has the same.
pub(crate) fn new_path(name: &str) -> PathBuf {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    folder().join(format!("{}_{name}", COUNT.fetch_add(1, Ordering::Relaxed)))
}

/// Removes all files of the scenarios.
pub(crate) fn remove_files() {
    // An error does no harm: the files lie in cargo's target folder.
    let _ = fs::remove_dir_all(folder());
}
