//! The inputs of the I/O APICs to which all interrupts of the ISA bus are wired.

use super::MadtEntries;
use super::entry::MadtEntry;
use super::isa::{GlobalSystemInterrupt, ISA_IRQ_COUNT, InterruptLine, IsaRoute};

/// The routes of all interrupts of the ISA bus: to the inputs of the same numbers, with the MADT's exceptions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IsaRoutes {
    /// The exceptions, by the interrupt's number.
    overrides: [Option<IsaRoute>; ISA_IRQ_COUNT as usize],
}

impl IsaRoutes {
    /// Reads a MADT. Invalid entries are skipped; of two for the same interrupt the later one applies.
    pub fn read(entries: MadtEntries<'_>) -> Self {
        let mut routes = Self::default();
        for entry in entries.flatten() {
            if let MadtEntry::SourceOverride { irq, route } = entry
                && let Some(slot) = routes.overrides.get_mut(usize::from(irq))
            {
                *slot = Some(route);
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
        (!is_taken).then_some(IsaRoute {
            interrupt,
            line: InterruptLine::ISA,
        })
    }
}
