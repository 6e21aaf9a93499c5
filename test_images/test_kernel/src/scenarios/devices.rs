//! Routes a device's interrupt through an I/O APIC.

use core::{
    hint,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};
use kernel::{
    cpu::cpu_local_data::{cpus_count, current_cpu_id},
    platform::{
        io_apic::{self, Signal},
        isa_routes, timer,
    },
};
use x86_64::instructions::port::Port;

/// Vector of the device.
const VECTOR: u8 = 0x50;

/// Processor that handles the device.
const TARGET: u32 = 1;

/// Number of interrupts to wait for.
const WANTED: u32 = 20;

/// ISA interrupt of the PIT.
const PIT_IRQ: u8 = 0;

/// Divisor of the PIT: about 100 interrupts a second.
const PIT_DIVISOR: u16 = 11_932;

/// Number of interrupts on the right processor.
static RIGHT: AtomicU32 = AtomicU32::new(0);
/// Number of interrupts on other processors.
static WRONG: AtomicU32 = AtomicU32::new(0);

/// Counts the device's interrupts. Returns whether the vector is the device's.
pub(super) fn count(vector: u8) -> bool {
    if vector == VECTOR {
        let counter = if current_cpu_id() == TARGET { &RIGHT } else { &WRONG };
        counter.fetch_add(1, Ordering::Relaxed);
    }
    vector == VECTOR
}

/// Routes the PIT to a processor, masks it again, and requests impossible routes.
pub(super) fn route() {
    start_pit();
    let Some(route) = isa_routes().route(PIT_IRQ) else {
        log::error!("The PIT has no route");
        return;
    };
    let signal = Signal {
        is_active_low: route.line.polarity == acpi_check::Polarity::ActiveLow,
        is_level_triggered: route.line.trigger == acpi_check::Trigger::Level,
    };
    let gsi = route.interrupt.0;
    io_apic::route(gsi, signal, TARGET, VECTOR).expect("the route is possible");
    while RIGHT.load(Ordering::Relaxed) < WANTED {
        hint::spin_loop();
    }
    io_apic::mask(gsi).expect("the interrupt was routed");
    timer::sleep(Duration::from_millis(20));
    let before = RIGHT.load(Ordering::Relaxed);
    timer::sleep(Duration::from_millis(200));
    let after = RIGHT.load(Ordering::Relaxed);
    log::info!(
        "PIT at GSI {gsi}: {} after the mask, {} on a wrong processor",
        after - before,
        WRONG.load(Ordering::Relaxed)
    );
    for (gsi, cpu_id, vector) in [(9999, TARGET, VECTOR), (gsi, cpus_count(), VECTOR), (gsi, TARGET, 0x1f)] {
        match io_apic::route(gsi, signal, cpu_id, vector) {
            Ok(()) => log::error!("The interrupt {gsi} was routed to processor {cpu_id}, vector {vector:#x}"),
            Err(error) => log::info!("Not routed: {error}"),
        }
    }
    log::info!("End of the routes");
}

/// Requests a route to the last processor, whose APIC id is too large for an I/O APIC on a large machine.
pub(super) fn route_out_of_reach() {
    let signal = Signal {
        is_active_low: false,
        is_level_triggered: false,
    };
    match io_apic::route(2, signal, cpus_count() - 1, VECTOR) {
        Ok(()) => log::error!("The interrupt was routed"),
        Err(error) => log::info!("Not routed: {error}"),
    }
}

/// Starts periodic interrupts of the PIT's first channel.
fn start_pit() {
    let [low, high] = PIT_DIVISOR.to_le_bytes();
    // Channel 0, both bytes, rate generator (8254 data sheet, "Control Word Format").
    for (port, value) in [(0x43_u16, 0b0011_0100_u8), (0x40, low), (0x40, high)] {
        // SAFETY: Every PC has the PIT at these ports, and the kernel does not use its first channel.
        unsafe { Port::new(port).write(value) };
    }
}
