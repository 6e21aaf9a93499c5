//! The I/O APIC inputs of the 16 ISA interrupts: the identity mapping, with the MADT's exceptions applied.

use super::MadtEntries;
use super::entry::{EntryKind, GlobalSystemInterrupt, SourceOverride};
use super::line::{InterruptLine, Polarity, Trigger};

/// Number of interrupts of the ISA bus.
pub(super) const ISA_IRQ_COUNT: u8 = 16;

/// The input of an ISA interrupt, with polarity and trigger mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IsaRoute {
    /// The input of an I/O APIC.
    pub interrupt: GlobalSystemInterrupt,
    /// Active level.
    pub polarity: Polarity,
    /// Trigger mode.
    pub trigger: Trigger,
}

/// The routes of all interrupts of the ISA bus.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IsaRoutes {
    /// The exceptions, by the interrupt's number.
    overrides: [Option<IsaRoute>; ISA_IRQ_COUNT as usize],
}

impl IsaRoutes {
    /// Reads a MADT. Invalid entries and those of other buses are skipped; of two for the same interrupt the later one
    /// applies.
    pub fn read(entries: MadtEntries<'_>) -> Self {
        let mut routes = Self::default();
        for entry in entries.flatten() {
            if let EntryKind::SourceOverride(exception) = entry.kind {
                routes.take(exception);
            }
        }
        routes
    }

    /// The route of the interrupt `irq`: the input of the same number, edge-triggered and active high, unless the MADT has
    /// an exception. `None` if there is no such interrupt, or another one uses its input.
    #[must_use]
    pub fn route(&self, irq: u8) -> Option<IsaRoute> {
        let exception = self.overrides.get(usize::from(irq))?;
        if exception.is_some() {
            return *exception;
        }
        let interrupt = GlobalSystemInterrupt(u32::from(irq));
        let is_taken = self
            .overrides
            .iter()
            .flatten()
            .any(|other| other.interrupt == interrupt);
        (!is_taken).then_some(IsaRoute::new(interrupt, InterruptLine::ISA))
    }

    /// Notes an exception.
    fn take(&mut self, exception: SourceOverride) {
        let slot = self.overrides.get_mut(usize::from(exception.irq));
        if let (0, Some(slot), Some(line)) = (exception.bus, slot, exception.flags.on_isa()) {
            *slot = Some(IsaRoute::new(exception.interrupt, line));
        }
    }
}

impl IsaRoute {
    /// A route to this input.
    const fn new(interrupt: GlobalSystemInterrupt, line: InterruptLine) -> Self {
        Self {
            interrupt,
            polarity: line.polarity,
            trigger: line.trigger,
        }
    }
}
