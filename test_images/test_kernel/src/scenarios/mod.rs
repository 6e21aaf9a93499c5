//! The scenarios, by name, and the test hooks that run them.

mod address_space;
mod clock;
mod devices;
mod exception_stacks;
mod fault;
mod heap;
mod interrupts;
mod locks;
mod log_samples;
mod log_storm;
mod log_turns;
mod magenta;
mod mapped_regions;
mod memory_faults;
mod non_maskable;
mod odd_firmware;
mod page_tables;
mod panics;
mod physical_memory;
mod programs;
mod remote_calls;
mod stack_use;
mod stopping;
mod user_pages;

use crate::bench;
use kernel::{
    TestHooks,
    boot::{boot_info, memory_map::MemoryMap},
    cpu::cpu_local_data::current_cpu_id,
    output::{ExitCode, exit_qemu, panic_handler},
};
use spin::Once;
use x86_64::{PhysAddr, VirtAddr};

/// A test, and its place in the boot.
struct Scenario {
    /// Value of `scenario=` on the command line.
    name: &'static str,
    place: Place,
    run: fn(),
}

/// A place in the boot.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// On the BSP, before the log is set up.
    Entry,
    /// On the BSP, at the end of the boot.
    Bsp,
    /// On processor 1, at the end of its boot.
    FirstAp,
    /// On every processor, at the end of its boot.
    All,
}

impl Scenario {
    /// Makes a scenario for [`Place::Entry`].
    const fn at_entry(name: &'static str, run: fn()) -> Self {
        Self {
            name,
            place: Place::Entry,
            run,
        }
    }

    /// Makes a scenario for [`Place::Bsp`].
    const fn on_bsp(name: &'static str, run: fn()) -> Self {
        Self {
            name,
            place: Place::Bsp,
            run,
        }
    }

    /// Makes a scenario for [`Place::FirstAp`].
    const fn on_first_ap(name: &'static str, run: fn()) -> Self {
        Self {
            name,
            place: Place::FirstAp,
            run,
        }
    }

    /// Makes a scenario for [`Place::All`].
    const fn on_all(name: &'static str, run: fn()) -> Self {
        Self {
            name,
            place: Place::All,
            run,
        }
    }
}

static ALL: [Scenario; 83] = [
    Scenario::on_bsp("bench_on_two", bench::run_on_two),
    Scenario::on_bsp("bench", bench::run),
    Scenario::on_bsp("bench_with_screen", bench::run_with_screen),
    Scenario::on_bsp("magenta", magenta::fill_the_screen),
    Scenario::on_all("log_storm", log_storm::log_a_thousand_lines),
    Scenario::on_all("log_in_turn", log_turns::log_in_turn),
    Scenario::on_all("call_while_a_program_logs", log_turns::call_while_a_program_logs),
    Scenario::on_all("panic_while_waiting", log_turns::panic_while_waiting),
    Scenario::on_all("panic_while_another_waits", log_turns::panic_while_another_waits),
    Scenario::on_bsp("interrupt_a_line", log_turns::interrupt_a_line),
    Scenario::on_all("interrupt_beside_a_line", log_turns::interrupt_beside_a_line),
    Scenario::on_bsp("log_samples", log_samples::log_samples),
    Scenario::on_bsp("log_scroll", log_samples::log_more_than_a_screen),
    Scenario::on_bsp("log_nested", log_samples::log_within_a_message),
    Scenario::on_bsp("panic", panics::panic),
    Scenario::on_bsp("panic_late", panics::panic_late),
    Scenario::at_entry("panic_at_entry", panics::panic),
    Scenario::on_first_ap("panic_on_ap", panics::panic_on_an_ap),
    Scenario::on_all("panic_on_all", panics::panic_together),
    Scenario::on_bsp("panic_in_display", panics::panic_in_display),
    Scenario::on_bsp("panic_in_long_display", panics::panic_in_long_display),
    Scenario::on_bsp("panic_in_panic", panics::panic_in_panic),
    Scenario::on_bsp("panic_with_nmi_in_report", panics::panic_with_nmi_in_report),
    Scenario::on_bsp("panic_with_screen_held", panics::panic_with_screen_held),
    Scenario::on_bsp("panic_after_program_end", panics::panic_after_program_end),
    Scenario::on_bsp(PANIC_IN_INTERRUPT, panics::panic_in_interrupt),
    Scenario::on_bsp("fault", fault::fault_without_handlers),
    Scenario::on_bsp("undefined_instruction", fault::undefined_instruction),
    Scenario::on_bsp("breakpoint", memory_faults::breakpoint),
    Scenario::on_bsp("read_unmapped", memory_faults::read_unmapped),
    Scenario::on_bsp("write_unmapped", memory_faults::write_unmapped),
    Scenario::on_bsp("write_text", memory_faults::write_text),
    Scenario::on_bsp("write_text_in_direct_map", memory_faults::write_text_in_direct_map),
    Scenario::on_bsp("execute_heap", memory_faults::execute_heap),
    Scenario::on_bsp("divide_error", memory_faults::divide_error),
    Scenario::on_bsp("general_protection", memory_faults::general_protection),
    Scenario::on_bsp("non_canonical", memory_faults::non_canonical),
    Scenario::on_bsp("double_fault", memory_faults::double_fault),
    Scenario::on_bsp("fault_without_stack", memory_faults::fault_without_stack),
    Scenario::on_bsp("stack_overflow", memory_faults::overflow_stack),
    Scenario::on_first_ap("stack_overflow_on_ap", memory_faults::overflow_stack),
    Scenario::on_bsp("nmi_stack_overflow", exception_stacks::overflow_non_maskable),
    Scenario::on_bsp("machine_check_stack_overflow", exception_stacks::overflow_machine_check),
    Scenario::on_bsp("debug_stack_overflow", exception_stacks::overflow_debug),
    Scenario::on_first_ap("nmi_stack_overflow_on_ap", exception_stacks::overflow_non_maskable),
    Scenario::on_first_ap(
        "machine_check_stack_overflow_on_ap",
        exception_stacks::overflow_machine_check,
    ),
    Scenario::on_first_ap("debug_stack_overflow_on_ap", exception_stacks::overflow_debug),
    Scenario::on_bsp("touch_user_page", user_pages::touch_unannounced),
    Scenario::on_bsp("execute_user_page", user_pages::execute),
    Scenario::on_bsp("give_much_back", user_pages::give_much_back),
    Scenario::on_all("address_space", address_space::audit),
    Scenario::on_bsp("physical_memory", physical_memory::allocate_and_free),
    Scenario::on_bsp("mapped_regions", mapped_regions::map_and_give_back),
    Scenario::on_bsp("map_what_waits", mapped_regions::map_memory_of_dead_region),
    Scenario::on_bsp("write_before_region", mapped_regions::write_before),
    Scenario::on_bsp("write_after_region", mapped_regions::write_after),
    Scenario::on_bsp("write_dead_region", mapped_regions::write_to_a_dead_one),
    Scenario::on_bsp("poison", mapped_regions::poison),
    Scenario::on_bsp("lock_twice", locks::take_twice),
    Scenario::on_all("stack_use", stack_use::report),
    Scenario::on_bsp("nmi_while_logging", non_maskable::interrupt_the_log),
    Scenario::on_bsp("heap_demonstration", heap::demonstrate),
    Scenario::on_bsp("heap_exhaustion", heap::exhaust),
    Scenario::on_bsp("heap_stock", heap::stock_beside_frames),
    Scenario::on_all("heap_storm", heap::storm),
    Scenario::on_bsp("hang", fault::hang),
    Scenario::on_all("all_vectors", interrupts::raise_all_vectors),
    Scenario::on_all("ticks", interrupts::count_ticks),
    Scenario::on_all("ticks_while_logging", log_storm::log_while_ticking),
    Scenario::at_entry(ODD_FIRMWARE, odd_firmware::leave_bsp_oddly),
    Scenario::on_all("clock", clock::never_steps_back),
    Scenario::on_bsp("sleep", clock::sleep),
    Scenario::on_all("remote_calls", remote_calls::call_each_other),
    Scenario::on_all("no_answer", remote_calls::call_one_that_does_not_answer),
    Scenario::on_all("shootdowns", remote_calls::storm_of_shootdowns),
    Scenario::on_all("panic_while_others_log", stopping::panic_while_others_log),
    Scenario::on_first_ap(PANIC_WHILE_OTHERS_START, stopping::panic_while_others_start),
    Scenario::at_entry(LOST_PROCESSOR, || {}),
    Scenario::on_all("busy", stopping::be_busy),
    Scenario::on_bsp("device_interrupt", devices::route),
    Scenario::on_bsp("route_out_of_reach", devices::route_out_of_reach),
    Scenario::on_bsp("programs", programs::run_all),
    Scenario::on_all("endless_program", programs::run_endless),
];

/// Name of the scenario in which an interrupt handler panics.
const PANIC_IN_INTERRUPT: &str = "panic_in_interrupt";

/// Name of the scenario with an odd processor state at the kernel's entry.
const ODD_FIRMWARE: &str = "odd_firmware";

/// Name of the scenario in which a processor never leaves its entry.
const LOST_PROCESSOR: &str = "lost_processor";

/// Name of the scenario in which APs wait at their entry.
const PANIC_WHILE_OTHERS_START: &str = "panic_while_others_start";

/// Physical and virtual address of the kernel. Set on the BSP at the end of its boot.
static EXECUTABLE_ADDRESS: Once<(PhysAddr, VirtAddr)> = Once::new();

/// The boot loader's memory map. Set at the same time.
static MEMORY_MAP: Once<MemoryMap> = Once::new();

/// Hooks that the kernel calls during the boot.
pub(crate) static TEST_HOOKS: TestHooks = TestHooks {
    at_entry: || {
        bench::note_entry();
        if !word_is("panic", "halt") {
            panic_handler::exit_qemu_on_panic();
        }
        run_at(&[Place::Entry]);
    },
    at_ap_entry: |cpu_id| {
        if word_is("scenario", PANIC_WHILE_OTHERS_START) {
            stopping::wait_for_panic_at_ap_entry(cpu_id);
        }
        if word_is("scenario", LOST_PROCESSOR) {
            stopping::lose_processor_2(cpu_id);
        }
        if word_is("scenario", ODD_FIRMWARE) {
            odd_firmware::switch_local_apic_off();
        }
    },
    on_bsp: |boot_info| {
        EXECUTABLE_ADDRESS.call_once(|| boot_info.executable_address);
        MEMORY_MAP.call_once(|| boot_info.memory_map);
        if chosen().is_none() {
            log::error!("The command line must contain scenario=NAME with a known name");
            exit_qemu(ExitCode::Failure);
        }
        run_at(&[Place::Bsp, Place::All]);
    },
    on_ap: || {
        run_at(&[Place::All]);
        if current_cpu_id() == 1 {
            run_at(&[Place::FirstAp]);
        }
    },
    on_interrupt: |vector| {
        if word_is("scenario", PANIC_IN_INTERRUPT) {
            panics::panic_at_test_vector(vector);
        }
        word_is("scenario", "device_interrupt") && devices::count(vector)
    },
    knows_word: |key| key == "scenario",
};

/// Returns the physical and the virtual address of the kernel. Waits until the BSP has booted.
fn executable_address() -> (PhysAddr, VirtAddr) {
    *EXECUTABLE_ADDRESS.wait()
}

/// Returns the boot loader's memory map. Waits until the BSP has booted.
fn memory_map() -> MemoryMap {
    *MEMORY_MAP.wait()
}

/// Runs the chosen scenario if it belongs to one of the places.
fn run_at(places: &[Place]) {
    if let Some(scenario) = chosen().filter(|scenario| places.contains(&scenario.place)) {
        (scenario.run)();
    }
}

/// Returns the scenario that the command line names.
fn chosen() -> Option<&'static Scenario> {
    ALL.iter().find(|scenario| word_is("scenario", scenario.name))
}

/// Returns whether the command line contains `key=value`.
fn word_is(key: &str, value: &str) -> bool {
    let text = boot_info::command_line().unwrap_or_default();
    let word = command_line::words(text).find(|word| word.key == key);
    word.is_some_and(|word| word.value == Some(value))
}
