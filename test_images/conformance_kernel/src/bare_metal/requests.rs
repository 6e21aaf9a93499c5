//! The requests to the boot loader, all of them, between their markers.

use limine::{
    BaseRevision, RequestsEndMarker, RequestsStartMarker,
    mp::MP_FLAG_X2APIC,
    paging::PagingMode,
    request::{
        BootloaderInfoRequest, DateAtBootRequest, EfiRequest, EntryPointRequest, ExecutableAddressRequest,
        ExecutableCmdlineRequest, ExecutableFileRequest, FirmwareTypeRequest, FramebufferRequest, HhdmRequest,
        MemmapRequest, ModulesRequest, MpRequest, PagingModeRequest, Request, RsdpRequest, SmbiosRequest,
        StackSizeRequest,
    },
};

// Defined in `entry`, which this file does not import: the checks that run from there read the responses.
unsafe extern "C" {
    safe fn entry_point_from_limine() -> !;
}

/// More than the 64 KiB that every processor gets unasked.
pub(super) const STACK_SIZE_BYTES: u64 = 128 * 1024;

/// Defines requests in their section, where the boot loader looks for them.
macro_rules! requests {
    ($($(#[$documentation:meta])* $name:ident: $type:ty = $value:expr;)*) => {
        $(
            $(#[$documentation])*
            #[used]
            #[unsafe(link_section = ".requests")]
            pub(super) static $name: $type = $value;
        )*
    };
}

/// Nothing before it is a request.
#[used]
#[unsafe(link_section = ".requests_start_marker")]
static REQUESTS_START: RequestsStartMarker = RequestsStartMarker::new();

/// Nothing after it is a request.
#[used]
#[unsafe(link_section = ".requests_end_marker")]
static REQUESTS_END: RequestsEndMarker = RequestsEndMarker::new();

requests! {
    /// The newest revision.
    BASE_REVISION: BaseRevision = BaseRevision::with_revision(6);
    /// Name and version.
    BOOTLOADER_INFO_REQUEST: BootloaderInfoRequest = BootloaderInfoRequest::new();
    /// The kernel's command line.
    COMMAND_LINE_REQUEST: ExecutableCmdlineRequest = ExecutableCmdlineRequest::new();
    /// BIOS or UEFI.
    FIRMWARE_TYPE_REQUEST: FirmwareTypeRequest = FirmwareTypeRequest::new();
    /// For all processors.
    STACK_SIZE_REQUEST: StackSizeRequest = StackSizeRequest::new(STACK_SIZE_BYTES);
    /// The higher-half direct map.
    HHDM_REQUEST: HhdmRequest = HhdmRequest::new();
    /// The screen.
    FRAME_BUFFER_REQUEST: FramebufferRequest = FramebufferRequest::new();
    /// Four levels and nothing else.
    PAGING_MODE_REQUEST: PagingModeRequest = PagingModeRequest::new_exact(PagingMode::X86_64_4LVL);
    /// The other processors, in x2APIC mode where they have it.
    MP_REQUEST: MpRequest = MpRequest::new(MP_FLAG_X2APIC);
    /// What lies where in physical memory.
    MEMORY_MAP_REQUEST: MemmapRequest = MemmapRequest::new();
    /// Another entry point than the ELF file's.
    ENTRY_POINT_REQUEST: EntryPointRequest = EntryPointRequest::new(entry_point_from_limine);
    /// The kernel's own file.
    EXECUTABLE_FILE_REQUEST: ExecutableFileRequest = ExecutableFileRequest::new();
    /// The files beside it.
    MODULE_REQUEST: ModulesRequest = ModulesRequest::new();
    /// Start of the ACPI tables.
    RSDP_REQUEST: RsdpRequest = RsdpRequest::new();
    /// Start of the SMBIOS tables.
    SMBIOS_REQUEST: SmbiosRequest = SmbiosRequest::new();
    /// UEFI only.
    EFI_SYSTEM_TABLE_REQUEST: EfiRequest = EfiRequest::new();
    /// Seconds since 1970.
    DATE_AT_BOOT_REQUEST: DateAtBootRequest = DateAtBootRequest::new();
    /// Where the kernel was loaded.
    EXECUTABLE_ADDRESS_REQUEST: ExecutableAddressRequest = ExecutableAddressRequest::new();
    /// An id that no boot loader knows: it has to stay without a response.
    UNKNOWN_REQUEST: Request<u64> = unknown_request();
}

/// A request of an unknown kind.
const fn unknown_request() -> Request<u64> {
    // SAFETY: nobody defines a response to this id, so no response can have another type than the one named here.
    unsafe { Request::new_raw([0x1357_9bdf_0246_8ace, 0xfdb9_7531_eca8_6420], 0, ()) }
}
