//! The map of physical memory, compared with a model that has one owner for each frame.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod machine;

use machine::{FRAMES, STACK, TABLES, address, frames, machine};
use memory_ranges::{AllocateError, LAST_PHYS_ADDR, MemoryType, OwnershipError, PhysRange, PhysicalRanges};
use proptest::prelude::{Strategy, prop_assert, prop_assert_eq, prop_oneof, proptest};
use proptest::sample::select;
use proptest::test_runner::TestCaseError;
use x86_64::PhysAddr;

/// The owners in the steps.
const OWNERS: [MemoryType; 5] = [
    MemoryType::Usable,
    MemoryType::UsedByLimine,
    MemoryType::UsedByUserMode,
    STACK,
    TABLES,
];

/// The owner of each frame.
struct Model(Vec<Option<MemoryType>>);

impl Model {
    /// The frames of [`machine`].
    fn new() -> Self {
        let owner = |frame| match frame {
            0 | 26 | 27 => None,
            20..26 => Some(MemoryType::UsedByLimine),
            _ => Some(MemoryType::Usable),
        };
        Self((0..FRAMES).map(owner).collect())
    }

    fn owner(&self, frame: u64) -> Option<MemoryType> {
        self.0.get(usize::try_from(frame).unwrap()).copied().flatten()
    }

    /// The highest usable run that fits.
    fn place(&self, count: u64, alignment: u64, end: u64) -> Option<u64> {
        let usable = |first: u64| (first..first + count).all(|frame| self.owner(frame) == Some(MemoryType::Usable));
        (0..FRAMES)
            .rev()
            .find(|first| first.is_multiple_of(alignment) && first + count <= end && usable(*first))
    }

    /// The end of the highest usable run, at most so many frames: the first frame and their number.
    fn end_of_highest(&self, max_count: u64) -> Option<(u64, u64)> {
        let usable = |frame: &u64| self.owner(*frame) == Some(MemoryType::Usable);
        let last = (0..FRAMES).rev().find(usable)?;
        let count = (0..=last).rev().take_while(usable).count();
        let count = u64::try_from(count).unwrap().min(max_count);
        Some((last + 1 - count, count))
    }

    fn give(&mut self, place: Option<(u64, u64)>, owner: MemoryType) -> Option<Result<PhysRange, AllocateError>> {
        let (first, count) = place?;
        if owner == MemoryType::Usable {
            return Some(Err(AllocateError::OwnerIsUsable));
        }
        let changed = self.change(first, count, MemoryType::Usable, owner);
        assert_eq!(changed, Ok(()));
        Some(Ok(frames(first, count)))
    }

    fn change(&mut self, first: u64, count: u64, from: MemoryType, to: MemoryType) -> Result<(), OwnershipError> {
        let wrong = (first..first + count).find(|frame| self.owner(*frame) != Some(from));
        if let Some(frame) = wrong {
            let address = address(frame);
            return Err(match self.owner(frame) {
                None => OwnershipError::NotManaged { address },
                Some(MemoryType::Usable) => OwnershipError::NotInUse { address },
                Some(owner) => OwnershipError::OwnedByOther { address, owner },
            });
        }
        for frame in first..first + count {
            self.0[usize::try_from(frame).unwrap()] = Some(to);
        }
        Ok(())
    }

    fn bytes_of(&self, owner: MemoryType) -> u64 {
        let frames = self.0.iter().filter(|other| **other == Some(owner)).count();
        u64::try_from(frames).unwrap() * 4096
    }
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Allocate {
        count: u64,
        shift: u32,
        end: u64,
        owner: MemoryType,
    },
    AllocateUpTo {
        max_count: u64,
    },
    AllocateAt {
        first: u64,
        count: u64,
        owner: MemoryType,
    },
    Free {
        first: u64,
        count: u64,
        owner: MemoryType,
    },
    FreeRunAt {
        frame: u64,
    },
    Change {
        first: u64,
        count: u64,
        from: MemoryType,
        to: MemoryType,
    },
    Reclaim,
}

fn step() -> impl Strategy<Value = Step> {
    let owner = || select(OWNERS.to_vec());
    let place = || (0..FRAMES + 4, 1u64..10);
    prop_oneof![
        6 => (1u64..6, 0u32..4, 0..=FRAMES, owner())
            .prop_map(|(count, shift, end, owner)| Step::Allocate { count, shift, end, owner }),
        2 => (1u64..6).prop_map(|max_count| Step::AllocateUpTo { max_count }),
        2 => (place(), owner()).prop_map(|((first, count), owner)| Step::AllocateAt { first, count, owner }),
        3 => (place(), owner()).prop_map(|((first, count), owner)| Step::Free { first, count, owner }),
        3 => (0..FRAMES).prop_map(|frame| Step::FreeRunAt { frame }),
        3 => (place(), owner(), owner())
            .prop_map(|((first, count), from, to)| Step::Change { first, count, from, to }),
        1 => proptest::strategy::Just(Step::Reclaim),
    ]
}

/// The last address before this frame.
fn last_below(frame: u64) -> PhysAddr {
    PhysAddr::new((frame * 4096).saturating_sub(1))
}

/// Runs the step on map and model, and compares the results.
fn carry_out(step: Step, physical: &mut PhysicalRanges, model: &mut Model) -> Result<(), TestCaseError> {
    match step {
        Step::Allocate {
            count,
            shift,
            end,
            owner,
        } => {
            let (size_bytes, alignment_bytes, max_address) = (count * 4096, 4096 << shift, last_below(end));
            let allocated = physical.allocate(size_bytes, alignment_bytes, max_address, owner);
            let out_of_memory = AllocateError::OutOfMemory {
                size_bytes,
                alignment_bytes,
                max_address,
            };
            let place = model.place(count, 1 << shift, end).map(|first| (first, count));
            prop_assert_eq!(allocated, model.give(place, owner).unwrap_or(Err(out_of_memory)));
        }
        Step::AllocateUpTo { max_count } => {
            let max_address = LAST_PHYS_ADDR;
            let allocated = physical.allocate_up_to(max_count * 4096, TABLES);
            let out_of_memory = AllocateError::OutOfMemory {
                size_bytes: 4096,
                alignment_bytes: 4096,
                max_address,
            };
            let place = model.end_of_highest(max_count);
            prop_assert_eq!(allocated, model.give(place, TABLES).unwrap_or(Err(out_of_memory)));
        }
        Step::AllocateAt { first, count, owner } => {
            let expected = model.change(first, count, MemoryType::Usable, owner);
            prop_assert_eq!(physical.allocate_at(frames(first, count), owner), expected);
        }
        Step::Free { first, count, owner } => {
            let expected = match owner {
                MemoryType::Usable => Err(OwnershipError::NotInUse {
                    address: address(first),
                }),
                _ => model.change(first, count, owner, MemoryType::Usable),
            };
            prop_assert_eq!(physical.free(frames(first, count), owner), expected);
        }
        Step::FreeRunAt { frame } => free_run_at(frame, physical, model)?,
        Step::Change { first, count, from, to } => {
            let expected = model.change(first, count, from, to);
            prop_assert_eq!(physical.change_owner(frames(first, count), from, to), expected);
        }
        Step::Reclaim => reclaim(physical, model)?,
    }
    Ok(())
}

/// Makes the boot loader's memory usable, and compares the reported ranges.
fn reclaim(physical: &mut PhysicalRanges, model: &mut Model) -> Result<(), TestCaseError> {
    let expected = model.bytes_of(MemoryType::UsedByLimine);
    let mut told_bytes = 0;
    let reclaimed = physical.reclaim(MemoryType::UsedByLimine, |range| told_bytes += range.size_bytes());
    prop_assert_eq!((reclaimed, told_bytes), (expected, expected));
    let owners = model.0.iter_mut();
    for owner in owners.filter(|owner| **owner == Some(MemoryType::UsedByLimine)) {
        *owner = Some(MemoryType::Usable);
    }
    Ok(())
}

/// Frees all of the range that has this frame, unless it is usable or there is none.
fn free_run_at(frame: u64, physical: &mut PhysicalRanges, model: &mut Model) -> Result<(), TestCaseError> {
    let single = frames(frame, 1);
    let Some((run, owner)) = physical.iter().find(|(range, _)| range.contains(single)) else {
        return Ok(());
    };
    let (first, count) = (run.start().as_u64() / 4096, run.size_bytes() / 4096);
    if owner != MemoryType::Usable {
        prop_assert_eq!(physical.free(run, owner), Ok(()));
        prop_assert_eq!(model.change(first, count, owner, MemoryType::Usable), Ok(()));
    }
    Ok(())
}

/// Checks that each frame has the model's owner, and that touching ranges have different owners.
fn same(physical: &PhysicalRanges, model: &Model) -> Result<(), TestCaseError> {
    for frame in 0..FRAMES + 4 {
        let single = frames(frame, 1);
        let owner = physical
            .iter()
            .find(|(range, _)| range.contains(single))
            .map(|(_, owner)| owner);
        prop_assert_eq!(owner, model.owner(frame), "frame {}", frame);
        prop_assert_eq!(physical.overlaps(single), owner.is_some());
    }
    let ranges: Vec<_> = physical.iter().collect();
    for pair in ranges.windows(2) {
        let ((first, first_owner), (second, second_owner)) = (pair[0], pair[1]);
        prop_assert!(first.last() < second.start());
        prop_assert!(first.last() + 1 < second.start() || first_owner != second_owner);
    }
    for (owner, bytes) in physical.statistics() {
        prop_assert_eq!(bytes, model.bytes_of(owner));
        prop_assert_eq!(bytes, physical.bytes_of(owner));
    }
    let listed: u64 = ranges.iter().map(|(range, _)| range.size_bytes()).sum();
    prop_assert_eq!(listed, (FRAMES - 3) * 4096);
    Ok(())
}

proptest! {
    #[test]
    fn behaves_like_an_array_of_frames(steps in proptest::collection::vec(step(), 1..80)) {
        let (mut physical, mut model) = (machine(), Model::new());
        for step in steps {
            carry_out(step, &mut physical, &mut model)?;
            same(&physical, &model)?;
        }
    }
}
