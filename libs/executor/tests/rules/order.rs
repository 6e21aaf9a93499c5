//! The queues against a model of plain lists: any pushes and takes on any processors.

use crate::machine::Machine;
use executor::{Credit, Item, Place, Queues};
use proptest::prelude::*;
use std::{
    collections::VecDeque,
    sync::{Arc, atomic::Ordering::Relaxed},
};

struct TestItem {
    id: usize,
    credit: Arc<Credit>,
}

impl Item for TestItem {
    fn credit(&self) -> &Credit {
        &self.credit
    }
}

#[derive(Debug, Clone, Copy)]
enum Action {
    /// A new item, which has no credit.
    PushNew,
    /// An item that was taken before, if there is one, so it has credit.
    PushAgain(Place),
    Take,
}

const CPUS: usize = 3;
const ITEMS_MAX: usize = 1_000;
/// Items in a local ring.
const RING: usize = 256;

#[derive(Default)]
struct ModelCpu {
    next: Option<usize>,
    ring: VecDeque<usize>,
}

#[derive(Default)]
struct Model {
    cpus: [ModelCpu; CPUS],
    shared: VecDeque<usize>,
}

impl Model {
    fn push(&mut self, cpu: usize, item: usize, place: Place) {
        let own = &mut self.cpus[cpu];
        let moved = match place {
            Place::Next => own.next.replace(item),
            Place::Local | Place::Shared => Some(item),
        };
        let Some(moved) = moved else { return };
        if place != Place::Shared && own.ring.len() < RING {
            own.ring.push_back(moved);
        } else {
            self.shared.push_back(moved);
        }
    }

    fn take(&mut self, cpu: usize) -> Option<usize> {
        let own = &mut self.cpus[cpu];
        let local = own.next.take().or_else(|| own.ring.pop_front());
        local.or_else(|| self.shared.pop_front()).or_else(|| self.steal(cpu))
    }

    fn steal(&mut self, thief: usize) -> Option<usize> {
        let len = |cpu: &ModelCpu| cpu.ring.len() + usize::from(cpu.next.is_some());
        let victim = (0..CPUS)
            .filter(|cpu| *cpu != thief)
            .max_by_key(|cpu| len(&self.cpus[*cpu]))?;
        let victim = &mut self.cpus[victim];
        let half = victim.ring.len().div_ceil(2);
        let stolen: Vec<usize> = victim.ring.drain(..half).collect();
        let Some((first, rest)) = stolen.split_first() else {
            return victim.next.take();
        };
        self.cpus[thief].ring.extend(rest);
        Some(*first)
    }
}

fn actions() -> impl Strategy<Value = Vec<(usize, Action)>> {
    let place = prop_oneof![1 => Just(Place::Next), 3 => Just(Place::Local), 1 => Just(Place::Shared)];
    let action =
        prop_oneof![1 => Just(Action::PushNew), 5 => place.prop_map(Action::PushAgain), 4 => Just(Action::Take)];
    // Mostly processor 0, so that its ring gets long.
    let cpu = prop_oneof![6 => Just(0), 1 => Just(1), 1 => Just(2)];
    prop::collection::vec((cpu, action), 1..1_500)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn items_are_taken_in_the_order_of_the_model(actions in actions()) {
        let queues = Queues::new(Machine::new(), CPUS, ITEMS_MAX);
        let mut model = Model::default();
        // Items outside the queues.
        let mut taken: Vec<TestItem> = Vec::new();
        for id in 0..300 {
            queues.push(TestItem { id, credit: Arc::new(Credit::new()) }, Place::Next);
            taken.push(queues.take().expect("an item was pushed"));
        }
        let mut items_count = 300;
        for (cpu, action) in actions {
            queues.hardware().run_as(cpu);
            match action {
                Action::PushNew if items_count < ITEMS_MAX => {
                    model.push(cpu, items_count, Place::Shared);
                    queues.push(TestItem { id: items_count, credit: Arc::new(Credit::new()) }, Place::Next);
                    items_count += 1;
                }
                Action::PushNew => {}
                Action::PushAgain(place) => if let Some(item) = taken.pop() {
                    model.push(cpu, item.id, place);
                    queues.push(item, place);
                }
                Action::Take => {
                    let item = queues.take();
                    prop_assert_eq!(item.as_ref().map(|item| item.id), model.take(cpu));
                    taken.extend(item);
                }
            }
        }
        // Whatever is left comes out, each item once.
        while let Some(item) = queues.take() {
            taken.push(item);
        }
        let mut ids: Vec<usize> = taken.iter().map(|item| item.id).collect();
        ids.sort_unstable();
        prop_assert_eq!(ids, Vec::from_iter(0..items_count));
    }
}

#[test]
fn processor_halts_only_without_items() {
    let queues = Queues::new(Machine::new(), CPUS, ITEMS_MAX);
    queues.hardware().run_as(1);
    let credit = Arc::new(Credit::new());
    queues.push(TestItem { id: 0, credit }, Place::Local);
    for cpu in 0..CPUS {
        queues.hardware().run_as(cpu);
        queues.halt();
        assert_eq!(queues.hardware().halts.load(Relaxed), 0);
    }
    assert!(queues.take().is_some());
    queues.halt();
    assert_eq!(queues.hardware().halts.load(Relaxed), 1);
}
