//! The boot, as a table of contents.
//!
//! Words: the *handover* is the data of the 32-bit start; the *last step* takes a processor into the kernel.

mod answers;
mod inputs;
mod kernel_file;
mod processor_plan;
mod room;

use acpi_check::Signature;
use multiboot2_loader_core::acpi::madt::Madt;
use multiboot2_loader_core::memory_map::MemoryMap;
use multiboot2_loader_core::memory_map_construction::{self, Construction};
use multiboot2_loader_core::pool::Pool;

use crate::cpu::features::Features;
use crate::cpu::model_specific;
use crate::direct_map::{self, DirectMap};
use crate::entry::Handover;
use crate::error::BootError;
use crate::firmware::Firmware;
use crate::hand_off::{Destination, LastStep};
use crate::interrupts::{self, io_apic};
use crate::test_hooks::{self, HookPolicy};
use crate::{exceptions, iommu};
use answers::Answers;
use inputs::Inputs;
use kernel_file::KernelFile;
use processor_plan::ProcessorPlan;
use room::Room;

/// Does everything except the jump.
pub(crate) fn prepare(handover: &Handover, hook_policy: HookPolicy) -> Result<LastStep, BootError> {
    // SAFETY: The loader's page tables are in use until the last step. All memory that is written through this value was allocated from
    // the memory map before, or is a firmware table that a test damages.
    let mut memory = unsafe { DirectMap::new() };
    exceptions::report_from_now_on();
    let features = Features::read();
    model_specific::set_paging_features(&features);

    // First the screen, so that it can show later errors.
    let inputs = Inputs::read(&memory, handover)?;
    let hooks = test_hooks::read(hook_policy, inputs.kernel_command_line())?;
    let kernel_file = KernelFile::find(&inputs.information.modules)?;
    let frame_buffer = inputs.screen.filter(|_| !hooks.no_frame_buffer);
    let firmware = Firmware::find(&memory, &inputs.information);

    // The map gets all existing contents of memory before the loader allocates any.
    let mut map = MemoryMap::new();
    let construction = Construction {
        boot_information: &inputs.information,
        boot_information_extent: inputs.extent,
        loader_image: handover.image(),
        kernel_module: inputs::KERNEL_MODULE,
        frame_buffer: frame_buffer.map(|screen| screen.extent()),
        firmware_tables: &firmware.extents(),
    };
    memory_map_construction::construct(&mut map, &construction)?;

    let mut kernel = kernel_file.load(&mut map)?;
    let (madt, mp_request) = (firmware.madt.as_ref(), kernel.requests.mp());
    let mut plan = ProcessorPlan::make(&features, madt, mp_request)?;
    if let (Some(madt), Some(_), false) = (madt, mp_request, hooks.no_mp) {
        plan.list(madt);
    }

    // The page tables come last: they map the memory as it is after all other allocations.
    let answers = Answers {
        inputs,
        firmware: &firmware,
        hooks: &hooks,
        frame_buffer,
    };
    let room = Room::take(
        &mut map,
        plan.others().count(),
        kernel.stack_size_bytes,
        answers.size()?,
    )?;
    let (page_tables, map) = room::build_page_tables(&mut map, &mut memory, &kernel.address_space(&features))?;

    // SAFETY: The block was just allocated from the memory map for this purpose.
    let pool_bytes = unsafe { direct_map::slice_mut(room.pool) }?;
    let mut pool = Pool::new(pool_bytes, room.pool.base.hhdm_alias());
    let started = plan.start(&mut pool, &room, page_tables, handover, &features)?;
    answers.give(&mut kernel, &mut pool, map, started)?;

    quieten_interrupts(madt);
    if let Some(table) = firmware
        .tables
        .find(Signature::DMAR)
        .filter(|_| !kernel.requests.keeps_iommu())
    {
        iommu::switch_off(&memory, table);
    }
    if let Some(signature) = hooks.garble_table {
        test_hooks::garble(&mut memory, &firmware.tables, signature)?;
    }
    if let Some(what) = hooks.write_table {
        test_hooks::write(&mut memory, &firmware.tables, &what)?;
    }
    let entry = Destination::Entry(kernel.entry);
    Ok(LastStep::put(&mut pool, page_tables, room.stack_top, entry)?)
}

/// Masks every interrupt of the 8259 controllers and I/O APICs.
fn quieten_interrupts(madt: Option<&Madt>) {
    interrupts::mask_legacy_controllers();
    for io_apic in madt.iter().flat_map(|madt| &madt.io_apics) {
        io_apic::mask(io_apic);
    }
}
