//! Sets up the machine around the processors, step by step.

use super::{
    acpi::Acpi,
    clock,
    clock::ReferenceClocks,
    interrupts, io_apic,
    io_apic::IoApicPlace,
    legacy_pic, local_apic,
    local_apic::{Message, NonMaskablePin},
    power, spcr, timer,
};
use crate::{
    boot::boot_info::BootInfo,
    cpu::{
        cpu_local_data::{cpus_count, current_cpu_id, local_apic_id_of},
        interrupt_vector::InterruptVector,
        nmi_handler_states,
    },
    memory::shootdown,
    output::{logger, panic_handler},
    sync::remote_call,
};
use acpi_check::{InterruptLine, NmiTarget, Polarity, Trigger};
use log::Level;
use spin::Once;

/// Set by [`start`] before any AP starts: the ACPI tables, if any are sound.
static ACPI: Once<Option<Acpi>> = Once::new();

/// Sets up the machine, and this processor's part of it. On the BSP, before any AP starts.
pub fn start(boot_info: &BootInfo) {
    nmi_handler_states::init();
    panic_handler::set_stop_others(stop_others);
    interrupts::init();
    let hooks = remote_call::Hooks {
        kick,
        now_ns: clock::now_ns,
        report: |call| logger::log_at_once(Level::Warn, format_args!("{call}")),
    };
    remote_call::init(cpus_count(), hooks);
    let acpi = ACPI.call_once(|| Acpi::read(boot_info)).as_ref();
    // Before the APs start, so that their lines go to the final serial port.
    if let Some(acpi) = acpi {
        spcr::replace_serial_port(acpi);
    }
    legacy_pic::disable();
    start_on_this_cpu();
    let calibration = clock::init(&reference_clocks(acpi));
    log::info!("Clock: {calibration}");
    log_date();
    start_io_apics(acpi);
    power::init(acpi);
    timer::init();
}

/// Sets up this processor's part of the machine.
pub fn start_on_this_cpu() {
    let acpi = ACPI.wait().as_ref();
    if let Err(error) = local_apic::init_this_cpu(acpi.into_iter().flat_map(own_non_maskable_pins)) {
        log::error!("The local APIC cannot be used: {error}");
    }
    remote_call::go_online();
    // Earlier flush requests did not reach this processor.
    shootdown::flush_here();
}

fn reference_clocks(acpi: Option<&Acpi>) -> ReferenceClocks {
    ReferenceClocks {
        hpet: acpi.and_then(Acpi::hpet),
        power_management_timer: acpi.and_then(Acpi::power_management_timer).map(|timer| timer.port.0),
    }
}

fn log_date() {
    match clock::date_at_boot() {
        Some(date) => {
            let (hour, minute, second) = date.as_hms();
            log::info!("Booted on {} at {hour:02}:{minute:02}:{second:02} UTC", date.date());
        }
        None => log::warn!(
            "The boot loader does not say what time it is: to have dates, take one with the date-at-boot feature"
        ),
    }
}

fn start_io_apics(acpi: Option<&Acpi>) {
    let places = acpi.into_iter().flat_map(Acpi::io_apics).map(|io_apic| IoApicPlace {
        address: io_apic.address,
        first_gsi: io_apic.first_interrupt.0,
    });
    let refuse = |place: IoApicPlace, error| {
        log::warn!(
            "The I/O APIC at {:#x} cannot be used: {error}. Its devices cannot interrupt; a firmware update may help",
            place.address
        );
    };
    match io_apic::init(places, refuse) {
        0 => log::warn!(
            "There is no I/O APIC: devices cannot interrupt. Switch ACPI and the I/O APIC on in the firmware's setup"
        ),
        inputs => log::debug!("The I/O APICs have {inputs} inputs"),
    }
}

fn own_non_maskable_pins(acpi: &Acpi) -> impl Iterator<Item = NonMaskablePin> {
    let processor_id = local_apic_id_of(current_cpu_id()).and_then(|id| acpi.processor_id_of(id));
    let is_own = move |target| match target {
        NmiTarget::AllProcessors => true,
        NmiTarget::Processor(id) => Some(id) == processor_id,
    };
    let own = acpi.local_nmis().filter(move |local_nmi| is_own(local_nmi.target));
    own.map(|local_nmi| {
        let signal = local_nmi.flags.on_isa().unwrap_or(InterruptLine::ISA);
        NonMaskablePin {
            line: local_nmi.line,
            is_active_low: signal.polarity == Polarity::ActiveLow,
            is_level_triggered: signal.trigger == Trigger::Level,
        }
    })
}

/// Interrupts a processor so that it runs requested calls.
fn kick(cpu_id: u32) {
    local_apic::send(cpu_id, Message::Interrupt(InterruptVector::RemoteCall.into()));
}

fn stop_others() {
    nmi_handler_states::stop_others(|cpu_id| {
        local_apic::send(cpu_id, Message::NonMaskable);
    });
}

/// The inputs of the I/O APICs to which ISA interrupts are wired, by the ACPI tables.
pub fn isa_routes() -> acpi_check::IsaRoutes {
    ACPI.get()
        .and_then(Option::as_ref)
        .map_or_else(Default::default, Acpi::isa_routes)
}
