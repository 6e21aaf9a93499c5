//! The end of the loader on each processor: the jump to the kernel, or the wait for it.
//!
//! Words: a processor's *last step* is a record in the pool with the page tables, stack and descriptor table that the processor uses,
//! and the word that it waits for. The BSP has one like the others, but its word is set from the start.

use core::arch::global_asm;
use core::sync::atomic::{AtomicU64, Ordering};

use multiboot2_loader_core::address::{PhysAddr, VirtAddr};
use multiboot2_loader_core::pool::{Pool, PoolFull};

use crate::cpu::descriptor_table::{
    CODE_64_SELECTOR, DATA_64_SELECTOR, DESCRIPTOR_TABLE, DESCRIPTOR_TABLE_LIMIT, TASK_STATE_SELECTOR,
};
use crate::entry::Handover;

/// Offsets in a last step.
mod offset {
    /// Physical address of the top page table.
    pub(super) const PAGE_TABLES: u64 = 0;
    /// Top of the stack.
    pub(super) const STACK_TOP: u64 = 8;
    /// Limit and base of the descriptor table in the layout of `LGDT`: 10 bytes, placed so that the base is aligned.
    pub(super) const DESCRIPTOR_TABLE_POINTER: u64 = 22;
    /// Address of the word to wait for.
    pub(super) const GO_TO_WORD: u64 = 32;
    /// Value for RDI.
    pub(super) const ARGUMENT: u64 = 40;
    /// Not 0 once the processor has left the loader's page tables.
    pub(super) const IS_PARKED: u64 = 48;
    /// The word of the processor that need not wait.
    pub(super) const OWN_WORD: u64 = 56;
}

global_asm!(
    include_str!("hand_off.s"),
    page_tables = const offset::PAGE_TABLES,
    stack_top = const offset::STACK_TOP,
    descriptor_table_pointer = const offset::DESCRIPTOR_TABLE_POINTER,
    go_to_word = const offset::GO_TO_WORD,
    argument = const offset::ARGUMENT,
    is_parked = const offset::IS_PARKED,
    code_selector = const CODE_64_SELECTOR,
    data_selector = const DATA_64_SELECTOR,
    task_selector = const TASK_STATE_SELECTOR,
);

unsafe extern "C" {
    /// The code in `hand_off.s`.
    fn leave_loader();
}

/// The target of a processor.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Destination {
    /// This address, at once.
    Entry(VirtAddr),
    /// The address that the kernel writes into the info struct at this address of the direct map; RDI points to the struct.
    AsTheKernelSays {
        /// The struct.
        mp_info: VirtAddr,
    },
}

/// A last step in the pool.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LastStep {
    /// Its address in the direct map.
    address: VirtAddr,
}

impl LastStep {
    /// Offset of the target address in an info struct.
    const GO_TO_OFFSET: u64 = 16;

    /// Writes a last step with its own descriptor table into the pool.
    pub(crate) fn put(
        pool: &mut Pool<'_>,
        page_tables: PhysAddr,
        stack_top: VirtAddr,
        destination: Destination,
    ) -> Result<Self, PoolFull> {
        let descriptor_table = pool.put_words(DESCRIPTOR_TABLE.into_iter())?;
        let (address, bytes) = pool.reserve(64)?;
        let (go_to_word, argument, own_word) = match destination {
            Destination::Entry(entry) => (address.as_u64() + offset::OWN_WORD, 0, entry.as_u64()),
            Destination::AsTheKernelSays { mp_info } => (mp_info.as_u64() + Self::GO_TO_OFFSET, mp_info.as_u64(), 0),
        };
        let words = [
            page_tables.as_u64(),
            stack_top.as_u64(),
            u64::from(DESCRIPTOR_TABLE_LIMIT) << 48,
            descriptor_table.as_u64(),
            go_to_word,
            argument,
            0,
            own_word,
        ];
        let (slots, _) = bytes.as_chunks_mut::<8>();
        for (slot, word) in slots.iter_mut().zip(words) {
            *slot = word.to_le_bytes();
        }
        Ok(Self { address })
    }

    /// Whether the processor has left the loader's page tables.
    pub(crate) fn is_parked(self) -> bool {
        let address = self.address.as_u64() + offset::IS_PARKED;
        let word = core::ptr::with_exposed_provenance_mut(usize::try_from(address).expect("addresses have 64 bits"));
        // SAFETY: The word is mapped and aligned, lives as long as the loader, and is only accessed atomically.
        let word = unsafe { AtomicU64::from_ptr(word) };
        word.load(Ordering::Acquire) != 0
    }

    /// Takes the last step: the processor never returns to the loader.
    ///
    /// # Safety
    /// Its page tables map the direct map and the target; stack and descriptor table belong to this processor. The loader's page tables
    /// are in use.
    pub(crate) unsafe fn take(self, handover: &Handover) -> ! {
        let code = handover.physical_address_of(leave_loader as *const () as usize);
        let code = code.hhdm_alias().as_u64();
        // SAFETY: The alias is mapped by both page tables; the code there takes the address in RDI and does not return.
        unsafe {
            core::arch::asm!("jmp {code}", code = in(reg) code, in("rdi") self.address.as_u64(), options(noreturn));
        }
    }
}
