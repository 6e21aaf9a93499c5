//! The end of the loader on each processor: how it is told, and how it gets there.
//!
//! Words: a processor's *last step* is a record in the pool that says with which page tables, stack, and descriptor
//! table the processor waits, and for which word. The first processor goes the same way as the others; only, its word
//! has a value from the beginning.

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
    /// Where the stack begins.
    pub(super) const STACK_TOP: u64 = 8;
    /// Limit and base of the descriptor table, side by side as `LGDT` wants them: 10 bytes, so that the base is aligned.
    pub(super) const DESCRIPTOR_TABLE_POINTER: u64 = 22;
    /// Address of the word to wait for.
    pub(super) const GO_TO_WORD: u64 = 32;
    /// What goes into RDI.
    pub(super) const ARGUMENT: u64 = 40;
    /// Not 0 once the processor has left the loader's page tables.
    pub(super) const IS_PARKED: u64 = 48;
    /// A word to wait for, for the processor that need not wait.
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

/// Where a processor goes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Destination {
    /// To this address at once.
    Entry(VirtAddr),
    /// To where the kernel says, in the info struct at this address of the direct map; RDI leads to the struct.
    AsTheKernelSays {
        /// The struct.
        mp_info: VirtAddr,
    },
}

/// A last step in the pool.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LastStep {
    /// Where it lies, in the direct map.
    address: VirtAddr,
}

impl LastStep {
    /// Offset of the address to go to in an info struct.
    const GO_TO_OFFSET: u64 = 16;

    /// Writes one, with a descriptor table of its own, into the pool.
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
        // SAFETY: The word is mapped and aligned, lives as long as the loader, and everybody accesses it atomically.
        let word = unsafe { AtomicU64::from_ptr(word) };
        word.load(Ordering::Acquire) != 0
    }

    /// Takes it: the processor never comes back to the loader.
    ///
    /// # Safety
    /// The page tables named in it show the direct map and what the processor goes to; the stack and the tables are
    /// this processor's own. The loader's page tables are in use.
    pub(crate) unsafe fn take(self, handover: &Handover) -> ! {
        let code = handover.physical_address_of(leave_loader as *const () as usize);
        let code = code.hhdm_alias().as_u64();
        // SAFETY: The alias is mapped by both page tables; the code there takes the address in RDI and does not return.
        unsafe {
            core::arch::asm!("jmp {code}", code = in(reg) code, in("rdi") self.address.as_u64(), options(noreturn));
        }
    }
}
