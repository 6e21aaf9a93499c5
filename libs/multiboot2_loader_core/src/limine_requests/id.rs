//! The ids of requests and markers (Limine boot protocol).

/// First word of every request.
pub(crate) const REQUEST_MAGIC_0: u64 = 0xc7b1_dd30_df4c_8b88;
/// Second word of every request.
pub(crate) const REQUEST_MAGIC_1: u64 = 0x0a82_e883_a194_f07b;

/// First word of the start marker.
pub(crate) const START_MARKER_0: u64 = 0xf6b8_f4b3_9de7_d1ae;
/// The start marker.
pub(crate) const START_MARKER: [u64; 4] = [
    START_MARKER_0,
    0xfab9_1a69_40fc_b9cf,
    0x785c_6ed0_15d3_e316,
    0x181e_920a_7852_b9d9,
];

/// First word of the end marker.
pub(crate) const END_MARKER_0: u64 = 0xadc0_e053_1bb1_0d03;
/// The end marker.
pub(crate) const END_MARKER: [u64; 2] = [END_MARKER_0, 0x9572_709f_3176_4c62];

/// The requests that the loader knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum RequestKind {
    /// Name and version of the loader.
    BootloaderInfo,
    /// The kernel's command line.
    ExecutableCmdline,
    /// The kernel's file.
    ExecutableFile,
    /// BIOS or EFI.
    FirmwareType,
    /// The size of the stacks.
    StackSize,
    /// Where the direct map begins.
    Hhdm,
    /// The screen.
    FrameBuffer,
    /// How many levels the page tables have.
    PagingMode,
    /// The other processors.
    Mp,
    /// The memory map.
    MemoryMap,
    /// An entry point instead of the file's.
    EntryPoint,
    /// The files beside the kernel.
    Modules,
    /// ACPI's root pointer.
    Rsdp,
    /// Where the kernel was loaded.
    ExecutableAddress,
    /// The time of day at boot.
    DateAtBoot,
    /// EFI's system table.
    EfiSystemTable,
    /// SMBIOS's entry points.
    Smbios,
    /// Leave the I/O memory-management units alone.
    KeepIommu,
}

/// Every kind with the two words of its id, in the order of the enum.
const IDS: [(RequestKind, [u64; 2]); RequestKind::COUNT] = [
    (
        RequestKind::BootloaderInfo,
        [0xf550_38d8_e2a1_202f, 0x2794_26fc_f5f5_9740],
    ),
    (
        RequestKind::ExecutableCmdline,
        [0x4b16_1536_e598_651e, 0xb390_ad4a_2f1f_303a],
    ),
    (
        RequestKind::ExecutableFile,
        [0xad97_e90e_83f1_ed67, 0x31eb_5d1c_5ff2_3b69],
    ),
    (
        RequestKind::FirmwareType,
        [0x8c2f_75d9_0bef_28a8, 0x7045_a468_8eac_00c3],
    ),
    (RequestKind::StackSize, [0x224e_f046_0a8e_8926, 0xe1cb_0fc2_5f46_ea3d]),
    (RequestKind::Hhdm, [0x48dc_f1cb_8ad2_b852, 0x6398_4e95_9a98_244b]),
    (RequestKind::FrameBuffer, [0x9d58_27dc_d881_dd75, 0xa314_8604_f6fa_b11b]),
    (RequestKind::PagingMode, [0x95c1_a0ed_ab09_44cb, 0xa4e5_cb38_42f7_488a]),
    (RequestKind::Mp, [0x95a6_7b81_9a1b_857e, 0xa0b6_1b72_3b6a_73e0]),
    (RequestKind::MemoryMap, [0x67cf_3d9d_378a_806f, 0xe304_acdf_c50c_3c62]),
    (RequestKind::EntryPoint, [0x13d8_6c03_5a1c_d3e1, 0x2b0c_aa89_d8f3_026a]),
    (RequestKind::Modules, [0x3e7e_2797_02be_32af, 0xca1c_4f3b_d128_0cee]),
    (RequestKind::Rsdp, [0xc5e7_7b6b_397e_7b43, 0x2763_7845_accd_cf3c]),
    (
        RequestKind::ExecutableAddress,
        [0x71ba_7686_3cc5_5f63, 0xb264_4a48_c516_a487],
    ),
    (RequestKind::DateAtBoot, [0x5027_46e1_84c0_88aa, 0xfbc5_ec83_e632_7893]),
    (
        RequestKind::EfiSystemTable,
        [0x5ceb_a516_3eaa_f6d6, 0x0a69_8161_0cf6_5fcc],
    ),
    (RequestKind::Smbios, [0x9e90_46f1_1e09_5391, 0xaa4a_520f_efbd_e5ee]),
    (RequestKind::KeepIommu, [0x8eba_abe5_1f49_0179, 0x2aa8_6a59_ffb4_ab0f]),
];

impl RequestKind {
    /// Their number.
    pub const COUNT: usize = 18;

    /// Returns the kind of an id.
    pub(crate) fn from_id(id: [u64; 2]) -> Option<Self> {
        IDS.iter().find(|(_, known)| *known == id).map(|(kind, _)| *kind)
    }

    /// Returns the two words of its id.
    #[must_use]
    pub fn id(self) -> [u64; 2] {
        IDS.iter().find(|(kind, _)| *kind == self).map_or([0, 0], |(_, id)| *id)
    }

    /// Number of parameters that the loader reads.
    pub(crate) const fn argument_words(self) -> usize {
        match self {
            Self::StackSize | Self::Mp | Self::EntryPoint => 1,
            Self::PagingMode => 3,
            _ => 0,
        }
    }
}
