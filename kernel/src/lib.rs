//! Limelight: a kernel for x86_64, entered by the Limine boot protocol. This file is the table of contents of its boot.
//!
//! BSP: the bootstrap processor, which the boot loader enters first. AP: every other ("application") processor.
//!
//! The layers, lower first: [`sync`], [`boot`], [`output`], [`memory`], [`cpu`], [`platform`], [`user_mode`]. A module uses its own
//! layer and those before it; what a lower layer needs from a higher one is a hook that this file installs. Only this file and the panic
//! handler may use all.
#![no_std]
#![allow(
    missing_docs,
    reason = "items are public for the test kernel only; those that need a word have one"
)]

extern crate alloc;

pub mod boot;
pub mod cpu;
mod end_of_boot;
pub mod memory;
pub mod output;
pub mod platform;
pub mod sync;
mod test_hooks;
pub mod user_mode;

pub use test_hooks::TestHooks;

use alloc::vec::Vec;
use boot::{boot_info::BootInfo, module, screen};
use command_line::{AtTheEnd, LogColor, LogTime, OnPanic, Options};
use core::fmt;
use cpu::{
    application_processors,
    application_processors::BootStage,
    cpu_local_data::{BSP_ID, CpuLocalData},
    early,
    hlt_loop::{hlt_loop, hlt_loop_with_interrupts_off},
    idt, kernel_trap, nmi_handler_states, processors, protections,
    protections::Protections,
};
use end_of_boot::EndOfBoot;
use limine::mp::MpInfo;
use memory::{frame_allocator, module_memory::ModuleMemory, physical_memory, user_access, virtual_memory};
use output::{backtrace, logger, panic_handler};
use platform::{clock, clock::Instant, power, timer};
use spin::Once;
use sync::this_cpu;
use x86_64::instructions::interrupts;

/// Results of the first boot steps, for the later steps.
struct Boot {
    boot_info: BootInfo,
    options: Options,
    test_hooks: &'static TestHooks,
}

/// Set by [`init_bsp`] before any AP starts.
static BOOT: Once<Boot> = Once::new();

pub fn init_bsp(test_hooks: &'static TestHooks) -> ! {
    clock::mark_kernel_entry();
    early::install_on_bsp();
    idt::load();
    kernel_trap::set_interrupt_handler(handle_interrupt);
    (test_hooks.at_entry)();
    // The number of processors sets the width of the CPU id in every log line.
    this_cpu::set_cpus_count(application_processors::count());
    logger::init(screen::size());
    if boot::boot_info::log_color() == LogColor::Off {
        logger::drop_colors();
    }
    log::info!("Hello from BSP");

    // From here on, the boot loader's responses are validated.
    let boot_info = BootInfo::collect().unwrap_or_else(|error| panic_handler::refuse_to_boot(&error));
    boot_info.hhdm_offset.install();
    let options = boot_info.options(test_hooks.knows_word);
    apply_options(&options);
    logger::attach_screen(boot_info.take_screen());
    boot_info.log();

    // The kernel's own page tables and allocators start here.
    let protections = Protections::switch_on();
    log::info!("Protections: {protections}");
    protections::warn_of_leaks();
    if protections.smap {
        user_access::announce_access_from_now_on();
    }
    let paging_features = cpu::paging::set_up();
    cpu::paging::log(&paging_features);
    memory::init(&boot_info, paging_features).unwrap_or_else(|error| panic_handler::refuse_to_boot(&error));
    keep_kernel_file();
    BOOT.call_once(|| Boot {
        boot_info: boot_info.copy_out(),
        options,
        test_hooks,
    });
    processors::create(application_processors::local_apic_ids())
        .unwrap_or_else(|error| panic_handler::refuse_to_boot(&error));
    processors::run_on_own_stack(BSP_ID, init_bsp_on_own_stack)
}

/// Second part of the BSP's boot, on its guarded stack.
extern "C" fn init_bsp_on_own_stack(local_data: &'static CpuLocalData) -> ! {
    let Boot {
        boot_info, test_hooks, ..
    } = BOOT.wait();
    local_data.install();
    idt::load();
    platform::start(boot_info);
    // Reads the list of processors, so it comes before the boot loader's memory is reclaimed.
    application_processors::start(entry_point_from_limine_mp);
    leave_boot_loader();
    user_mode::syscall_setup::set_up_this_cpu();
    interrupts::enable();
    timer::start_on_this_cpu();
    (test_hooks.on_bsp)(boot_info);
    user_mode::run_program_0();
    idle()
}

/// Address at which the boot loader starts each AP (Limine boot protocol, "MP Request").
#[unsafe(no_mangle)]
unsafe extern "C" fn entry_point_from_limine_mp(mp_info: &MpInfo) -> ! {
    // The BSP stored the id, which is 32 bits wide.
    let cpu_id = u32::try_from(mp_info.extra_argument()).unwrap_or(u32::MAX);
    processors::make_data_known(cpu_id);
    application_processors::arrive(BootStage::Entered);
    (BOOT.wait().test_hooks.at_ap_entry)(cpu_id);
    Protections::switch_on();
    cpu::paging::set_up();
    // SAFETY: NX and the PAT are set as on the BSP; the code, and the boot loader's stack, are mapped as before.
    unsafe { virtual_memory::switch_to_kernel_table() };
    processors::run_on_own_stack(cpu_id, init_ap_on_own_stack)
}

/// Second part of an AP's boot, on its guarded stack.
extern "C" fn init_ap_on_own_stack(local_data: &'static CpuLocalData) -> ! {
    local_data.install();
    idt::load();
    if !nmi_handler_states::set_own_handler() {
        // Another processor has panicked.
        hlt_loop_with_interrupts_off();
    }
    platform::start_on_this_cpu();
    leave_boot_loader();
    user_mode::syscall_setup::set_up_this_cpu();
    log::info!("Hello from AP");
    interrupts::enable();
    timer::start_on_this_cpu();
    (BOOT.wait().test_hooks.on_ap)();
    idle()
}

/// Handles an interrupt by the platform's handler, or by the test hooks if the vector is not the platform's.
fn handle_interrupt(vector: u8) {
    let handle_foreign = BOOT
        .get()
        .map_or(TestHooks::NONE.on_interrupt, |boot| boot.test_hooks.on_interrupt);
    platform::interrupts::handle(vector, handle_foreign);
}

fn apply_options(options: &Options) {
    log::set_max_level(options.log_level);
    if options.on_panic == OnPanic::Exit {
        panic_handler::exit_qemu_on_panic();
    }
    if options.log_time == LogTime::On {
        logger::show_times(|| Instant::now().as_ns());
    }
}

/// Halts, switches off or restarts the machine, as the option `exit` says.
fn end() {
    match BOOT.wait().options.at_the_end {
        AtTheEnd::Halt => {}
        AtTheEnd::ShutDown => {
            let error = power::shut_down();
            log::error!("The machine cannot be switched off: {error}. Switch it off by hand");
        }
        AtTheEnd::Reboot => power::reboot(),
    }
}

/// Keeps the kernel's ELF file in memory: backtraces read the function names from it.
fn keep_kernel_file() {
    let explain = |reason: &dyn fmt::Display| log::warn!("Backtraces will have no function names: {reason}");
    match module::kernel_file().map(ModuleMemory::take) {
        Ok(Ok(memory)) => {
            backtrace::set_kernel_file(memory.keep()).unwrap_or_else(|error| explain(&error));
        }
        Ok(Err(error)) => explain(&error),
        Err(error) => explain(&format_args!("no kernel file from the boot loader ({error:?})")),
    }
}

/// Marks that this processor no longer uses the boot loader's memory. The last processor reclaims that memory.
fn leave_boot_loader() {
    if application_processors::arrive(BootStage::LeftBootLoader)
        && let Some(mut memory) = physical_memory::lock()
    {
        // SAFETY: Every processor runs on the kernel's stacks, page tables and segments; the boot loader's responses were copied.
        let reclaimed_bytes = unsafe { memory.reclaim_boot_loader_memory() };
        let statistics: Vec<_> = memory.statistics(frame_allocator::frames_in_use_by_owner()).collect();
        drop(memory);
        log::debug!("Memory: {} KiB reclaimed from the boot loader", reclaimed_bytes >> 10);
        for (owner, bytes) in statistics {
            log::debug!("Memory: {} KiB {owner:?}", bytes >> 10);
        }
    }
}

/// Ends a processor's boot and idles. The last processor logs that the boot is complete, then obeys the option `exit`.
fn idle() -> ! {
    if application_processors::arrive(BootStage::Up) {
        let boot_info = &BOOT.wait().boot_info;
        log::info!(
            "All {} processors are up and idle {}",
            this_cpu::cpus_count(),
            EndOfBoot(boot_info)
        );
        end();
    }
    if this_cpu::current_cpu_id() == BSP_ID {
        end_of_boot::wait_for_processors();
    }
    hlt_loop(logger::draw)
}
