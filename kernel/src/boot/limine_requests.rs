//! The kernel's requests to the boot loader (Limine boot protocol, "Requests").
//!
//! The boot loader finds them in the loaded image, between the two markers, and writes the address of its response into each
//! request. The responses are untrusted: [`super::boot_info`] validates them once. Strings and files have response types of
//! the kernel, because those of the crate `limine` unwrap UTF-8, and a boot loader may pass on any bytes.

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

/// Newest base revision that the kernel supports.
pub const NEWEST_BASE_REVISION: u64 = 6;

/// Oldest base revision that the kernel supports: up to 2, the memory map and the mappings follow other rules.
pub const OLDEST_BASE_REVISION: u64 = 3;

#[used]
#[unsafe(link_section = ".requests_start_marker")]
static REQUESTS_START_MARKER: RequestsStartMarker = RequestsStartMarker::new();

#[used]
#[unsafe(link_section = ".requests_end_marker")]
static REQUESTS_END_MARKER: RequestsEndMarker = RequestsEndMarker::new();

/// Requests [`NEWEST_BASE_REVISION`]. The boot loader may follow an older one.
#[used]
#[unsafe(link_section = ".requests")]
pub static BASE_REVISION: BaseRevision = BaseRevision::with_revision(NEWEST_BASE_REVISION);

/// Four-level paging only: the kernel's page tables have four levels.
#[used]
#[unsafe(link_section = ".requests")]
pub static PAGING_MODE_REQUEST: PagingModeRequest = PagingModeRequest::new_exact(PagingMode::X86_64_4LVL);

#[used]
#[unsafe(link_section = ".requests")]
pub static FRAME_BUFFER_REQUEST: FramebufferRequest = FramebufferRequest::new();

/// The other processors, started and waiting. With x2APIC, because without it local APIC ids have 8 bits.
#[used]
#[unsafe(link_section = ".requests")]
pub static MP_REQUEST: MpRequest = MpRequest::new(MP_FLAG_X2APIC);

#[used]
#[unsafe(link_section = ".requests")]
pub static MEMORY_MAP_REQUEST: MemmapRequest = MemmapRequest::new();

#[used]
#[unsafe(link_section = ".requests")]
pub static HHDM_REQUEST: HhdmRequest = HhdmRequest::new();

#[used]
#[unsafe(link_section = ".requests")]
pub static EXECUTABLE_ADDRESS_REQUEST: ExecutableAddressRequest = ExecutableAddressRequest::new();

#[used]
#[unsafe(link_section = ".requests")]
pub static RSDP_REQUEST: RsdpRequest = RsdpRequest::new();

#[used]
#[unsafe(link_section = ".requests")]
pub static DATE_AT_BOOT_REQUEST: DateAtBootRequest = DateAtBootRequest::new();

#[used]
#[unsafe(link_section = ".requests")]
pub static FIRMWARE_TYPE_REQUEST: FirmwareTypeRequest = FirmwareTypeRequest::new();

#[used]
#[unsafe(link_section = ".requests")]
pub static BOOTLOADER_INFO_REQUEST: Request<BootLoaderClaims> =
    // SAFETY: The id is that of the bootloader-info request, and the type lays out its response as the protocol does.
    unsafe { Request::new_raw([0xf550_38d8_e2a1_202f, 0x2794_26fc_f5f5_9740], 0, ()) };

#[used]
#[unsafe(link_section = ".requests")]
pub static EXECUTABLE_CMDLINE_REQUEST: Request<CommandLineClaims> =
    // SAFETY: The id is that of the command-line request, and the type lays out its response as the protocol does.
    unsafe { Request::new_raw([0x4b16_1536_e598_651e, 0xb390_ad4a_2f1f_303a], 0, ()) };

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

/// Response: the boot loader's name and version.
#[repr(C)]
pub struct BootLoaderClaims {
    /// A string that ends with NUL.
    pub name: *const c_char,
    /// A string that ends with NUL.
    pub version: *const c_char,
}

/// Response: the command line.
#[repr(C)]
pub struct CommandLineClaims {
    /// A string that ends with NUL.
    pub command_line: *const c_char,
}

/// Response: the kernel's file.
#[repr(C)]
pub struct ExecutableFileClaims {
    pub file: *const FileClaims,
}

/// Response: the loaded files.
#[repr(C)]
pub struct ModulesClaims {
    pub count: u64,
    /// Array of `count` pointers.
    pub modules: *const *const FileClaims,
}

/// First fields of the protocol's file structure. The kernel does not use the later ones, which identify the medium.
#[repr(C)]
pub struct FileClaims {
    pub revision: u64,
    /// The content, aligned to 4 KiB.
    pub address: *const u8,
    pub size_bytes: u64,
    /// The path within its volume, a string that ends with NUL.
    pub path: *const c_char,
    /// The string of the module in the boot configuration, which ends with NUL.
    pub string: *const c_char,
}
