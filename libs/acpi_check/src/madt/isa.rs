//! Interrupts of the ISA bus: polarity and trigger mode, and the inputs of the I/O APICs to which they are wired.

use super::MadtEntries;
use super::entry::MadtEntry;

/// Number of interrupts of the ISA bus.
pub(super) const ISA_IRQ_COUNT: u8 = 16;

/// A global system interrupt: numbers the inputs of all I/O APICs consecutively.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct GlobalSystemInterrupt(pub u32);

/// Polarity and trigger mode in a table (ACPI specification, table "MPS INTI Flags"), not validated: two of the values
/// are reserved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineFlags(u16);

/// The active level of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Polarity {
    /// High.
    ActiveHigh,
    /// Low.
    ActiveLow,
}

/// The trigger mode of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// Edge-triggered.
    Edge,
    /// Level-triggered.
    Level,
}

/// Validated polarity and trigger mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InterruptLine {
    /// Active level.
    pub polarity: Polarity,
    /// Trigger mode.
    pub trigger: Trigger,
}

/// The input of an ISA interrupt, with polarity and trigger mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IsaRoute {
    /// The input of an I/O APIC.
    pub interrupt: GlobalSystemInterrupt,
    /// Polarity and trigger mode.
    pub line: InterruptLine,
}

/// The routes of all interrupts of the ISA bus: to the inputs of the same numbers, with the MADT's exceptions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IsaRoutes {
    /// The exceptions, by the interrupt's number.
    overrides: [Option<IsaRoute>; ISA_IRQ_COUNT as usize],
}

impl InterruptLine {
    /// The default of the ISA bus.
    pub const ISA: Self = Self {
        polarity: Polarity::ActiveHigh,
        trigger: Trigger::Edge,
    };
}

impl LineFlags {
    /// Wraps the flags of a table.
    #[must_use]
    pub const fn new(flags: u16) -> Self {
        Self(flags)
    }

    /// The flags.
    #[must_use]
    pub const fn as_u16(self) -> u16 {
        self.0
    }

    /// Validates the flags for a line of the ISA bus. `None` for a reserved value.
    #[must_use]
    pub const fn on_isa(self) -> Option<InterruptLine> {
        let polarity = match self.0 & 0b11 {
            0b00 => InterruptLine::ISA.polarity,
            0b01 => Polarity::ActiveHigh,
            0b11 => Polarity::ActiveLow,
            _ => return None,
        };
        let trigger = match self.0 >> 2 & 0b11 {
            0b00 => InterruptLine::ISA.trigger,
            0b01 => Trigger::Edge,
            0b11 => Trigger::Level,
            _ => return None,
        };
        Some(InterruptLine { polarity, trigger })
    }
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
