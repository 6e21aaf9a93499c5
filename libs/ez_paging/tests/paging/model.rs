//! Random operations, compared with a model that is a plain map. After each one, library, CPU and model agree on what is
//! mapped, and exactly the frames of the tables in use are allocated.

use std::collections::{BTreeMap, BTreeSet};

use ez_paging::{
    ConfigurableFlags, Existing, Frame, Half, MapError, MapRangeError, MappedPageError, OutOfFrames, Page, PageSize,
    PatMemoryType, UnmapRangeError,
};
use proptest::{
    collection,
    prelude::{Just, Strategy, any, prop_oneof},
    proptest, sample,
    test_runner::Config,
};
use x86_64::{PhysAddr, VirtAddr};

use crate::{
    fake_memory::FakeMemory,
    support::{
        DATA, GIB_1, HIGHER, KIB_4, MIB_2, Table, addresses, kernel_table, map, map_range, seen, unmap, unmap_range,
        user_table,
    },
};

/// The CPU's last physical address.
const PHYSICAL_END: u64 = 1 << 40;

/// What is mapped in one half.
#[derive(Debug, Clone, Default)]
struct Model {
    /// The mapped pages, by their first address.
    pages: BTreeMap<u64, (Page, Frame, ConfigurableFlags)>,
    /// The linked tables, each by its span in bytes and its first address, without those that always exist.
    tables: BTreeSet<(u64, u64)>,
}

#[derive(Debug, Clone)]
enum Operation {
    /// Map a page, with a number of free frames.
    Map(Page, Frame, ConfigurableFlags, usize),
    /// Unmap a page.
    Unmap(Page),
    /// Map a range: start, physical start, length, number of free frames.
    MapRange(u64, u64, u64, usize),
    /// Unmap a range.
    UnmapRange(u64, u64),
}

/// The tables that a page needs, without those that always exist.
fn tables_for(page: Page) -> impl Iterator<Item = (u64, u64)> {
    let is_kernels = Half::of(page.start()) == Half::Higher;
    let spans = [MIB_2, GIB_1, 512 * GIB_1].into_iter();
    spans
        .filter(move |span| *span > page.size().bytes() && !(is_kernels && *span == 512 * GIB_1))
        .map(move |span| (span, page.start().align_down(span).as_u64()))
}

impl Model {
    /// The mapped page that contains `address`.
    fn at(&self, address: u64) -> Option<(Page, Frame, ConfigurableFlags)> {
        let (_, mapped) = self.pages.range(..=address).next_back()?;
        (mapped.0.last().as_u64() >= address).then_some(*mapped)
    }

    /// The mapping that is in the way of `page`.
    fn existing(&self, page: Page) -> Option<Existing> {
        if let Some((mapped, _, _)) = self.at(page.start().as_u64())
            && mapped.size() >= page.size()
        {
            return Some(Existing::Page(mapped));
        }
        let inside = page.start().as_u64()..=page.last().as_u64();
        self.pages.range(inside).next().map(|_| Existing::SmallerPages)
    }

    fn insert(&mut self, page: Page, frame: Frame, flags: ConfigurableFlags) {
        let inside = page.start().as_u64()..=page.last().as_u64();
        self.tables
            .retain(|(span, start)| *span > page.size().bytes() || !inside.contains(start));
        self.tables.extend(tables_for(page));
        self.pages.insert(page.start().as_u64(), (page, frame, flags));
    }

    fn remove(&mut self, pages: &[Page], half: Half) {
        for page in pages {
            self.pages.remove(&page.start().as_u64());
        }
        if half == Half::Lower {
            self.tables = self.pages.values().flat_map(|(page, _, _)| tables_for(*page)).collect();
        }
    }

    /// Finds a mapped page, or the expected error.
    fn find(&self, page: Page) -> Result<Frame, MappedPageError> {
        match self.existing(page) {
            None => Err(MappedPageError::NotMapped { page }),
            Some(Existing::Page(mapped)) if mapped == page => Ok(self.pages[&page.start().as_u64()].1),
            Some(existing) => Err(MappedPageError::WrongPageSize { page, existing }),
        }
    }
}

/// Maps a page in the model, and returns the expected result.
fn map_in_model(
    model: &mut Model,
    half: Half,
    (page, frame, flags): (Page, Frame, ConfigurableFlags),
    frames_left: usize,
) -> Result<(), MapError> {
    if page.size() != frame.size() {
        return Err(MapError::WrongPageSize { page, frame });
    }
    if frame.start().as_u64() >= PHYSICAL_END {
        let last_address = PhysAddr::new(PHYSICAL_END - 1);
        return Err(MapError::FrameTooHigh { frame, last_address });
    }
    if Half::of(page.start()) != half {
        return Err(MapError::WrongHalf { page, managed: half });
    }
    if let Some(existing) = model.existing(page) {
        return Err(MapError::AlreadyMapped { page, existing });
    }
    if tables_for(page).filter(|table| !model.tables.contains(table)).count() > frames_left {
        return Err(OutOfFrames.into());
    }
    model.insert(page, frame, flags);
    Ok(())
}

/// Maps a range page by page in a copy of the model, and returns the expected result.
fn map_range_in_model(
    model: &mut Model,
    (start, physical_start, length_bytes): (u64, u64, u64),
    frames_left: usize,
) -> Result<(), MapRangeError> {
    let mut result = model.clone();
    let mut needed = 0;
    let mut done = 0;
    while done < length_bytes {
        let fits = |size: &PageSize| {
            let bytes = size.bytes();
            (start + done) % bytes == 0 && (physical_start + done) % bytes == 0 && length_bytes - done >= bytes
        };
        let size = PageSize::DESCENDING
            .into_iter()
            .find(fits)
            .expect("all are multiples of 4 KiB");
        let page = Page::containing(VirtAddr::new(start + done), size);
        let frame = Frame::containing(PhysAddr::new(physical_start + done), size);
        if let Some(existing) = model.existing(page) {
            return Err(MapRangeError::AlreadyMapped { page, existing });
        }
        needed += tables_for(page).filter(|table| !result.tables.contains(table)).count();
        result.insert(page, frame, DATA);
        done += size.bytes();
    }
    if needed > frames_left {
        return Err(OutOfFrames.into());
    }
    *model = result;
    Ok(())
}

/// Unmaps a range in the model, and returns the expected result.
fn unmap_range_in_model(
    model: &mut Model,
    half: Half,
    (start, length_bytes): (u64, u64),
) -> Result<Vec<Frame>, UnmapRangeError> {
    let mut pages = Vec::new();
    let mut frames = Vec::new();
    let mut done = 0;
    while done < length_bytes {
        let address = VirtAddr::new(start + done);
        let (page, frame, _) = model.at(start + done).ok_or(UnmapRangeError::NotMapped { address })?;
        if page.start() != address || page.size().bytes() > length_bytes - done {
            return Err(UnmapRangeError::PageAcrossEnd { page });
        }
        done += page.size().bytes();
        pages.push(page);
        frames.push(frame);
    }
    model.remove(&pages, half);
    Ok(frames)
}

/// Runs `operation` on the table and on the model, and compares the results.
fn apply(memory: &FakeMemory, table: &mut Table<'_>, model: &mut Model, half: Half, operation: Operation) {
    match operation {
        Operation::Map(page, frame, flags, frames_left) => {
            let expected = map_in_model(model, half, (page, frame, flags), frames_left);
            memory.leave(frames_left);
            assert_eq!(map(table, page, frame, flags).map(|_| ()), expected);
        }
        Operation::Unmap(page) => {
            let expected = model.find(page);
            let unmapped = unmap(table, page).map(|unmapped| (unmapped.frame, addresses(&unmapped.flush)));
            assert_eq!(unmapped, expected.map(|frame| (frame, vec![page.start().as_u64()])));
            if expected.is_ok() {
                model.remove(&[page], half);
            }
        }
        Operation::MapRange(start, physical_start, length_bytes, frames_left) => {
            let expected = map_range_in_model(model, (start, physical_start, length_bytes), frames_left);
            memory.leave(frames_left);
            assert_eq!(
                map_range(table, start, physical_start, length_bytes).map(|_| ()),
                expected
            );
        }
        Operation::UnmapRange(start, length_bytes) => {
            let expected = unmap_range_in_model(model, half, (start, length_bytes));
            let mut frames = Vec::new();
            let unmapped = unmap_range(table, start, length_bytes, &mut frames).map(|_| ());
            assert_eq!(unmapped.map(|()| frames), expected);
        }
    }
}

/// Compares the translations of `address` by library and CPU with the model's.
fn compare(memory: &FakeMemory, table: &Table<'_>, model: &Model, half: Half, address: u64) {
    let found = seen(memory, table, address);
    let translation = table.translate(VirtAddr::new(address));
    let Some((page, frame, flags)) = model.at(address) else {
        assert_eq!((found, translation), (None, None), "{address:#x}");
        return;
    };
    let physical_address = frame.start().as_u64() + (address - page.start().as_u64());
    let found = found.expect("the CPU finds what is mapped");
    assert_eq!((found.physical_address, found.size), (physical_address, page.size()));
    assert_eq!(
        (found.writable, found.executable, found.memory_type),
        (flags.writable, flags.executable, flags.pat_memory_type)
    );
    assert_eq!((found.user, found.global), (half == Half::Lower, half == Half::Higher));
    let translation = translation.expect("the library finds what is mapped");
    assert_eq!(translation.physical_address.as_u64(), physical_address);
    assert_eq!(
        (translation.page, translation.frame, translation.flags),
        (page, frame, flags)
    );
}

/// Addresses that often collide: first and last entries of tables, and their neighbours.
fn address(half: Half) -> impl Strategy<Value = u64> {
    let (base, last) = match half {
        Half::Lower => (0, 255),
        Half::Higher => (HIGHER, 255),
    };
    (
        sample::select(vec![0, last]),
        sample::select(vec![0, 1, 511]),
        sample::select(vec![0, 1, 511]),
        sample::select(vec![0, 1, 511]),
    )
        .prop_map(move |(level_4, level_3, level_2, level_1)| {
            base + level_4 * 512 * GIB_1 + level_3 * GIB_1 + level_2 * MIB_2 + level_1 * KIB_4
        })
}

fn size() -> impl Strategy<Value = PageSize> {
    sample::select(PageSize::DESCENDING.to_vec())
}

fn page(half: Half) -> impl Strategy<Value = Page> {
    (address(half), size()).prop_map(|(address, size)| Page::containing(VirtAddr::new(address), size))
}

/// A page and a frame, mostly of one size and mostly not too high.
fn page_and_frame(half: Half) -> impl Strategy<Value = (Page, Frame)> {
    let frame_address = prop_oneof![
        8 => 0..PHYSICAL_END,
        1 => Just(PHYSICAL_END),
        1 => Just(PHYSICAL_END - 1),
    ];
    let other_size = prop_oneof![9 => Just(None), 1 => size().prop_map(Some)];
    (page(half), frame_address, other_size).prop_map(|(page, frame_address, other_size)| {
        let size = other_size.unwrap_or(page.size());
        (page, Frame::containing(PhysAddr::new(frame_address), size))
    })
}

fn flags() -> impl Strategy<Value = ConfigurableFlags> {
    let memory_types = vec![
        PatMemoryType::WriteBack,
        PatMemoryType::WriteThrough,
        PatMemoryType::WriteCombining,
        PatMemoryType::UncachedMinus,
        PatMemoryType::StrongUncacheable,
    ];
    (any::<bool>(), any::<bool>(), sample::select(memory_types)).prop_map(|(writable, executable, pat_memory_type)| {
        ConfigurableFlags {
            writable,
            executable,
            pat_memory_type,
        }
    })
}

/// Number of free frames, mostly enough.
fn frames_left() -> impl Strategy<Value = usize> {
    prop_oneof![4 => Just(1000), 1 => 0..4_usize]
}

/// A range of a length that ends in its half.
fn range(half: Half) -> impl Strategy<Value = (u64, u64)> {
    // Under Miri no range takes hundreds of pages.
    let lengths = if cfg!(miri) {
        vec![0, KIB_4, 2 * KIB_4, 5 * KIB_4]
    } else {
        vec![
            0,
            KIB_4,
            2 * KIB_4,
            MIB_2 - KIB_4,
            MIB_2,
            MIB_2 + KIB_4,
            GIB_1,
            GIB_1 + MIB_2,
        ]
    };
    (address(half), sample::select(lengths)).prop_map(move |(start, length_bytes)| {
        let room_bytes = half.last().as_u64() - start;
        let is_inside = length_bytes == 0 || length_bytes - 1 <= room_bytes;
        (start, if is_inside { length_bytes } else { KIB_4 })
    })
}

fn operation(half: Half) -> impl Strategy<Value = Operation> {
    let anywhere = prop_oneof![9 => page_and_frame(half), 1 => page_and_frame(other(half))];
    prop_oneof![
        6 => (anywhere, flags(), frames_left())
            .prop_map(|((page, frame), flags, frames_left)| Operation::Map(page, frame, flags, frames_left)),
        4 => page(half).prop_map(Operation::Unmap),
        2 => (range(half), frames_left(), sample::select(vec![0, KIB_4])).prop_map(
            |((start, length_bytes), frames_left, shift)| {
                // Frames as aligned as the pages are, or a page off, which makes all pages small: only for short ranges.
                let shift = if length_bytes <= 2 * KIB_4 { shift } else { 0 };
                Operation::MapRange(start, start % (512 * GIB_1) + shift, length_bytes, frames_left)
            }
        ),
        2 => range(half).prop_map(|(start, length_bytes)| Operation::UnmapRange(start, length_bytes)),
    ]
}

const fn other(half: Half) -> Half {
    match half {
        Half::Lower => Half::Higher,
        Half::Higher => Half::Lower,
    }
}

/// An operation on the kernel's or the program's table.
fn operation_on_either() -> impl Strategy<Value = (Half, Operation)> {
    sample::select(vec![Half::Lower, Half::Higher])
        .prop_flat_map(|half| operation(half).prop_map(move |operation| (half, operation)))
}

/// A number of cases that takes seconds. Miri is slow, and has no file system for failures.
fn config() -> Config {
    Config {
        cases: if cfg!(miri) { 2 } else { 512 },
        failure_persistence: None,
        ..Config::default()
    }
}

/// Number of operations in a case.
const OPERATIONS: usize = if cfg!(miri) { 16 } else { 64 };

/// Number of addresses that are compared after each operation.
const PROBES: usize = if cfg!(miri) { 2 } else { 8 };

proptest! {
    #![proptest_config(config())]

    #[test]
    fn agrees_with_a_plain_map(
        operations in collection::vec(operation_on_either(), 1..OPERATIONS),
        probes in collection::vec(prop_oneof![address(Half::Lower), address(Half::Higher)], PROBES),
    ) {
        let memory = FakeMemory::new();
        let mut kernel = kernel_table(&memory);
        let mut user = user_table(&kernel);
        let mut kernel_model = Model::default();
        let mut user_model = Model::default();
        for (half, operation) in operations {
            let (table, model) = match half {
                Half::Lower => (&mut user, &mut user_model),
                Half::Higher => (&mut kernel, &mut kernel_model),
            };
            apply(&memory, table, model, half, operation);
            proptest::prop_assert_eq!(memory.taken(), 2 + 256 + kernel_model.tables.len() + user_model.tables.len());
            let in_use = kernel_model.pages.values().chain(user_model.pages.values());
            let ends = in_use.take(PROBES).flat_map(|(page, _, _)| [page.start().as_u64(), page.last().as_u64()]);
            for address in ends.chain(probes.iter().copied()) {
                match Half::of(VirtAddr::new(address)) {
                    Half::Lower => compare(&memory, &user, &user_model, Half::Lower, address),
                    Half::Higher => {
                        compare(&memory, &kernel, &kernel_model, Half::Higher, address);
                        proptest::prop_assert_eq!(seen(&memory, &user, address), seen(&memory, &kernel, address));
                    }
                }
            }
        }
        drop(user);
        drop(kernel);
        proptest::prop_assert_eq!(memory.taken(), 0);
    }
}
