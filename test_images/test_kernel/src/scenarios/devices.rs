//! A device's interrupt, on its way through an I/O APIC.

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

/// The vector that the device gets.
const VECTOR: u8 = 0x50;

/// The processor that the device gets.
const TARGET: u32 = 1;

/// Interrupts that are waited for.
const WANTED: u32 = 20;

/// The interrupt of the PIT on the ISA bus.
const PIT_IRQ: u8 = 0;

/// What the PIT's frequency is divided by: about a hundred interrupts a second.
const PIT_DIVISOR: u16 = 11_932;

/// How often the device has interrupted the right processor, and how often another one.
static RIGHT: AtomicU32 = AtomicU32::new(0);
/// See [`RIGHT`].
static WRONG: AtomicU32 = AtomicU32::new(0);

/// Counts the device's interrupts; any other vector is not ours.
pub(super) fn count(vector: u8) -> bool {
    if vector == VECTOR {
        let counter = if current_cpu_id() == TARGET { &RIGHT } else { &WRONG };
        counter.fetch_add(1, Ordering::Relaxed);
    }
    vector == VECTOR
}

/// Lets the PIT interrupt a processor, masks it again, and asks for what cannot be.
pub(super) fn route() {
    start_pit();
    let Some(route) = isa_routes().route(PIT_IRQ) else {
        log::error!("The PIT has no route");
        return;
    };
    let signal = Signal {
        is_active_low: route.polarity == acpi_check::Polarity::ActiveLow,
        is_level_triggered: route.trigger == acpi_check::Trigger::Level,
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
        "PIT at GSI {gsi}: {} too many, {} on a wrong processor",
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

/// Asks for a route to the last processor, whose id an I/O APIC cannot name when there are many.
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

/// Lets the PIT's first channel interrupt again and again.
fn start_pit() {
    let [low, high] = PIT_DIVISOR.to_le_bytes();
    // Channel 0, both bytes, rate generator (8254 data sheet, "Control Word Format").
    for (port, value) in [(0x43_u16, 0b0011_0100_u8), (0x40, low), (0x40, high)] {
        // SAFETY: The ports are the PIT's on every PC, and the kernel does not use its first channel.
        unsafe { Port::new(port).write(value) };
    }
}
