//! A CPU that walks page tables as the manual says (Intel SDM volume 3, "4-Level Paging"), and knows nothing of the library.

use ez_paging::{PageSize, PagingFeatures, PatMemoryType};
use x86_64::{PhysAddr, VirtAddr, structures::paging::PhysFrame};

use crate::fake_memory::FakeMemory;

/// The CPU's translation of an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) physical_address: u64,
    pub(crate) size: PageSize,
    pub(crate) writable: bool,
    /// Whether ring 3 may access it.
    pub(crate) user: bool,
    pub(crate) executable: bool,
    /// Whether its translation stays in the TLB when the address space is switched.
    pub(crate) global: bool,
    pub(crate) memory_type: PatMemoryType,
}

/// Whether bit `index` of `value` is set.
const fn bit(value: u64, index: u32) -> bool {
    value >> index & 1 != 0
}

/// Translates `address` by the level-4 table in `level_4_table`. Panics if a reserved bit is set.
pub(crate) fn walk(
    memory: &FakeMemory,
    features: &PagingFeatures,
    level_4_table: PhysFrame,
    address: VirtAddr,
) -> Option<Found> {
    let mut table = level_4_table.start_address().as_u64();
    let (mut writable, mut user, mut executable) = (true, true, true);
    for (shift, size) in [
        (39, None),
        (30, Some(PageSize::_1GiB)),
        (21, Some(PageSize::_2MiB)),
        (12, Some(PageSize::_4KiB)),
    ] {
        let index = address.as_u64() >> shift & 511;
        let entry = memory.read(PhysAddr::new(table + index * 8));
        if !bit(entry, 0) {
            return None;
        }
        check_reserved_bits(features, entry, shift);
        writable &= bit(entry, 1);
        user &= bit(entry, 2);
        executable &= !bit(entry, 63);
        let is_leaf = shift == 12 || (shift != 39 && bit(entry, 7));
        if let Some(size) = size.filter(|_| is_leaf) {
            let offset_mask = (1 << shift) - 1;
            let frame = entry & 0x000f_ffff_ffff_f000 & !offset_mask;
            return Some(Found {
                physical_address: frame | address.as_u64() & offset_mask,
                size,
                writable,
                user,
                executable,
                global: bit(entry, 8),
                memory_type: memory_type(features, entry, shift),
            });
        }
        table = entry & 0x000f_ffff_ffff_f000;
    }
    unreachable!("an entry of a level-1 table is a leaf")
}

/// Panics if a reserved bit is set in an entry of a table whose entries span 1 << `shift` bytes.
fn check_reserved_bits(features: &PagingFeatures, entry: u64, shift: u32) {
    let address_bits = u32::from(features.physical_address_bits);
    assert_eq!(
        (entry & 0x000f_ffff_ffff_f000) >> address_bits,
        0,
        "address too high: {entry:#x}"
    );
    assert!(
        features.no_execute || !bit(entry, 63),
        "NX on a CPU without: {entry:#x}"
    );
    let is_large = bit(entry, 7) && matches!(shift, 21 | 30);
    assert!(!(shift == 39 && bit(entry, 7)), "bit 7 at level 4: {entry:#x}");
    if is_large {
        assert!(
            shift == 21 || features.max_page_size == PageSize::_1GiB,
            "1 GiB: {entry:#x}"
        );
        let between = (1 << shift) - (1 << 13);
        assert_eq!(entry & between, 0, "bits below a large page's address: {entry:#x}");
    }
    let has_pat_bit = (shift == 12 && bit(entry, 7)) || (is_large && bit(entry, 12));
    assert!(
        !has_pat_bit || features.pat.msr_value().is_some(),
        "PAT bit without a PAT: {entry:#x}"
    );
}

/// The memory type of a leaf, by our PAT or by the PAT's value at power-on.
fn memory_type(features: &PagingFeatures, entry: u64, shift: u32) -> PatMemoryType {
    let high_bit = if shift == 12 { 7 } else { 12 };
    let place = entry >> 3 & 3 | u64::from(bit(entry, high_bit)) << 2;
    let pat = features.pat.msr_value().unwrap_or(0x0007_0406_0007_0406);
    match pat >> (place * 8) & 0xff {
        0 => PatMemoryType::StrongUncacheable,
        1 => PatMemoryType::WriteCombining,
        4 => PatMemoryType::WriteThrough,
        6 => PatMemoryType::WriteBack,
        7 => PatMemoryType::UncachedMinus,
        other => panic!("no memory type of ours: {other}"),
    }
}
