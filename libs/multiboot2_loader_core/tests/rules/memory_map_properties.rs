//! Rules of the memory map that hold whatever is done to it.

use super::memory_map::extent;
use multiboot2_loader_core::address::{Extent, PhysAddr};
use multiboot2_loader_core::memory_map::RangeKind::{
    self, AcpiNvs, AcpiReclaimable, BootloaderReclaimable, Reserved, ReservedMapped, Usable,
};
use multiboot2_loader_core::memory_map::{Allocation, MemoryMap, Range};
use proptest::prelude::{Just, Strategy, any, prop_oneof, proptest};
use proptest::{collection, prop_assert, prop_assert_eq};

/// A change to a map of 64 units of 1 KiB.
#[derive(Clone, Debug)]
enum Change {
    Set(usize, usize, RangeKind),
    Protect(usize, usize),
    Allocate(usize),
    Trim,
}

const UNIT: u64 = 0x400;
const UNITS: usize = 64;

fn units(base: usize, end: usize) -> Extent {
    extent(base as u64 * UNIT, end as u64 * UNIT)
}

fn unit_of(address: u64) -> usize {
    usize::try_from(address / UNIT).expect("a small number")
}

fn kind() -> impl Strategy<Value = RangeKind> {
    prop_oneof![
        Just(Usable),
        Just(Usable),
        Just(Reserved),
        Just(BootloaderReclaimable),
        Just(AcpiNvs),
        Just(RangeKind::FrameBuffer)
    ]
}

fn change() -> impl Strategy<Value = Change> {
    let bounds = || (0..UNITS, 1..UNITS);
    prop_oneof![
        4 => (bounds(), kind()).prop_map(|((base, length), kind)| Change::Set(base, (base + length).min(UNITS), kind)),
        1 => bounds().prop_map(|(base, length)| Change::Protect(base, (base + length).min(UNITS))),
        1 => (1..20_usize).prop_map(Change::Allocate),
        1 => Just(Change::Trim),
    ]
}

/// What the map should be: the kind of every unit.
type Model = [Option<RangeKind>; UNITS];

fn trim_model(model: &mut Model) {
    for free in [Usable, BootloaderReclaimable] {
        for page in model.chunks_mut(4) {
            if !page.iter().all(|unit| *unit == Some(free)) {
                page.iter_mut()
                    .filter(|unit| **unit == Some(free))
                    .for_each(|unit| *unit = None);
            }
        }
    }
}

fn model_of(map: &MemoryMap) -> Model {
    let mut model = [None; UNITS];
    for range in map.ranges() {
        model[unit_of(range.base)..unit_of(range.end)].fill(Some(range.kind));
    }
    model
}

fn is_canonical(ranges: &[Range]) -> bool {
    ranges.iter().all(|range| range.base < range.end)
        && ranges
            .windows(2)
            .all(|pair| pair[0].end < pair[1].base || (pair[0].end == pair[1].base && pair[0].kind != pair[1].kind))
}

proptest! {
    #[test]
    fn stays_sorted_disjoint_and_right_whatever_happens(changes in collection::vec(change(), 1..40)) {
        let mut map = MemoryMap::new();
        let mut model: Model = [None; UNITS];
        for change in changes {
            match change {
                Change::Set(base, end, kind) => {
                    map.set(units(base, end), kind).expect("at most 64 ranges");
                    model[base..end].fill(Some(kind));
                }
                Change::Protect(base, end) => {
                    map.protect(units(base, end)).expect("at most 64 ranges");
                    for unit in &mut model[base / 4 * 4..end.next_multiple_of(4)] {
                        if matches!(unit, None | Some(Reserved | Usable)) {
                            *unit = Some(ReservedMapped);
                        }
                    }
                }
                Change::Trim => {
                    map.trim();
                    trim_model(&mut model);
                }
                Change::Allocate(pages) => {
                    map.trim();
                    trim_model(&mut model);
                    let wish = Allocation { minimum: 0, ..Allocation::new("a test", pages as u64 * 0x1000, AcpiReclaimable) };
                    let fits = model.windows(pages * 4).any(|window| window.iter().all(|unit| *unit == Some(Usable)));
                    let result = map.allocate(&wish);
                    // Four units are a page, and trimming leaves only whole ones: a window that fits is found.
                    prop_assert_eq!(result.is_ok(), fits);
                    if let Ok(address) = result {
                        let first = unit_of(address.as_u64());
                        let taken = &mut model[first..first + pages * 4];
                        prop_assert!(taken.iter().all(|unit| *unit == Some(Usable)));
                        taken.fill(Some(AcpiReclaimable));
                    }
                }
            }
            prop_assert!(is_canonical(map.ranges()), "{:?}", map.ranges());
            prop_assert_eq!(model_of(&map), model);
        }
    }

    #[test]
    fn takes_any_numbers_without_panic(extents in collection::vec((any::<u64>(), any::<u64>()), 0..20)) {
        let mut map = MemoryMap::new();
        for (base, length_bytes) in extents {
            let extent = Extent::new(PhysAddr::new(base), length_bytes);
            map.set(extent, Usable).expect("at most 60 ranges");
            map.protect(extent).expect("at most 60 ranges");
            let wish = Allocation { minimum: base, maximum: length_bytes, ..Allocation::new("a test", base, Reserved) };
            _ = map.allocate(&wish);
            prop_assert!(is_canonical(map.ranges()));
        }
    }
}
