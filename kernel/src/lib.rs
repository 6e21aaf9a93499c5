//! Limelight: a kernel for x86_64, entered by the Limine boot protocol. This file is the table of contents of its boot.
//!
//! BSP: the bootstrap processor, which the boot loader enters first. AP: every other ("application") processor.
//!
//! The layers, lower first: [`boot`], [`output`], [`cpu`]. A module uses its own layer and those before it; what a lower
//! layer needs from a higher one is a hook that this file installs. Only this file and the panic handler may use all.
#![no_std]

mod additions;
pub mod boot;
pub mod cpu;
pub mod output;

pub use additions::Additions;

use boot::{boot_info::BootInfo, screen};
use cpu::{application_processors, cpu_local_data, cpu_local_data::CpuLocalData, hlt_loop::hlt_loop};
use limine::mp::MpInfo;
use output::{logger, logger::CpuHooks, panic_handler};
use spin::Once;

/// Set by [`init_bsp`] before any AP starts.
static ADDITIONS: Once<&'static Additions> = Once::new();

/// Boots on the BSP, and stays as its idle loop.
pub fn init_bsp(additions: &'static Additions) -> ! {
    let local_data = CpuLocalData {
        kernel_assigned_id: cpu_local_data::BSP_ID,
    };
    // SAFETY: This function never returns, so `local_data` lives for as long as the processor runs.
    unsafe { local_data.install() };
    (additions.at_entry)();
    // The number of processors decides how wide an id is, from the first line on.
    cpu_local_data::set_cpus_count(application_processors::count());
    let cpu_hooks = CpuHooks {
        current_id: cpu_local_data::current_cpu_id,
        count: cpu_local_data::cpus_count,
    };
    logger::init(cpu_hooks, screen::size());
    log::info!("Hello from BSP");

    // From here on the boot loader's answers are typed and checked.
    let boot_info = BootInfo::collect().unwrap_or_else(|error| panic_handler::refuse_to_boot(&error));
    apply_options(&boot_info, additions);
    logger::attach_screen(boot_info.take_screen());
    boot_info.log();

    ADDITIONS.call_once(|| additions);
    application_processors::start(entry_point_from_limine_mp);
    (additions.on_bsp)(&boot_info);
    idle()
}

/// Boots on an AP whose id is `kernel_assigned_id`, and stays as its idle loop.
fn init_ap(kernel_assigned_id: u32) -> ! {
    let local_data = CpuLocalData { kernel_assigned_id };
    // SAFETY: This function never returns, so `local_data` lives for as long as the processor runs.
    unsafe { local_data.install() };
    log::info!("Hello from AP");

    if let Some(additions) = ADDITIONS.get() {
        (additions.on_ap)();
    }
    idle()
}

/// Where the boot loader lets an AP go to (Limine boot protocol, "MP Request").
#[unsafe(no_mangle)]
unsafe extern "C" fn entry_point_from_limine_mp(mp_info: &MpInfo) -> ! {
    // The BSP put the id there, and ids are 32 bits wide.
    let kernel_assigned_id = u32::try_from(mp_info.extra_argument()).unwrap_or(u32::MAX - 1);
    init_ap(kernel_assigned_id)
}

/// Does what the command line asks for.
fn apply_options(boot_info: &BootInfo, additions: &Additions) {
    let options = boot_info.options(additions.knows_word);
    log::set_max_level(options.log_level);
    if options.on_panic == command_line::OnPanic::Exit {
        panic_handler::exit_qemu_on_panic();
    }
}

/// The end of every processor's boot. The last one says that all are there.
fn idle() -> ! {
    if application_processors::is_last_up() {
        log::info!("All {} processors are up and idle", cpu_local_data::cpus_count());
    }
    hlt_loop(logger::draw)
}
