//! What every processor but the first does between the trampoline and its wait for the kernel.
//!
//! Words: an *application processor* (AP) is every processor but the first, which is the *bootstrap processor* (BSP).
//!
//! A processor runs here on the stack whose number it drew, and waits on the one that belongs to its place in the MADT.
//! So two processors may use one stack for a while: that does no harm, since the one that waits needs nothing but the
//! first few words at the top, and the trampoline leaves them out.

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

/// What the BSP has found out for all.
#[derive(Debug)]
pub(crate) struct Instructions {
    /// Where the image lies.
    pub(crate) handover: Handover,
    /// The BSP's memory types.
    pub(crate) memory_types: Option<MemoryTypes>,
    /// The mode of all local APICs.
    pub(crate) local_apic_mode: Mode,
    /// Which interrupt lines carry NMIs.
    pub(crate) local_nmis: ArrayVec<LocalNmi, LOCAL_NMI_LIMIT>,
    /// Who is expected, and where each one goes in the end.
    pub(crate) expected: ArrayVec<(Processor, LastStep), PROCESSOR_LIMIT>,
}

/// Set by the BSP before it starts anybody.
pub(crate) static INSTRUCTIONS: Once<Instructions> = Once::new();

/// Called by the trampoline on a stack of its own.
pub(super) extern "sysv64" fn application_processor_main() -> ! {
    if let Some(instructions) = INSTRUCTIONS.get() {
        follow(instructions);
    }
    // Nobody expects this processor: it stays out of the way.
    loop {
        x86_64::instructions::hlt();
    }
}

/// Makes this processor like the BSP and parks it. Returns if nobody expects it.
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
    // SAFETY: The BSP made the step for this processor alone, with the kernel's page tables.
    unsafe { last_step.take(&instructions.handover) }
}
