//! Kernel stacks, each with unmapped guard pages below it.
//!
//! The stacks' area consists of slots of one size, in order: one for each stack of each processor. So an address alone
//! tells to which stack, or to whose guard pages, it belongs. A stack takes the upper end of its slot. The rest of the slot
//! is never mapped, so that an overflow by up to [`STACK_GUARD_PAGES`] pages at once faults.

use super::{
    address_space::{KERNEL_START, STACKS_START},
    owned_ram::OwnedRam,
    virtual_memory::{self, MapRegionError},
};
use core::arch::asm;
use memory_ranges::{KernelMemoryUsageType, MemoryType, PAGE_BYTES};
use x86_64::VirtAddr;

/// Size in bytes of a processor's normal stack. A dev build used 7,000 bytes for the log, the heap and a breakpoint
/// (`scenario=stack_use`); a release build uses less.
pub const NORMAL_STACK_SIZE: u64 = 64 * 1024;

/// Size in bytes of an exception's stack. A dev build used 4,720 bytes for an NMI that is logged.
pub const EXCEPTION_STACK_SIZE: u64 = 32 * 1024;

const SLOT_SIZE: u64 = 2 * NORMAL_STACK_SIZE;

/// Minimum number of guard pages below a stack.
pub const STACK_GUARD_PAGES: u64 = (SLOT_SIZE - NORMAL_STACK_SIZE) / PAGE_BYTES;

pub const EXCEPTION_STACKS: u8 = 4;
const STACKS_PER_CPU: u64 = 1 + EXCEPTION_STACKS as u64;
pub(super) const BYTES_PER_CPU: u64 = NORMAL_STACK_SIZE + EXCEPTION_STACKS as u64 * EXCEPTION_STACK_SIZE;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StackType {
    /// The kernel's own code.
    Normal,
    /// An exception that needs a stack of its own, by index in the interrupt stack table.
    ExceptionHandler(u8),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StackId {
    pub cpu_id: u32,
    pub stack_type: StackType,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StackInfo {
    pub id: StackId,
    pub start: VirtAddr,
    /// The address after its highest.
    pub top: VirtAddr,
}

/// A mapped stack. It stays mapped even when this is dropped: a processor may run on it.
#[derive(Debug)]
pub struct GuardedStack {
    info: StackInfo,
}

impl StackId {
    fn slot(self) -> u64 {
        let index = match self.stack_type {
            StackType::Normal => 0,
            StackType::ExceptionHandler(index) => 1 + u64::from(index.min(EXCEPTION_STACKS - 1)),
        };
        u64::from(self.cpu_id) * STACKS_PER_CPU + index
    }

    pub fn info(self) -> StackInfo {
        let size = match self.stack_type {
            StackType::Normal => NORMAL_STACK_SIZE,
            StackType::ExceptionHandler(_) => EXCEPTION_STACK_SIZE,
        };
        let top = VirtAddr::new_truncate(STACKS_START + (self.slot() + 1) * SLOT_SIZE);
        StackInfo {
            id: self,
            start: top - size,
            top,
        }
    }
}

impl StackInfo {
    /// The stack in whose slot an address lies, in the stack itself or in its guard pages.
    pub fn of_slot(address: VirtAddr) -> Option<Self> {
        if address.as_u64() >= KERNEL_START {
            return None;
        }
        let slot = address.as_u64().checked_sub(STACKS_START)? / SLOT_SIZE;
        let cpu_id = u32::try_from(slot / STACKS_PER_CPU).ok()?;
        let stack_type = match u8::try_from(slot % STACKS_PER_CPU).ok()? {
            0 => StackType::Normal,
            index => StackType::ExceptionHandler(index - 1),
        };
        Some(StackId { cpu_id, stack_type }.info())
    }

    /// The stack in whose guard pages an address lies.
    pub fn of_guard(address: VirtAddr) -> Option<Self> {
        Self::of_slot(address).filter(|stack| address < stack.start)
    }
}

impl GuardedStack {
    /// Allocates and maps a stack. Each can be made once.
    pub fn new(id: StackId) -> Result<Self, MapRegionError> {
        let info = id.info();
        let memory = OwnedRam::allocate(
            info.top - info.start,
            MemoryType::UsedByKernel(KernelMemoryUsageType::Stack),
        )?;
        virtual_memory::map_stack(info.start, &memory)?;
        // A stack is never freed.
        core::mem::forget(memory);
        Ok(Self { info })
    }

    /// The address after the highest: the first stack pointer.
    pub fn top(&self) -> VirtAddr {
        self.info.top
    }
}

/// Calls `function` with `argument` on another stack, and never returns to this one.
///
/// # Safety
///
/// `top` is the address after the highest of a stack that nothing uses, aligned to 16 bytes.
pub unsafe fn call_with_rsp<T>(top: VirtAddr, function: extern "C" fn(&'static T) -> !, argument: &'static T) -> ! {
    // SAFETY: The caller's promise. A frame pointer of 0 ends backtraces; `call` aligns the stack as the ABI demands at a
    // function's entry. The function never returns.
    unsafe {
        asm!(
            "mov rsp, {top}",
            "xor ebp, ebp",
            "call {function}",
            "ud2",
            top = in(reg) top.as_u64(),
            function = in(reg) function,
            in("rdi") argument,
            options(noreturn),
        )
    }
}
