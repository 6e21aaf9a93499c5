//! Spawning allocates what its documentation says; waking, sleeping, yielding and polling allocate nothing.

#![cfg(not(loom))]

#[path = "rules/machine.rs"]
#[expect(dead_code, reason = "this test uses a part of it")]
mod machine;

use executor::{Hardware, WakerSlot};
use machine::{Machine, interrupt, new_executor, run_all, spawn};
use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
    future::poll_fn,
    sync::Arc,
    task::Poll,
};

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
    static BYTES: Cell<usize> = const { Cell::new(0) };
}

struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

// SAFETY: Every call goes to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        BYTES.set(BYTES.get() + layout.size());
        // SAFETY: The caller keeps the rules of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: The caller keeps the rules of `dealloc`.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[test]
fn spawn_allocates_twice() {
    let executor = new_executor(1, 10);
    for (task_bytes, allocations) in [
        (size_of_spawned::<0>(executor), 2),
        (size_of_spawned::<1_800>(executor), 2),
    ] {
        assert_eq!(task_bytes.1, allocations);
        assert!(task_bytes.0 <= 32 + 128, "{} bytes", task_bytes.0);
    }
}

/// Spawns a task whose future has at least `SIZE` bytes. Returns the allocated bytes beyond those of the future, and the number
/// of allocations.
fn size_of_spawned<const SIZE: usize>(executor: machine::TestExecutor) -> (usize, u64) {
    let content = [1_u8; SIZE];
    let future = async move {
        executor.yield_now().await;
        content.len()
    };
    let future_bytes = size_of_val(&future);
    let before = (BYTES.get(), ALLOCATIONS.get());
    let task = spawn(executor, future);
    let after = (BYTES.get(), ALLOCATIONS.get());
    task.detach();
    (after.0 - before.0 - future_bytes, after.1 - before.1)
}

#[test]
fn running_and_waking_tasks_allocates_and_frees_nothing() {
    let executor = new_executor(1, 10);
    let slot = Arc::new(WakerSlot::<Machine>::new());
    let task_slot = Arc::clone(&slot);
    let _task = spawn(executor, async move {
        loop {
            executor.yield_now().await;
            executor.requeue().await;
            executor.sleep_until(executor.hardware().now_ns() + 1_000).await;
            let mut is_first = true;
            poll_fn(|context| {
                task_slot.register(context.waker());
                if std::mem::take(&mut is_first) {
                    Poll::Pending
                } else {
                    Poll::Ready(())
                }
            })
            .await;
        }
    });
    run_all(executor);
    let before = ALLOCATIONS.get();
    for _ in 0..100 {
        interrupt(executor, || slot.wake());
        run_all(executor);
    }
    assert_eq!(ALLOCATIONS.get(), before);
    assert!(executor.hardware().now_ns() >= 100_000, "the task ran");
}
