//! Rules of the responses. The offsets are the Limine boot protocol's, written out here a second time on purpose.

use super::frame_buffer::GOOD;
use super::limine_requests::{ALL_KINDS, base_revision, request, words};
use super::memory_map::extent;
use acpi_check::Processor;
use multiboot2_loader_core::address::{HHDM_OFFSET, PhysAddr, VirtAddr};
use multiboot2_loader_core::frame_buffer::accept;
use multiboot2_loader_core::limine_requests::Requests;
use multiboot2_loader_core::limine_requests::id::RequestKind;
use multiboot2_loader_core::memory_map::{Range, RangeKind};
use multiboot2_loader_core::pool::{self, Pool};
use multiboot2_loader_core::responses::{Facts, File, FirmwareType, MemoryMapEntry, MpAnswer, MpInfos, answer};

/// Where the pool lies: what a pointer points to is found by subtraction.
const POOL_AT: u64 = HHDM_OFFSET + 0x70_0000;

/// The kernel's image and the pool after answering.
struct Answered {
    image: Vec<u8>,
    pool: Vec<u8>,
}

impl Answered {
    fn bytes(&self, address: u64, length: usize) -> &[u8] {
        let offset = usize::try_from(address - POOL_AT).expect("inside the pool");
        &self.pool[offset..offset + length]
    }

    fn word(&self, address: u64) -> u64 {
        super::support::word(self.bytes(address, 8), 0)
    }

    fn half_word(&self, address: u64) -> u32 {
        u32::from_le_bytes(self.bytes(address, 4).try_into().expect("four bytes"))
    }

    fn string(&self, address: u64) -> &str {
        let offset = usize::try_from(address - POOL_AT).expect("inside the pool");
        core::ffi::CStr::from_bytes_until_nul(&self.pool[offset..])
            .expect("it ends")
            .to_str()
            .expect("it is text")
    }

    /// The pointer in the request of this kind.
    fn pointer(&self, kind: RequestKind) -> u64 {
        super::support::word(&self.image, 24 + kind as usize * REQUEST_BYTES + 40)
    }

    /// The response to it, whose revision is 0.
    fn response(&self, kind: RequestKind) -> u64 {
        let address = self.pointer(kind);
        assert_eq!(self.word(address), 0, "revision of {kind:?}");
        address
    }
}

/// Each request takes as much, arguments included.
const REQUEST_BYTES: usize = 72;

/// An image that makes every request.
fn image(revision: u64) -> Vec<u8> {
    let requests = ALL_KINDS.into_iter().flat_map(|kind| request(kind.id(), 0, &[0, 0, 0]));
    base_revision(revision).into_iter().chain(requests).collect()
}

fn answered(revision: u64, change: impl for<'a> Fn(Facts<'a>) -> Facts<'a>) -> Answered {
    let mut image = image(revision);
    let requests = Requests::scan(&image).expect("the requests are right");
    let mut bytes = vec![0xff; usize::try_from(pool::size_bytes(2, 2, 100)).expect("small")];
    let mut pool = Pool::new(&mut bytes, VirtAddr::new(POOL_AT));
    let processors = [
        Processor {
            processor_id: 1,
            local_apic_id: 0x102,
        },
        Processor {
            processor_id: 0,
            local_apic_id: 0,
        },
    ];
    let infos = MpInfos::put(&mut pool, &processors).expect("there is room");
    let range = Range {
        base: 0x1000,
        end: 0x9_f000,
        kind: RangeKind::Usable,
    };
    let entries = vec![
        MemoryMapEntry::from(&range),
        MemoryMapEntry {
            base: 5,
            length_bytes: 6,
            kind: 99,
        },
    ];
    let facts = Facts {
        base_revision: requests.base_revision().expect("it is 3 or more"),
        loader_name: "Loader",
        loader_version: "1.2.3",
        kernel_file: File {
            extent: extent(0x30_0000, 0x30_1234),
            path: "/kernel",
            string: "log.level=info",
        },
        modules: &[File {
            extent: extent(0x40_0000, 0x40_0800),
            path: "/program",
            string: "",
        }],
        firmware: FirmwareType::Efi64,
        frame_buffer: Some(accept(&GOOD).expect("nothing is wrong with it")),
        mp: Some(MpAnswer {
            x2apic: true,
            bsp_local_apic_id: 0x102,
            infos: &[infos.address_of(1), infos.address_of(0)],
        }),
        rsdp: Some(PhysAddr::new(0xf_5000)),
        efi_system_table: Some(PhysAddr::new(0x7f0_0000)),
        smbios_32: None,
        smbios_64: Some(PhysAddr::new(0x7e0_0000)),
        date_at_boot: Some(-5),
        image_physical_base: PhysAddr::new(0x50_0000),
        image_virtual_base: VirtAddr::new(0xffff_ffff_8000_0000),
    };
    answer(&mut image, &requests, &mut pool, &change(facts), entries.into_iter()).expect("the pool suffices");
    Answered { image, pool: bytes }
}

fn all() -> Answered {
    answered(6, |facts| facts)
}

#[test]
fn responses_of_plain_words() {
    let answered = all();
    for (kind, fields) in [
        (RequestKind::FirmwareType, vec![2]),
        (RequestKind::Hhdm, vec![0xffff_8000_0000_0000]),
        (RequestKind::PagingMode, vec![0]),
        (RequestKind::ExecutableAddress, vec![0x50_0000, 0xffff_ffff_8000_0000]),
        (RequestKind::DateAtBoot, vec![(-5_i64).cast_unsigned()]),
        (RequestKind::StackSize, vec![]),
        (RequestKind::EntryPoint, vec![]),
        (RequestKind::KeepIommu, vec![]),
    ] {
        let response = answered.response(kind);
        let found: Vec<_> = (1..)
            .take(fields.len())
            .map(|index| answered.word(response + index * 8))
            .collect();
        assert_eq!(found, fields, "{kind:?}");
    }
}

#[test]
fn responses_with_strings() {
    let answered = all();
    let response = answered.response(RequestKind::BootloaderInfo);
    assert_eq!(answered.string(answered.word(response + 8)), "Loader");
    assert_eq!(answered.string(answered.word(response + 16)), "1.2.3");
    let response = answered.response(RequestKind::ExecutableCmdline);
    assert_eq!(answered.string(answered.word(response + 8)), "log.level=info");
}

#[test]
fn files_are_laid_out_as_the_protocol_says() {
    let answered = all();
    let file = answered.word(answered.response(RequestKind::ExecutableFile) + 8);
    assert_eq!(
        [0, 8, 16].map(|offset| answered.word(file + offset)),
        [0, HHDM_OFFSET + 0x30_0000, 0x1234]
    );
    assert_eq!(answered.string(answered.word(file + 24)), "/kernel");
    assert_eq!(answered.string(answered.word(file + 32)), "log.level=info");
    // Media type, unused, TFTP address and port, partition, MBR id, three UUIDs.
    assert_eq!(answered.bytes(file + 40, 72), [0; 72]);

    let modules = answered.response(RequestKind::Modules);
    assert_eq!(answered.word(modules + 8), 1);
    let file = answered.word(answered.word(modules + 16));
    assert_eq!(
        [0, 8, 16].map(|offset| answered.word(file + offset)),
        [0, HHDM_OFFSET + 0x40_0000, 0x800]
    );
    assert_eq!(
        (
            answered.string(answered.word(file + 24)),
            answered.string(answered.word(file + 32))
        ),
        ("/program", "")
    );
}

#[test]
fn the_frame_buffer_is_laid_out_as_the_protocol_says() {
    let answered = all();
    let response = answered.pointer(RequestKind::FrameBuffer);
    assert_eq!([0, 8].map(|offset| answered.word(response + offset)), [1, 1]);
    let screen = answered.word(answered.word(response + 16));
    assert_eq!(
        [0, 8, 16, 24].map(|offset| answered.word(screen + offset)),
        [HHDM_OFFSET + 0xfd00_0000, 1280, 800, 5120]
    );
    // Bits per pixel (2 bytes), memory model, then size and shift of red, green and blue, then 7 unused bytes.
    assert_eq!(
        answered.bytes(screen + 32, 16),
        [32, 0, 1, 8, 16, 8, 8, 8, 0, 0, 0, 0, 0, 0, 0, 0]
    );
    assert_eq!([48, 56].map(|offset| answered.word(screen + offset)), [0, 0]);

    // Since revision 1: how many modes, and a list of pointers to them. A mode begins with pitch, width and height.
    assert_eq!(answered.word(screen + 64), 1);
    let mode = answered.word(answered.word(screen + 72));
    assert_eq!([0, 8, 16].map(|offset| answered.word(mode + offset)), [5120, 1280, 800]);
    assert_eq!(answered.bytes(mode + 24, 9), [32, 0, 1, 8, 16, 8, 8, 8, 0]);
}

#[test]
fn the_memory_map_is_laid_out_as_the_protocol_says() {
    let answered = all();
    let response = answered.response(RequestKind::MemoryMap);
    assert_eq!(answered.word(response + 8), 2);
    let list = answered.word(response + 16);
    let entry = |index: u64| [0, 8, 16].map(|offset| answered.word(answered.word(list + index * 8) + offset));
    assert_eq!([entry(0), entry(1)], [[0x1000, 0x9_e000, 0], [5, 6, 99]]);
}

#[test]
fn a_memory_map_can_come_from_a_file() {
    let bytes = [words(&[1, 2, 3, 4, 5, 6]), vec![7]].concat();
    let entries: Vec<_> = MemoryMapEntry::from_file(&bytes).collect();
    assert_eq!(
        entries,
        [
            MemoryMapEntry {
                base: 1,
                length_bytes: 2,
                kind: 3
            },
            MemoryMapEntry {
                base: 4,
                length_bytes: 5,
                kind: 6
            }
        ]
    );
}

#[test]
fn the_processors_are_laid_out_as_the_protocol_says() {
    let answered = all();
    let response = answered.response(RequestKind::Mp);
    assert_eq!([8, 12].map(|offset| answered.half_word(response + offset)), [1, 0x102]);
    assert_eq!(answered.word(response + 16), 2);
    let list = answered.word(response + 24);
    // The list is in the order given; the info structs are 32 bytes each.
    let [first, second] = [0, 8].map(|offset| answered.word(list + offset));
    assert_eq!(first, second + 32);
    assert_eq!([0, 4].map(|offset| answered.half_word(second + offset)), [1, 0x102]);
    assert_eq!(answered.bytes(second + 8, 24), [0; 24]);
    assert_eq!(answered.bytes(first, 32), [0; 32]);
}

#[test]
fn addresses_of_firmware_tables_depend_on_the_base_revision() {
    for (revision, rsdp_offset, firmware_offset) in [
        (3, 0, 0),
        (4, HHDM_OFFSET, 0),
        (5, HHDM_OFFSET, HHDM_OFFSET),
        (6, HHDM_OFFSET, HHDM_OFFSET),
    ] {
        let answered = answered(revision, |facts| facts);
        let field = |kind, offset| answered.word(answered.response(kind) + offset);
        assert_eq!(
            field(RequestKind::Rsdp, 8),
            rsdp_offset + 0xf_5000,
            "revision {revision}"
        );
        assert_eq!(
            field(RequestKind::EfiSystemTable, 8),
            firmware_offset + 0x7f0_0000,
            "revision {revision}"
        );
        assert_eq!(field(RequestKind::Smbios, 8), 0, "revision {revision}");
        assert_eq!(
            field(RequestKind::Smbios, 16),
            firmware_offset + 0x7e0_0000,
            "revision {revision}"
        );
    }
}

#[test]
fn what_does_not_exist_is_not_answered() {
    let answered = answered(6, |facts| Facts {
        frame_buffer: None,
        mp: None,
        rsdp: None,
        efi_system_table: None,
        smbios_64: None,
        date_at_boot: None,
        ..facts
    });
    let unanswered: Vec<_> = ALL_KINDS
        .into_iter()
        .filter(|kind| answered.pointer(*kind) == 0)
        .collect();
    use RequestKind::{DateAtBoot, EfiSystemTable, FrameBuffer, Mp, Rsdp, Smbios};
    assert_eq!(unanswered, [FrameBuffer, Mp, Rsdp, DateAtBoot, EfiSystemTable, Smbios]);
}

#[test]
fn requests_that_were_not_made_cost_nothing_and_change_nothing() {
    let mut image = [base_revision(6), request(RequestKind::Hhdm.id(), 0, &[])].concat();
    let requests = Requests::scan(&image).expect("the requests are right");
    // Room for the one response, not for a second.
    let mut bytes = [0; 16];
    let mut pool = Pool::new(&mut bytes, VirtAddr::new(POOL_AT));
    let facts = Facts {
        base_revision: requests.base_revision().expect("it is 6"),
        loader_name: "Loader",
        loader_version: "",
        kernel_file: File::default(),
        modules: &[],
        firmware: FirmwareType::Bios,
        frame_buffer: None,
        mp: None,
        rsdp: Some(PhysAddr::new(0xf_5000)),
        efi_system_table: None,
        smbios_32: None,
        smbios_64: None,
        date_at_boot: None,
        image_physical_base: PhysAddr::new(0),
        image_virtual_base: VirtAddr::new(0),
    };
    answer(&mut image, &requests, &mut pool, &facts, [].into_iter()).expect("there is room for one");
    assert_eq!(super::support::word(&image, 24 + 40), POOL_AT);
}
