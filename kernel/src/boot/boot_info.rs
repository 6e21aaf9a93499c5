//! What the boot loader told us, checked once: from here on it is typed.
//!
//! Needed: a base revision whose rules we know, the memory map, the direct map and the kernel's own address. Everything
//! else may be missing, and is then `None` or an error that says why.

use super::{
    boot_string::{self, BootStringError},
    hhdm_offset::HhdmOffset,
    limine_requests::{
        BASE_REVISION, BOOTLOADER_INFO_REQUEST, EXECUTABLE_ADDRESS_REQUEST, EXECUTABLE_CMDLINE_REQUEST,
        FIRMWARE_TYPE_REQUEST, HHDM_REQUEST, NEWEST_BASE_REVISION, OLDEST_BASE_REVISION, PAGING_MODE_REQUEST,
        RSDP_REQUEST,
    },
    memory_map::MemoryMap,
    module::{self, Module, USER_MODE_PROGRAM_0_PATH},
    screen::{self, Screen, ScreenError},
};
use alloc::boxed::Box;
use command_line::{LogColor, Options};
use core::fmt;
use limine::{firmware, paging::PagingMode};
use spin::Once;
use x86_64::{PhysAddr, VirtAddr};

/// Set when the boot loader's memory is about to be reused.
static KEPT_COMMAND_LINE: Once<Result<&'static str, BootStringError>> = Once::new();

/// The boot loader's answers.
pub struct BootInfo {
    /// Which rules of the protocol hold: [`OLDEST_BASE_REVISION`] to [`NEWEST_BASE_REVISION`].
    pub base_revision: u64,
    /// Name and version of the boot loader.
    pub boot_loader: [Result<&'static str, BootStringError>; 2],
    /// What started the boot loader.
    pub firmware: Firmware,
    /// What the kernel is told to do.
    pub command_line: Result<&'static str, BootStringError>,
    /// Where physical memory is mapped.
    pub hhdm_offset: HhdmOffset,
    /// Which physical memory there is.
    pub memory_map: MemoryMap,
    /// Where the kernel lies: its first physical byte and its first virtual byte.
    pub executable_address: (PhysAddr, VirtAddr),
    /// Where the ACPI tables begin.
    pub rsdp: Option<PhysAddr>,
}

/// What started the boot loader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Firmware {
    /// A PC BIOS.
    Bios,
    /// UEFI, 32 or 64 bit.
    Uefi,
    /// Something else, or the boot loader does not say.
    Unknown,
}

/// Why the kernel cannot run under this boot loader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BootInfoError {
    /// The boot loader knows no base revision that we ask for, and does not say which it follows (Limine 8 or older).
    BaseRevisionUnknown,
    /// The boot loader follows a base revision whose rules we do not know.
    BaseRevision(u64),
    /// Paging is not the four-level kind.
    PagingMode,
    /// No memory map, or an empty one.
    MemoryMap,
    /// No direct map.
    Hhdm,
    /// A direct map that cannot be one.
    HhdmOffset(u64),
    /// No word about where the kernel lies, or an impossible one.
    ExecutableAddress,
}

impl BootInfo {
    /// Collects the answers and checks them.
    pub fn collect() -> Result<Self, BootInfoError> {
        let base_revision = check_base_revision(BASE_REVISION.actual_revision())?;
        if PAGING_MODE_REQUEST
            .response()
            .is_some_and(|response| response.mode != PagingMode::X86_64_4LVL)
        {
            return Err(BootInfoError::PagingMode);
        }
        let memory_map = MemoryMap::from_boot_loader().ok_or(BootInfoError::MemoryMap)?;
        let offset = HHDM_REQUEST.response().ok_or(BootInfoError::Hhdm)?.offset;
        let hhdm_offset = HhdmOffset::check(offset).ok_or(BootInfoError::HhdmOffset(offset))?;
        Ok(Self {
            base_revision,
            boot_loader: boot_loader(),
            firmware: firmware(),
            command_line: command_line(),
            hhdm_offset,
            memory_map,
            executable_address: executable_address().ok_or(BootInfoError::ExecutableAddress)?,
            rsdp: RSDP_REQUEST
                .response()
                .and_then(|response| hhdm_offset.physical(response.address as u64)),
        })
    }

    /// Takes the screen; the second call gets an error.
    pub fn take_screen(&self) -> Result<Screen, ScreenError> {
        screen::take()
    }

    /// Reads the command line, and warns of each word that means nothing to us.
    ///
    /// `is_known` tells of words that somebody else understands.
    pub fn options(&self, is_known: fn(&str) -> bool) -> Options {
        let text = self.command_line.unwrap_or_default();
        Options::parse(text, |word, problem| {
            if !is_known(word.key) {
                log::warn!("Command line: {word}: {problem}");
            }
        })
    }

    /// Copies to the heap what lies in memory of the boot loader's, so that this memory can be reused. What is copied stays
    /// for good.
    #[must_use]
    pub fn copy_out(self) -> Self {
        let keep = |text: &str| -> &'static str { Box::leak(Box::from(text)) };
        let command_line = self.command_line.map(keep);
        KEPT_COMMAND_LINE.call_once(|| command_line);
        module::keep();
        Self {
            boot_loader: self.boot_loader.map(|text| text.map(keep)),
            command_line,
            memory_map: self.memory_map.copy_out(),
            ..self
        }
    }

    /// Logs what was found, one line a subject.
    pub fn log(&self) {
        let [name, version] = self.boot_loader.map(|text| text.unwrap_or("(no name)"));
        log::info!(
            "Booted by {name} {version}, base revision {}, {}",
            self.base_revision,
            self.firmware
        );
        match self.command_line {
            Ok("") => {}
            Ok(text) => log::info!("Command line: {text:?}"),
            Err(error) => {
                log::warn!("The command line is ignored: {error:?}. Check the boot menu's entry for the kernel")
            }
        }
        let mebibytes = self.memory_map.usable_bytes() >> 20;
        log::debug!(
            "Memory: {mebibytes} MiB usable, {} ranges in the memory map",
            self.memory_map.ranges_count()
        );
        let (physical, virtual_base) = self.executable_address;
        log::debug!(
            "Direct map at {:#x}, kernel at {virtual_base:#x}, in memory at {physical:#x}",
            self.hhdm_offset.start()
        );
        match self.rsdp {
            Some(address) => log::debug!("RSDP at {address:#x}"),
            None => log::warn!("No RSDP, so no ACPI tables: switch ACPI on in the firmware's setup"),
        }
        self.log_modules();
    }

    /// Logs which files came with the kernel.
    fn log_modules(&self) {
        let is_program_0 =
            |module: Result<Module, _>| module.is_ok_and(|module| module.path == USER_MODE_PROGRAM_0_PATH);
        if !module::modules().any(is_program_0) {
            log::warn!(
                "No program to run: add a module {USER_MODE_PROGRAM_0_PATH} to the boot menu's entry for the kernel"
            );
        }
        for module in module::modules() {
            match module {
                Ok(module) => log::info!("Module {}: {} bytes", module.path, module.content.len()),
                Err(error) => log::error!("A module is left out: {error:?}"),
            }
        }
    }
}

impl fmt::Display for Firmware {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Bios => "BIOS",
            Self::Uefi => "UEFI",
            Self::Unknown => "unknown firmware",
        })
    }
}

impl fmt::Display for BootInfoError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BaseRevisionUnknown => write!(
                formatter,
                "the boot loader knows no base revision from {OLDEST_BASE_REVISION} to {NEWEST_BASE_REVISION} (Limine 8 or older): boot with Limine 9 or newer"
            ),
            Self::BaseRevision(revision) => write!(
                formatter,
                "the boot loader follows base revision {revision}, this kernel knows {OLDEST_BASE_REVISION} to {NEWEST_BASE_REVISION}"
            ),
            Self::PagingMode => formatter.write_str("the boot loader did not set up four-level paging"),
            Self::MemoryMap => formatter.write_str("the boot loader gave no memory map"),
            Self::Hhdm => formatter.write_str("the boot loader gave no direct map of memory (HHDM)"),
            Self::HhdmOffset(offset) => write!(formatter, "the direct map cannot be at {offset:#x}"),
            Self::ExecutableAddress => formatter.write_str("the boot loader does not say where it put the kernel"),
        }
    }
}

/// Whether we know the rules of what the boot loader grants.
fn check_base_revision(granted: Option<u64>) -> Result<u64, BootInfoError> {
    let revision = granted.ok_or(BootInfoError::BaseRevisionUnknown)?;
    let is_known = (OLDEST_BASE_REVISION..=NEWEST_BASE_REVISION).contains(&revision);
    is_known
        .then_some(revision)
        .ok_or(BootInfoError::BaseRevision(revision))
}

/// Name and version.
fn boot_loader() -> [Result<&'static str, BootStringError>; 2] {
    BOOTLOADER_INFO_REQUEST
        .response()
        .map_or([Err(BootStringError::Missing); 2], |claims| {
            // SAFETY: Both are strings of the boot loader's, in memory that stays as it is.
            [claims.name, claims.version].map(|text| unsafe { boot_string::read(text) })
        })
}

/// The firmware type in our words.
fn firmware() -> Firmware {
    match FIRMWARE_TYPE_REQUEST.response().map(|response| response.firmware_type) {
        Some(firmware::FIRMWARE_TYPE_X86BIOS) => Firmware::Bios,
        Some(firmware::FIRMWARE_TYPE_EFI32 | firmware::FIRMWARE_TYPE_EFI64) => Firmware::Uefi,
        _ => Firmware::Unknown,
    }
}

/// The kernel's command line. It can be read before anything else is checked.
pub fn command_line() -> Result<&'static str, BootStringError> {
    if let Some(kept) = KEPT_COMMAND_LINE.get() {
        return *kept;
    }
    let claims = EXECUTABLE_CMDLINE_REQUEST.response().ok_or(BootStringError::Missing)?;
    // SAFETY: A string of the boot loader's, in memory that stays as it is.
    unsafe { boot_string::read(claims.command_line) }
}

/// Whether the log has colours: wanted before the first line, when the rest of the command line need not be read yet.
pub fn log_color() -> LogColor {
    Options::parse(command_line().unwrap_or_default(), |_, _| ()).log_color
}

/// The kernel's own place.
fn executable_address() -> Option<(PhysAddr, VirtAddr)> {
    let response = EXECUTABLE_ADDRESS_REQUEST.response()?;
    let physical = PhysAddr::try_new(response.physical_base).ok()?;
    Some((physical, VirtAddr::try_new(response.virtual_base).ok()?))
}
