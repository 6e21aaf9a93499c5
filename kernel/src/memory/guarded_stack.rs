//! Kernel stacks, each with a guard below it, and where they lie.
//!
//! The area of stacks is cut into slots of one size, one for each stack of each processor, in order: so an address alone
//! tells whose stack, or whose guard, it belongs to. A stack takes the upper end of its slot; all below it is guard and
//! never mapped, so that an overflow of up to [`STACK_GUARD_PAGES`] pages at once is caught.

use super::{
    address_space::{KERNEL_START, STACKS_START},
    owned_ram::OwnedRam,
    virtual_memory::{self, MapRegionError},
};
use core::arch::asm;
use memory_ranges::{KernelMemoryUsageType, MemoryType, PAGE_BYTES};
use x86_64::VirtAddr;

/// Bytes of a stack that the kernel's own code runs on. A dev build used 7,000 of them where the log, the heap and a breakpoint
/// were tried (`scenario=stack_use`); a release build uses less.
pub const NORMAL_STACK_SIZE: u64 = 64 * 1024;

/// Bytes of a stack that an exception runs on. A dev build used 4,720 of them for an NMI that is logged.
pub const EXCEPTION_STACK_SIZE: u64 = 32 * 1024;

/// Bytes from one slot to the next.
const SLOT_SIZE: u64 = 2 * NORMAL_STACK_SIZE;

/// Pages below every stack that are never mapped, at least.
pub const STACK_GUARD_PAGES: u64 = (SLOT_SIZE - NORMAL_STACK_SIZE) / PAGE_BYTES;

/// Stacks for exceptions that each processor can have.
pub const EXCEPTION_STACKS: u8 = 4;

/// Stacks of each processor.
const STACKS_PER_CPU: u64 = 1 + EXCEPTION_STACKS as u64;

/// Bytes of all stacks of a processor.
pub(super) const BYTES_PER_CPU: u64 = NORMAL_STACK_SIZE + EXCEPTION_STACKS as u64 * EXCEPTION_STACK_SIZE;

/// What a stack is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StackType {
    /// The kernel's own code.
    Normal,
    /// Exceptions that need a stack of their own, by the index in the interrupt stack table.
    ExceptionHandler(u8),
}

/// Names a stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StackId {
    /// The kernel's id of the processor.
    pub cpu_id: u32,
    /// What the stack is for.
    pub stack_type: StackType,
}

/// What an address in the area of stacks belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StackInfo {
    /// Whose stack.
    pub id: StackId,
    /// The stack's lowest address.
    pub start: VirtAddr,
    /// The address behind its highest.
    pub top: VirtAddr,
}

/// A stack. Dropping it is not possible: a processor may run on it.
#[derive(Debug)]
pub struct GuardedStack {
    /// Where it lies.
    info: StackInfo,
}

impl StackId {
    /// Which slot is its own.
    fn slot(self) -> u64 {
        let index = match self.stack_type {
            StackType::Normal => 0,
            StackType::ExceptionHandler(index) => 1 + u64::from(index.min(EXCEPTION_STACKS - 1)),
        };
        u64::from(self.cpu_id) * STACKS_PER_CPU + index
    }

    /// Where the stack lies.
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
    /// The stack whose slot an address is in, if it is in one: the stack itself or its guard.
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

    /// How many bytes of the stack were used at most. Only for a look: the stack may be in use.
    ///
    /// # Safety
    ///
    /// The stack exists: a [`GuardedStack`] was made for it.
    pub unsafe fn high_water_mark_bytes(self) -> u64 {
        let (mut address, top) = (self.start, self.top);
        // SAFETY: The stack is mapped for good; it was zeroed, and any value of its bytes is a number.
        while address < top && unsafe { address.as_ptr::<u64>().read_volatile() } == 0 {
            address += size_of::<u64>() as u64;
        }
        top - address
    }

    /// The stack whose guard an address is in, if it is in one.
    pub fn of_guard(address: VirtAddr) -> Option<Self> {
        Self::of_slot(address).filter(|stack| address < stack.start)
    }
}

impl GuardedStack {
    /// Maps memory for a stack. Each can be made once.
    pub fn new(id: StackId) -> Result<Self, MapRegionError> {
        let info = id.info();
        let memory = OwnedRam::allocate(
            info.top - info.start,
            MemoryType::UsedByKernel(KernelMemoryUsageType::Stack),
        )?;
        virtual_memory::map_stack(info.start, &memory)?;
        // A stack stays for as long as the kernel runs.
        core::mem::forget(memory);
        Ok(Self { info })
    }

    /// The address behind the highest: where a stack begins.
    pub fn top(&self) -> VirtAddr {
        self.info.top
    }
}

/// Leaves this stack for good, and calls `function` on another, with `argument`.
///
/// # Safety
///
/// `top` is behind the highest address of a stack that nothing uses, aligned to 16 bytes.
pub unsafe fn call_with_rsp<T>(top: VirtAddr, function: extern "C" fn(&'static T) -> !, argument: &'static T) -> ! {
    // SAFETY: The caller's promise. A frame pointer of 0 ends backtraces; `call` leaves the stack as the ABI wants it at
    // a function's entry. The function never returns.
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
