//! The boot loader's responses, validated once and typed.
//!
//! Required: a supported base revision, the memory map, the direct map and the kernel's address. Any other response may be
//! missing or invalid: its field is then `None` or an error.

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
use thiserror::Error;
use x86_64::{PhysAddr, VirtAddr};

/// Copy of the command line. Set before the boot loader's memory is reclaimed.
static KEPT_COMMAND_LINE: Once<Result<&'static str, BootStringError>> = Once::new();

pub struct BootInfo {
    /// Base revision of the protocol that the boot loader follows: [`OLDEST_BASE_REVISION`] to [`NEWEST_BASE_REVISION`].
    pub base_revision: u64,
    /// Name and version of the boot loader.
    pub boot_loader: [Result<&'static str, BootStringError>; 2],
    pub firmware: Firmware,
    /// The options of the kernel as text.
    pub command_line: Result<&'static str, BootStringError>,
    pub hhdm_offset: HhdmOffset,
    pub memory_map: MemoryMap,
    /// Physical and virtual address of the kernel's first byte.
    pub executable_address: (PhysAddr, VirtAddr),
    /// Address of the root pointer of the ACPI tables.
    pub rsdp: Option<PhysAddr>,
}

/// What started the boot loader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Firmware {
    Bios,
    /// UEFI, 32 or 64 bit.
    Uefi,
    /// Other firmware, or none named by the boot loader.
    Unknown,
}

/// Why the kernel cannot run under this boot loader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum BootInfoError {
    #[error(
        "the boot loader knows no base revision from {OLDEST_BASE_REVISION} to {NEWEST_BASE_REVISION} (Limine 8 or older): boot with Limine 9 or newer"
    )]
    BaseRevisionUnknown,
    #[error(
        "the boot loader follows base revision {0}, this kernel knows {OLDEST_BASE_REVISION} to {NEWEST_BASE_REVISION}"
    )]
    BaseRevision(u64),
    #[error("the boot loader did not set up four-level paging")]
    PagingMode,
    #[error("the boot loader gave no memory map")]
    MemoryMap,
    #[error("the boot loader gave no direct map of memory (HHDM)")]
    Hhdm,
    #[error("the direct map cannot be at {0:#x}")]
    HhdmOffset(u64),
    #[error("the boot loader does not say where it put the kernel")]
    ExecutableAddress,
}

impl BootInfo {
    /// Collects the responses and validates them.
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

    /// Takes the screen. Fails from the second call on.
    pub fn take_screen(&self) -> Result<Screen, ScreenError> {
        screen::take()
    }

    /// Reads the command line, and warns of each word that sets no option.
    ///
    /// `is_known` returns whether the test hooks use a word; for those there is no warning.
    pub fn options(&self, is_known: fn(&str) -> bool) -> Options {
        let text = self.command_line.unwrap_or_default();
        Options::parse(text, |word, problem| {
            if !is_known(word.key) {
                log::warn!("Command line: {word}: {problem}");
            }
        })
    }

    /// Copies to the heap what is in the boot loader's memory, so that this memory can be reclaimed. The copies are never
    /// freed.
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
                Err(error) => {
                    log::error!("A module is ignored: {error:?}. Check the module paths in the boot menu's entry")
                }
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

/// Returns the base revision that the boot loader follows, if the kernel supports it.
fn check_base_revision(granted: Option<u64>) -> Result<u64, BootInfoError> {
    let revision = granted.ok_or(BootInfoError::BaseRevisionUnknown)?;
    let is_known = (OLDEST_BASE_REVISION..=NEWEST_BASE_REVISION).contains(&revision);
    is_known
        .then_some(revision)
        .ok_or(BootInfoError::BaseRevision(revision))
}

/// Reads the boot loader's name and version.
fn boot_loader() -> [Result<&'static str, BootStringError>; 2] {
    BOOTLOADER_INFO_REQUEST
        .response()
        .map_or([Err(BootStringError::Missing); 2], |claims| {
            // SAFETY: Both are strings of the boot loader, in memory that nothing changes.
            [claims.name, claims.version].map(|text| unsafe { boot_string::read(text) })
        })
}

fn firmware() -> Firmware {
    match FIRMWARE_TYPE_REQUEST.response().map(|response| response.firmware_type) {
        Some(firmware::FIRMWARE_TYPE_X86BIOS) => Firmware::Bios,
        Some(firmware::FIRMWARE_TYPE_EFI32 | firmware::FIRMWARE_TYPE_EFI64) => Firmware::Uefi,
        _ => Firmware::Unknown,
    }
}

/// Reads the kernel's command line. Depends on no other response.
pub fn command_line() -> Result<&'static str, BootStringError> {
    if let Some(kept) = KEPT_COMMAND_LINE.get() {
        return *kept;
    }
    let claims = EXECUTABLE_CMDLINE_REQUEST.response().ok_or(BootStringError::Missing)?;
    // SAFETY: A string of the boot loader, in memory that nothing changes.
    unsafe { boot_string::read(claims.command_line) }
}

/// Reads the option `log.color` alone: the log needs it before its first line.
pub fn log_color() -> LogColor {
    Options::parse(command_line().unwrap_or_default(), |_, _| ()).log_color
}

/// Reads the physical and virtual address of the kernel's first byte.
fn executable_address() -> Option<(PhysAddr, VirtAddr)> {
    let response = EXECUTABLE_ADDRESS_REQUEST.response()?;
    let physical = PhysAddr::try_new(response.physical_base).ok()?;
    Some((physical, VirtAddr::try_new(response.virtual_base).ok()?))
}
