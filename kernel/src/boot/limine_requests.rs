//! Every request that the kernel makes of the boot loader (Limine boot protocol, "Requests").
//!
//! The boot loader finds them in the loaded image, between the two markers, and writes the address of its answer into
//! each. Nothing here is checked: [`super::boot_info`] does that, once. Strings and files have response types of our
//! own, since those of the `limine` crate unwrap UTF-8, and a boot loader may pass on any bytes.

use core::ffi::c_char;
use limine::{
    BaseRevision, RequestsEndMarker, RequestsStartMarker,
    mp::MP_FLAG_X2APIC,
    paging::PagingMode,
    request::{
        DateAtBootRequest, ExecutableAddressRequest, FirmwareTypeRequest, FramebufferRequest, HhdmRequest,
        MemmapRequest, MpRequest, PagingModeRequest, Request, RsdpRequest,
    },
};

/// The newest base revision whose rules we know.
pub const NEWEST_BASE_REVISION: u64 = 6;

/// The oldest that we boot under: at 2 and less the loader maps and promises other things.
pub const OLDEST_BASE_REVISION: u64 = 3;

/// Requests lie behind it.
#[used]
#[unsafe(link_section = ".requests_start_marker")]
static REQUESTS_START_MARKER: RequestsStartMarker = RequestsStartMarker::new();

/// Requests lie before it.
#[used]
#[unsafe(link_section = ".requests_end_marker")]
static REQUESTS_END_MARKER: RequestsEndMarker = RequestsEndMarker::new();

/// Asks for [`NEWEST_BASE_REVISION`]; what is granted may be older.
#[used]
#[unsafe(link_section = ".requests")]
pub static BASE_REVISION: BaseRevision = BaseRevision::with_revision(NEWEST_BASE_REVISION);

/// Four-level paging and no other: our page tables have four levels.
#[used]
#[unsafe(link_section = ".requests")]
pub static PAGING_MODE_REQUEST: PagingModeRequest = PagingModeRequest::new_exact(PagingMode::X86_64_4LVL);

/// A picture, where the machine has a display adapter.
#[used]
#[unsafe(link_section = ".requests")]
pub static FRAME_BUFFER_REQUEST: FramebufferRequest = FramebufferRequest::new();

/// The other processors, started and waiting; with x2APIC, without which only 255 processors can be named.
#[used]
#[unsafe(link_section = ".requests")]
pub static MP_REQUEST: MpRequest = MpRequest::new(MP_FLAG_X2APIC);

/// Which physical memory there is.
#[used]
#[unsafe(link_section = ".requests")]
pub static MEMORY_MAP_REQUEST: MemmapRequest = MemmapRequest::new();

/// Where the boot loader mapped physical memory.
#[used]
#[unsafe(link_section = ".requests")]
pub static HHDM_REQUEST: HhdmRequest = HhdmRequest::new();

/// Where the kernel itself lies.
#[used]
#[unsafe(link_section = ".requests")]
pub static EXECUTABLE_ADDRESS_REQUEST: ExecutableAddressRequest = ExecutableAddressRequest::new();

/// Where the ACPI tables begin.
#[used]
#[unsafe(link_section = ".requests")]
pub static RSDP_REQUEST: RsdpRequest = RsdpRequest::new();

/// What the machine's clock said.
#[used]
#[unsafe(link_section = ".requests")]
pub static DATE_AT_BOOT_REQUEST: DateAtBootRequest = DateAtBootRequest::new();

/// BIOS or UEFI.
#[used]
#[unsafe(link_section = ".requests")]
pub static FIRMWARE_TYPE_REQUEST: FirmwareTypeRequest = FirmwareTypeRequest::new();

/// Who booted us.
#[used]
#[unsafe(link_section = ".requests")]
pub static BOOTLOADER_INFO_REQUEST: Request<BootLoaderClaims> =
    // SAFETY: The id is that of the bootloader-info request, and the type lays out its response as the protocol does.
    unsafe { Request::new_raw([0xf550_38d8_e2a1_202f, 0x2794_26fc_f5f5_9740], 0, ()) };

/// The kernel's command line.
#[used]
#[unsafe(link_section = ".requests")]
pub static EXECUTABLE_CMDLINE_REQUEST: Request<CommandLineClaims> =
    // SAFETY: The id is that of the command-line request, and the type lays out its response as the protocol does.
    unsafe { Request::new_raw([0x4b16_1536_e598_651e, 0xb390_ad4a_2f1f_303a], 0, ()) };

/// The files that were loaded with the kernel.
#[used]
#[unsafe(link_section = ".requests")]
pub static MODULE_REQUEST: Request<ModulesClaims> =
    // SAFETY: The id is that of the module request at revision 0, which has no fields of its own, and the type lays
    // out its response as the protocol does.
    unsafe { Request::new_raw([0x3e7e_2797_02be_32af, 0xca1c_4f3b_d128_0cee], 0, ()) };

/// The kernel's own file, with its symbol table.
#[used]
#[unsafe(link_section = ".requests")]
pub static EXECUTABLE_FILE_REQUEST: Request<ExecutableFileClaims> =
    // SAFETY: The id is that of the executable-file request, and the type lays out its response as the protocol does.
    unsafe { Request::new_raw([0xad97_e90e_83f1_ed67, 0x31eb_5d1c_5ff2_3b69], 0, ()) };

/// What the boot loader says of itself.
#[repr(C)]
pub struct BootLoaderClaims {
    /// A string that ends with NUL.
    pub name: *const c_char,
    /// A string that ends with NUL.
    pub version: *const c_char,
}

/// What the boot loader says that it was told to pass on.
#[repr(C)]
pub struct CommandLineClaims {
    /// A string that ends with NUL.
    pub command_line: *const c_char,
}

/// Which file the boot loader says the kernel is.
#[repr(C)]
pub struct ExecutableFileClaims {
    /// The file.
    pub file: *const FileClaims,
}

/// Which files the boot loader says that it has loaded.
#[repr(C)]
pub struct ModulesClaims {
    /// How many.
    pub count: u64,
    /// That many pointers.
    pub modules: *const *const FileClaims,
}

/// The head of the protocol's file structure: the fields behind these (the medium's identity) are of no use to us.
#[repr(C)]
pub struct FileClaims {
    /// Of this structure.
    pub revision: u64,
    /// Where the content lies, aligned to 4 KiB.
    pub address: *const u8,
    /// Of the content.
    pub size_bytes: u64,
    /// The path within its volume, a string that ends with NUL.
    pub path: *const c_char,
    /// What the configuration says to the module, a string that ends with NUL.
    pub string: *const c_char,
}
