//! The order of the checks. Everything that only looks comes before what changes the machine: the memory-mapped
//! registers are mapped after the page tables were judged, and the other processors start last.

mod checks;
mod entry;
mod entry_registers;
mod expectations;
mod facts;
mod kernel_image;
mod local_apic;
mod machine_state;
mod mmio_window;
mod page_tables;
mod report;
mod requests;
mod serial_port;

use checks::{
    executable, firmware_tables, frame_buffer, identity, interrupt_controllers, memory_map, modules, page_table_layout,
    processor_state, processors,
};
use expectations::Expectations;
use facts::Facts;
use machine_state::MachineState;
use mmio_window::MmioWindow;
use page_tables::PageTables;
use report::Report;

/// Runs after the assembly stored the registers of the bootstrap processor.
extern "C" fn main_of_bsp() -> ! {
    let bsp = MachineState::of_bsp();
    let mut report = Report::begin();
    let hhdm_offset = identity::check_required_responses(&mut report);
    let facts = Facts {
        page_tables: PageTables::new(bsp.registers.cr3, hhdm_offset),
        expectations: Expectations::from_command_line(identity::command_line()),
        hhdm_offset,
        bsp,
    };

    identity::check(&mut report, &facts);
    processor_state::check(&mut report, &facts, "bsp", None, &facts.bsp);
    memory_map::check(&mut report, &facts);
    executable::check(&mut report, &facts);
    page_table_layout::check(&mut report, &facts);
    modules::check(&mut report, &facts);
    frame_buffer::check(&mut report, &facts);
    firmware_tables::check(&mut report, &facts);

    let window = MmioWindow::map(facts.bsp.registers.cr3, hhdm_offset);
    interrupt_controllers::check(&mut report, &facts, &window);
    processors::check(&mut report, &facts, &window);
    report.finish()
}

/// A panic of this kernel is a failed check.
#[panic_handler]
fn rust_panic(info: &core::panic::PanicInfo) -> ! {
    report::fail_at_once(format_args!("panic: expected none, found {info}"))
}
