//! Limelight: a kernel for x86_64, entered by the Limine boot protocol. This file is the table of contents of its boot.
//!
//! BSP: the bootstrap processor, which the boot loader enters first. AP: every other ("application") processor.
//!
//! The layers, lower first: [`sync`], [`boot`], [`output`], [`memory`], [`cpu`]. A module uses its own layer and those
//! before it; what a lower layer needs from a higher one is a hook that this file installs. Only this file and the panic
//! handler may use all.
#![no_std]

extern crate alloc;

mod additions;
pub mod boot;
pub mod cpu;
pub mod memory;
pub mod output;
pub mod sync;

pub use additions::Additions;

use boot::{boot_info::BootInfo, module, screen};
use cpu::{
    application_processors, cpu_local_data,
    cpu_local_data::{BSP_ID, CpuLocalData},
    early,
    hlt_loop::hlt_loop,
    idt, processors, protections,
    protections::Protections,
    trap,
};
use limine::mp::MpInfo;
use memory::{frame_cache, physical_memory, virtual_memory};
use output::{backtrace, logger, logger::CpuHooks, panic_handler};
use spin::Once;

/// What the later steps of the boot need from the earlier ones.
struct Boot {
    /// What the boot loader said.
    boot_info: BootInfo,
    /// What a second package adds.
    additions: &'static Additions,
}

/// Set by [`init_bsp`] before any AP starts.
static BOOT: Once<Boot> = Once::new();

/// Boots on the BSP.
pub fn init_bsp(additions: &'static Additions) -> ! {
    early::install_on_bsp();
    idt::load();
    trap::set_other_handler(additions.on_interrupt);
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
    boot_info.hhdm_offset.install();
    apply_options(&boot_info, additions);
    logger::attach_screen(boot_info.take_screen());
    boot_info.log();

    // From here on memory is the kernel's own.
    let protections = Protections::switch_on();
    log::info!("Protections: {protections}");
    protections::warn_of_leaks();
    memory::init(&boot_info, cpu::paging::set_up()).unwrap_or_else(|error| panic_handler::refuse_to_boot(&error));
    frame_cache::init(cpu_local_data::cpus_count(), || {
        cpu_local_data::current_cpu_id().unwrap_or(BSP_ID)
    });
    match module::kernel_file().map(backtrace::keep_symbols) {
        Ok(Ok(functions)) => log::debug!("Backtraces name {functions} functions"),
        Ok(Err(error)) => log::warn!("Backtraces name no functions: {error}"),
        Err(error) => log::warn!("Backtraces name no functions: the kernel's file: {error:?}"),
    }
    BOOT.call_once(|| Boot {
        boot_info: boot_info.copy_out(),
        additions,
    });
    processors::create(application_processors::local_apic_ids())
        .unwrap_or_else(|error| panic_handler::refuse_to_boot(&error));
    processors::run_on_own_stack(BSP_ID, init_bsp_on_own_stack)
}

/// Goes on on the BSP, on its guarded stack.
extern "C" fn init_bsp_on_own_stack(local_data: &'static CpuLocalData) -> ! {
    let Boot { boot_info, additions } = BOOT.wait();
    local_data.install();
    idt::load();
    // The list of processors is in the boot loader's memory: it is read before this processor lets go of that.
    application_processors::start(entry_point_from_limine_mp);
    leave_boot_loader();
    (additions.on_bsp)(boot_info);
    idle()
}

/// Where the boot loader lets an AP go to (Limine boot protocol, "MP Request").
#[unsafe(no_mangle)]
unsafe extern "C" fn entry_point_from_limine_mp(mp_info: &MpInfo) -> ! {
    // The BSP put the id there, and ids are 32 bits wide.
    let cpu_id = u32::try_from(mp_info.extra_argument()).unwrap_or(u32::MAX);
    Protections::switch_on();
    cpu::paging::set_up();
    // SAFETY: NX and the PAT are set as on the BSP; the code, and the boot loader's stack, are mapped as before.
    unsafe { virtual_memory::switch_to_kernel_table() };
    processors::run_on_own_stack(cpu_id, init_ap_on_own_stack)
}

/// Boots on an AP, on its guarded stack.
extern "C" fn init_ap_on_own_stack(local_data: &'static CpuLocalData) -> ! {
    local_data.install();
    idt::load();
    leave_boot_loader();
    log::info!("Hello from AP");
    (BOOT.wait().additions.on_ap)();
    idle()
}

/// Does what the command line asks for.
fn apply_options(boot_info: &BootInfo, additions: &Additions) {
    let options = boot_info.options(additions.knows_word);
    log::set_max_level(options.log_level);
    if options.on_panic == command_line::OnPanic::Exit {
        panic_handler::exit_qemu_on_panic();
    }
}

/// Tells that this processor needs nothing of the boot loader's any more. After the last one, its memory is reused.
fn leave_boot_loader() {
    if application_processors::LEFT_BOOT_LOADER.pass()
        && let Some(mut memory) = physical_memory::lock()
    {
        // SAFETY: Every processor runs on the kernel's stacks, tables and segments; what the boot loader said was copied.
        let reclaimed = unsafe { memory.reclaim_boot_loader_memory() };
        let usable_bytes = memory.usable_bytes();
        drop(memory);
        match reclaimed {
            Ok(bytes) => log::info!(
                "Memory: {} KiB of the boot loader's reclaimed, {} MiB free",
                bytes >> 10,
                usable_bytes >> 20
            ),
            Err(error) => log::error!("The boot loader's memory cannot be reclaimed: {error:?}"),
        }
    }
}

/// The end of every processor's boot. The last one says that all are there.
fn idle() -> ! {
    if application_processors::IS_UP.pass() {
        log::info!("All {} processors are up and idle", cpu_local_data::cpus_count());
    }
    hlt_loop(logger::draw)
}
