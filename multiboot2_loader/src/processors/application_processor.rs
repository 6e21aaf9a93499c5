//! The code of each AP between the trampoline and its wait for the kernel.
//!
//! Words: an *application processor* (AP) is every processor but the first, which is the *bootstrap processor* (BSP).
//!
//! An AP runs here on the stack with the number that it took, and waits on the stack of its position in the MADT. So two APs may share a
//! stack for a while. This is harmless: the one that waits needs only the first few words at the top, which the trampoline leaves
//! out.

use acpi_check::{LocalNmi, Processor};
use arrayvec::ArrayVec;
use multiboot2_loader_core::acpi::madt::{LOCAL_NMI_LIMIT, PROCESSOR_LIMIT};
use spin::Once;

use crate::cpu::features::Features;
use crate::cpu::memory_types::MemoryTypes;
use crate::cpu::model_specific;
use crate::entry::Handover;
use crate::hand_off::LastStep;
use crate::interrupts::local_apic::{LocalApic, Mode};

/// Data from the BSP for all APs.
#[derive(Debug)]
pub(crate) struct Instructions {
    /// Address range of the image.
    pub(crate) handover: Handover,
    /// The BSP's memory types.
    pub(crate) memory_types: Option<MemoryTypes>,
    /// The mode of all local APICs.
    pub(crate) local_apic_mode: Mode,
    /// Interrupt lines that carry NMIs.
    pub(crate) local_nmis: ArrayVec<LocalNmi, LOCAL_NMI_LIMIT>,
    /// The expected APs with their last steps.
    pub(crate) expected: ArrayVec<(Processor, LastStep), PROCESSOR_LIMIT>,
}

/// Set by the BSP before it starts any AP.
pub(crate) static INSTRUCTIONS: Once<Instructions> = Once::new();

/// Entry from the trampoline, on a stack of its own.
pub(super) extern "sysv64" fn application_processor_main() -> ! {
    if let Some(instructions) = INSTRUCTIONS.get() {
        follow(instructions);
    }
    // This AP is not expected: it halts.
    loop {
        x86_64::instructions::hlt();
    }
}

/// Sets this AP up like the BSP, and lets it wait. Returns if the AP is not expected.
fn follow(instructions: &Instructions) {
    let features = Features::read();
    if let Some(memory_types) = &instructions.memory_types {
        memory_types.install(&features);
    }
    model_specific::set_paging_features(&features);
    let Ok(local_apic) = LocalApic::switch_on(&features, instructions.local_apic_mode) else {
        return;
    };
    let id = local_apic.id();
    let mut expected = instructions.expected.iter();
    let Some((processor, last_step)) = expected.find(|(processor, _)| processor.local_apic_id == id) else {
        return;
    };
    local_apic.normalise(&instructions.local_nmis, processor.processor_id);
    // SAFETY: The BSP created the step for this processor only, with the kernel's page tables.
    unsafe { last_step.take(&instructions.handover) }
}
