//! Everything that the crate `acpi` reads from tables, called once.

use acpi::platform::InterruptModel;
use acpi::platform::interrupt::Apic;
use acpi::platform::numa::NumaInfo;
use acpi::platform::{AcpiPlatform, PciConfigRegions, PmTimer};
use acpi::sdt::bgrt::Bgrt;
use acpi::sdt::fadt::Fadt;
use acpi::sdt::hpet::HpetTable;
use acpi::sdt::madt::{Madt, MadtEntry};
use acpi::sdt::mcfg::Mcfg;
use acpi::sdt::slit::Slit;
use acpi::sdt::spcr::Spcr;
use acpi::sdt::srat::Srat;
use acpi::{AcpiError, AcpiTable, AcpiTables, HpetInfo};
use acpi_check::{EntryKind, MadtEntries};
use x86_64::PhysAddr;

use super::handler::CopyAlone;

/// What the crate found.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Found {
    /// How many tables the list names.
    pub(crate) listed: usize,
    /// Whether the FADT leads to a DSDT.
    pub(crate) has_dsdt: bool,
}

/// Has the crate read a whole copy.
pub(crate) fn walk(image: &[u8], base: PhysAddr) -> Found {
    let base = usize::try_from(base.as_u64()).expect("64 bits");
    let copy = CopyAlone::new(image, base);
    let new = || {
        // SAFETY: The copy is a root pointer and what it leads to; its handler panics at everything else.
        unsafe { AcpiTables::from_rsdp(copy.clone(), base) }.expect("the copy begins with a root pointer")
    };
    let tables = new();
    let mut listed = 0;
    for (_, header) in tables.table_headers() {
        let signature = header.signature;
        _ = format!("{signature} {header:?} {:?}", header.oem_id());
        listed += 1;
    }
    let dsdt = tables.dsdt();
    if let Ok(dsdt) = &dsdt {
        let end = dsdt.phys_address + dsdt.length as usize;
        assert!(dsdt.phys_address > base && end <= base + image.len());
    }
    for ssdt in tables.ssdts() {
        assert!(ssdt.phys_address > base && ssdt.phys_address + ssdt.length as usize <= base + image.len());
    }
    walk_fadt(&tables);
    walk_madt(&tables, image, base);
    walk_small_tables(&tables);
    _ = NumaInfo::new(new());
    _ = AcpiPlatform::new(new(), copy.clone());
    Found {
        listed,
        has_dsdt: dsdt.is_ok(),
    }
}

/// A copied table is right, but the names of who made it are as they were.
fn validate<T: AcpiTable>(table: &T) {
    let outcome = table.validate();
    assert!(
        !matches!(
            outcome,
            Err(AcpiError::SdtInvalidChecksum(_) | AcpiError::SdtInvalidSignature(_))
        ),
        "{outcome:?}"
    );
}

/// All that the FADT can be asked for.
fn walk_fadt(tables: &AcpiTables<CopyAlone>) {
    for fadt in tables.find_tables::<Fadt>() {
        validate(&*fadt);
        _ = format!("{:?}", *fadt);
        assert!(fadt.facs_address().is_err());
        _ = (fadt.dsdt_address(), fadt.power_profile());
        _ = (fadt.pm1a_event_block(), fadt.pm1b_event_block());
        _ = (fadt.pm1a_control_block(), fadt.pm1b_control_block());
        _ = (fadt.pm2_control_block(), fadt.pm_timer_block());
        _ = (fadt.gpe0_block(), fadt.gpe1_block());
        _ = (
            fadt.reset_register(),
            fadt.sleep_control_register(),
            fadt.sleep_status_register(),
        );
        _ = PmTimer::new(&fadt);
    }
}

/// All that the MADT can be asked for.
fn walk_madt(tables: &AcpiTables<CopyAlone>, image: &[u8], base: usize) {
    let Some(madt) = tables.find_table::<Madt>() else {
        return;
    };
    _ = format!("{:?}", madt.get());
    for madt in tables.find_tables::<Madt>() {
        let mut count = 0;
        for entry in madt.get().entries() {
            if let MadtEntry::LocalSapic(_) | MadtEntry::Gicc(_) = entry {
                panic!("an entry of another architecture");
            }
            _ = format!("{entry:?}");
            count += 1;
            assert!(count < image.len(), "endless");
        }
        _ = (madt.get().supports_8259(), madt.get().get_mpwk_mailbox_addr());
    }
    let (model, processors) = InterruptModel::new(tables).expect("no entry is left that the crate refuses");
    assert!(processors.is_some());
    let InterruptModel::Apic(apic) = model else {
        panic!("there is a processor with a local APIC");
    };
    let start = madt.physical_start - base;
    assert_same(&apic, &image[start..][..madt.region_length]);
}

/// The crate reads from the entries what [`MadtEntries`] reads.
fn assert_same(apic: &Apic, madt: &[u8]) {
    let kinds: Vec<EntryKind> = MadtEntries::in_bytes(madt)
        .map(|entry| entry.expect("the copy is sanitized").kind)
        .collect();
    let io_apics: Vec<_> = kinds
        .iter()
        .filter_map(|kind| match kind {
            EntryKind::IoApic(io_apic) => Some((io_apic.id, io_apic.address.as_u64(), io_apic.first_interrupt.0)),
            _ => None,
        })
        .collect();
    let overrides: Vec<_> = kinds
        .iter()
        .filter_map(|kind| match kind {
            EntryKind::SourceOverride(exception) => Some((exception.irq, exception.interrupt.0)),
            _ => None,
        })
        .collect();
    let theirs = apic.io_apics.iter();
    let theirs = theirs.map(|theirs| (theirs.id, theirs.address.into(), theirs.global_system_interrupt_base));
    assert_eq!(theirs.collect::<Vec<_>>(), io_apics);
    let theirs = apic.interrupt_source_overrides.iter();
    let theirs = theirs.map(|theirs| (theirs.isa_source, theirs.global_system_interrupt));
    assert_eq!(theirs.collect::<Vec<_>>(), overrides);
    let count = |is: fn(&EntryKind) -> bool| kinds.iter().filter(|kind| is(kind)).count();
    assert_eq!(
        apic.nmi_sources.len(),
        count(|kind| matches!(kind, EntryKind::NmiSource(_)))
    );
    assert_eq!(
        apic.local_apic_nmi_lines.len(),
        count(|kind| matches!(kind, EntryKind::LocalNmi(_)))
    );
}

/// All that the other tables can be asked for.
fn walk_small_tables(tables: &AcpiTables<CopyAlone>) {
    for hpet in tables.find_tables::<HpetTable>() {
        validate(&*hpet);
    }
    _ = HpetInfo::new(tables);
    for mcfg in tables.find_tables::<Mcfg>() {
        validate(&*mcfg);
        _ = format!("{:?}", *mcfg);
    }
    if let Ok(regions) = PciConfigRegions::new(tables) {
        for bus in 0..=255 {
            _ = regions.physical_address(0, bus, 31, 7);
            _ = regions.physical_address(u16::MAX, bus, 31, 7);
        }
    }
    for spcr in tables.find_tables::<Spcr>() {
        validate(&*spcr);
        _ = format!("{:?} {:?}", *spcr, spcr.interface_type());
        _ = (spcr.base_address(), spcr.baud_rate(), spcr.uart_clock_frequency());
        _ = (
            spcr.flow_control(),
            spcr.interrupt_type(),
            spcr.irq(),
            spcr.global_system_interrupt(),
        );
        _ = (spcr.terminal_type(), spcr.pci_device_id(), spcr.pci_bus_number());
        _ = spcr.namespace_string().map(str::to_owned);
    }
    for bgrt in tables.find_tables::<Bgrt>() {
        validate(&*bgrt);
        _ = (
            bgrt.image_type(),
            bgrt.orientation_offset(),
            bgrt.was_displayed(),
            bgrt.image_offset(),
        );
    }
    assert!(tables.find_table::<Srat>().is_none() && tables.find_table::<Slit>().is_none());
}
