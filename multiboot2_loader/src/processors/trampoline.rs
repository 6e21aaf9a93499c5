//! The page below 1 MiB in which the APs start.

use core::arch::global_asm;
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use multiboot2_loader_core::address::{PAGE_SIZE_BYTES, PhysAddr, VirtAddr};

use super::application_processor::application_processor_main;
use crate::cpu::descriptor_table::{CODE_32_SELECTOR, CODE_64_SELECTOR, DATA_32_SELECTOR, DATA_64_SELECTOR};
use crate::cpu::descriptor_table::{DESCRIPTOR_TABLE, DESCRIPTOR_TABLE_LIMIT};
use crate::cpu::features::Features;
use crate::cpu::model_specific;
use crate::cpu::registers::{CONTROL_REGISTER_0, CONTROL_REGISTER_4};
use crate::entry::Handover;

/// The number that the next AP takes.
static NEXT_NUMBER: AtomicU32 = AtomicU32::new(0);
/// APs with this number or a higher one halt. Set by the BSP; 0 before and after the start.
static NUMBER_LIMIT: AtomicU32 = AtomicU32::new(0);
/// Address of the list of stacks. Set by the BSP before the start.
static STACK_TOPS: AtomicU64 = AtomicU64::new(0);

global_asm!(
    include_str!("trampoline.s"),
    code_32_selector = const CODE_32_SELECTOR,
    data_32_selector = const DATA_32_SELECTOR,
    code_64_selector = const CODE_64_SELECTOR,
    data_64_selector = const DATA_64_SELECTOR,
    control_register_0 = const CONTROL_REGISTER_0,
    control_register_4 = const CONTROL_REGISTER_4,
    descriptor_table_limit = const DESCRIPTOR_TABLE_LIMIT,
    next_number = sym NEXT_NUMBER,
    number_limit = sym NUMBER_LIMIT,
    stack_tops = sym STACK_TOPS,
    application_processor_main = sym application_processor_main,
);

unsafe extern "C" {
    /// First byte of the code to copy.
    safe static trampoline_start: u8;
    /// End (exclusive).
    safe static trampoline_end: u8;
    /// Target of the first far jump.
    safe static trampoline_protected_mode_target: u8;
    /// Its address.
    safe static trampoline_protected_mode: u8;
    /// Target of the second far jump.
    safe static trampoline_long_mode_target: u8;
    /// Its address.
    safe static trampoline_long_mode: u8;
    /// Address of [`application_processor_entry`].
    safe static trampoline_entry: u8;
    /// Address of the page tables.
    safe static trampoline_page_tables: u8;
    /// Value for EFER.
    safe static trampoline_extended_features: u8;
    /// Limit and base of the descriptor table.
    safe static trampoline_descriptor_table_pointer: u8;
    /// The target of the trampoline.
    fn application_processor_entry();
}

/// The filled page.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Trampoline {
    /// Its address.
    page: PhysAddr,
}

impl Trampoline {
    /// Fills a page below 1 MiB.
    pub(crate) fn install(page: PhysAddr, bytes: &mut [u8], handover: &Handover, features: &Features) -> Self {
        let length = offset_of(&raw const trampoline_end);
        // SAFETY: The code lies in the image between the two symbols, and nothing writes there.
        let code = unsafe { core::slice::from_raw_parts(&raw const trampoline_start, length) };
        for (target, byte) in bytes.iter_mut().zip(code) {
            *target = *byte;
        }
        let page_base = low_half(page.as_u64());
        let address_of = |symbol| page_base + low_half(offset_of(symbol) as u64);
        let table = handover.physical_address_of((&raw const DESCRIPTOR_TABLE).addr());
        // The base of the pointer follows its limit.
        let table_field = offset_of(&raw const trampoline_descriptor_table_pointer) + 2;
        let fields = [
            (
                offset_of(&raw const trampoline_protected_mode_target),
                address_of(&raw const trampoline_protected_mode),
            ),
            (
                offset_of(&raw const trampoline_long_mode_target),
                address_of(&raw const trampoline_long_mode),
            ),
            (
                offset_of(&raw const trampoline_page_tables),
                low_half(handover.page_tables().as_u64()),
            ),
            (
                offset_of(&raw const trampoline_extended_features),
                low_half(model_specific::extended_features(features)),
            ),
            (table_field, low_half(table.as_u64())),
        ];
        for (offset, value) in fields {
            put(bytes, offset, &value.to_le_bytes());
        }
        let entry = application_processor_entry as *const () as usize;
        put(bytes, offset_of(&raw const trampoline_entry), &entry.to_le_bytes());
        Self { page }
    }

    /// Returns the page number for the start command.
    pub(crate) fn page_number(self) -> u8 {
        u8::try_from(self.page.as_u64() / PAGE_SIZE_BYTES).expect("the page was taken from below 1 MiB")
    }

    /// Admits as many APs as there are stacks in the list at `stack_tops`.
    pub(crate) fn open(self, stack_tops: VirtAddr, count: u32) {
        STACK_TOPS.store(stack_tops.as_u64(), Ordering::SeqCst);
        NUMBER_LIMIT.store(count, Ordering::SeqCst);
    }

    /// Admits no more APs.
    pub(crate) fn close(self) {
        NUMBER_LIMIT.store(0, Ordering::SeqCst);
    }
}

/// The offset of a symbol in the page.
fn offset_of(symbol: *const u8) -> usize {
    symbol.addr() - (&raw const trampoline_start).addr()
}

/// Writes a field of the page.
fn put(page: &mut [u8], offset: usize, value: &[u8]) {
    page.get_mut(offset..)
        .and_then(|field| field.get_mut(..value.len()))
        .expect("the trampoline is shorter than a page")
        .copy_from_slice(value);
}

/// An address below 4 GiB, or the lower half of a register.
#[expect(
    clippy::cast_possible_truncation,
    reason = "the image, low pages and EFER's bits are below 4 GiB"
)]
const fn low_half(word: u64) -> u32 {
    word as u32
}
