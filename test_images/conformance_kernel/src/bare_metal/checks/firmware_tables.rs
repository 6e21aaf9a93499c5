//! ACPI, SMBIOS and EFI: the address has the form of base revision 6 (in the direct map), what lies there is mapped
//! and is what it claims to be.

use super::super::{
    facts::Facts,
    report::Report,
    requests::{EFI_SYSTEM_TABLE_REQUEST, FIRMWARE_TYPE_REQUEST, RSDP_REQUEST, SMBIOS_REQUEST},
};
use limine::firmware::FIRMWARE_TYPE_EFI64;

/// Bytes of an ACPI table's header.
const ACPI_HEADER_BYTES: u64 = 36;

/// Checks all three.
pub(crate) fn check(report: &mut Report, facts: &Facts) {
    check_rsdp(report, facts);
    check_smbios(report, facts);
    check_efi_system_table(report, facts);
}

/// The number at `offset`, little-endian, or 0 beyond the end.
fn number(bytes: &[u8], offset: usize, length_bytes: usize) -> u64 {
    let field = bytes.get(offset..offset + length_bytes).unwrap_or(&[]);
    field.iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte))
}

/// Whether the bytes add up to zero, as ACPI and SMBIOS want it.
fn adds_up(bytes: &[u8]) -> bool {
    bytes.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte)) == 0
}

/// The RSDP and every table that it leads to.
fn check_rsdp(report: &mut Report, facts: &Facts) {
    report.section("rsdp");
    let address = RSDP_REQUEST.response().map(|response| response.address as u64);
    facts.expectations.report_presence(report, "rsdp", address.is_some());
    let Some(address) = address else { return };
    report.info("address", format_args!("{address:#x}"));
    report.holds(
        "in_hhdm",
        address >= facts.hhdm_offset,
        "in the direct map",
        format_args!("{address:#x}"),
    );
    let Some(old_part) = facts.page_tables.bytes(address, 20) else {
        report.holds("mapped", false, "mapped", format_args!("{address:#x}"));
        return;
    };
    report.holds("mapped", true, "", "");
    report.holds(
        "signature",
        old_part.starts_with(b"RSD PTR "),
        "RSD PTR",
        format_args!("{old_part:x?}"),
    );
    report.holds("checksum", adds_up(old_part), "0", "another sum");
    let revision = old_part[15];
    report.fact("revision", revision);
    if revision >= 2 {
        let is_whole = facts.page_tables.bytes(address, 36).is_some_and(adds_up);
        report.holds("extended_checksum", is_whole, "0", "another sum or a hole");
    }
    for (count, table) in AcpiTables::of(facts).enumerate() {
        report.numbered_section("acpi_table", count);
        match table {
            Ok(table) => {
                let signature = core::str::from_utf8(&table[..4]).unwrap_or("????");
                report.fact("signature", signature);
                report.holds("mapped", true, "", "");
                report.holds("checksum", signature == "FACS" || adds_up(table), "0", "another sum");
            }
            Err(address) => report.holds("mapped", false, "mapped whole", format_args!("a hole in {address:#x}")),
        }
    }
}

/// The tables that the RSDT or XSDT lists, that table first.
pub(crate) struct AcpiTables<'a> {
    /// For the page tables.
    facts: &'a Facts,
    /// Comes first.
    root: Option<u64>,
    /// Addresses, as the root table holds them.
    list: &'static [u8],
    /// Bytes of an address.
    entry_bytes: usize,
}

impl<'a> AcpiTables<'a> {
    /// Starts at the response; empty without one.
    pub(crate) fn of(facts: &'a Facts) -> Self {
        let rsdp = RSDP_REQUEST.response().map(|response| response.address as u64);
        let rsdp = rsdp.and_then(|address| facts.page_tables.bytes(address, 20).map(|bytes| (address, bytes)));
        let Some((address, old_part)) = rsdp else {
            return Self {
                facts,
                root: None,
                list: &[],
                entry_bytes: 4,
            };
        };
        let xsdt = if old_part[15] >= 2 {
            facts.page_tables.bytes(address, 36)
        } else {
            None
        };
        let xsdt = xsdt.map_or(0, |rsdp| number(rsdp, 24, 8));
        let (root, entry_bytes) = if xsdt != 0 {
            (xsdt, 8)
        } else {
            (number(old_part, 16, 4), 4)
        };
        let list = table_at(facts, root)
            .ok()
            .and_then(|table| table.get(36..))
            .unwrap_or(&[]);
        Self {
            facts,
            root: Some(root),
            list,
            entry_bytes,
        }
    }

    /// The table with a signature.
    pub(crate) fn find(self, signature: &[u8; 4]) -> Option<&'static [u8]> {
        self.filter_map(Result::ok).find(|table| table.starts_with(signature))
    }
}

impl Iterator for AcpiTables<'_> {
    /// The whole table, or its physical address when it is not mapped whole.
    type Item = Result<&'static [u8], u64>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(root) = self.root.take() {
            return Some(table_at(self.facts, root));
        }
        let (address, rest) = self.list.split_at_checked(self.entry_bytes)?;
        self.list = rest;
        Some(table_at(self.facts, number(address, 0, self.entry_bytes)))
    }
}

/// The table at a physical address.
fn table_at(facts: &Facts, physical_address: u64) -> Result<&'static [u8], u64> {
    let address = facts.hhdm_offset + physical_address;
    let header = facts
        .page_tables
        .bytes(address, ACPI_HEADER_BYTES)
        .ok_or(physical_address)?;
    facts
        .page_tables
        .bytes(address, number(header, 4, 4).max(ACPI_HEADER_BYTES))
        .ok_or(physical_address)
}

/// One or both entry points.
fn check_smbios(report: &mut Report, facts: &Facts) {
    report.section("smbios");
    let response = SMBIOS_REQUEST.response();
    facts.expectations.report_presence(report, "smbios", response.is_some());
    let Some(response) = response else { return };
    let (entry_32, entry_64) = (response.entry_32 as u64, response.entry_64 as u64);
    report.holds("any_entry", entry_32 != 0 || entry_64 != 0, "one of two", "none");
    report.fact("has_entry_32", entry_32 != 0);
    report.fact("has_entry_64", entry_64 != 0);
    check_smbios_entry(
        report,
        facts,
        entry_32,
        ["entry_32_mapped", "entry_32_anchor", "entry_32_checksum"],
        b"_SM_",
        5,
    );
    check_smbios_entry(
        report,
        facts,
        entry_64,
        ["entry_64_mapped", "entry_64_anchor", "entry_64_checksum"],
        b"_SM3_",
        6,
    );
}

/// An entry point with its anchor and the offset of its length.
fn check_smbios_entry(
    report: &mut Report,
    facts: &Facts,
    address: u64,
    fields: [&str; 3],
    anchor: &[u8],
    length_offset: usize,
) {
    if address == 0 {
        return;
    }
    let bytes = facts
        .page_tables
        .bytes(address, 24)
        .filter(|_| address >= facts.hhdm_offset);
    report.holds(
        fields[0],
        bytes.is_some(),
        "mapped in the direct map",
        format_args!("{address:#x}"),
    );
    let Some(start) = bytes else { return };
    report.holds(
        fields[1],
        start.starts_with(anchor),
        "the anchor",
        format_args!("{start:x?}"),
    );
    let whole = facts.page_tables.bytes(address, number(start, length_offset, 1));
    report.holds(fields[2], whole.is_some_and(adds_up), "0", "another sum or a hole");
}

/// Under UEFI only.
fn check_efi_system_table(report: &mut Report, facts: &Facts) {
    report.section("efi_system_table");
    let response = EFI_SYSTEM_TABLE_REQUEST.response();
    let is_efi = FIRMWARE_TYPE_REQUEST
        .response()
        .is_some_and(|response| response.firmware_type == FIRMWARE_TYPE_EFI64);
    let found = if response.is_some() { "present" } else { "absent" };
    report.holds(
        "presence",
        response.is_some() == is_efi,
        if is_efi { "present" } else { "absent" },
        found,
    );
    let Some(address) = response.map(|response| response.address as u64) else {
        return;
    };
    let bytes = facts
        .page_tables
        .bytes(address, 120)
        .filter(|_| address >= facts.hhdm_offset);
    report.holds(
        "mapped",
        bytes.is_some(),
        "mapped in the direct map",
        format_args!("{address:#x}"),
    );
    let Some(table) = bytes else { return };
    report.holds(
        "signature",
        table.starts_with(b"IBI SYST"),
        "IBI SYST",
        format_args!("{:x?}", &table[..8]),
    );
    report.fact("revision", format_args!("{:#x}", number(table, 8, 4)));
    let configuration_count = number(table, 104, 8);
    report.holds(
        "configuration_count",
        (1..256).contains(&configuration_count),
        "1 to 255",
        configuration_count,
    );
    let configuration = number(table, 112, 8);
    let is_mapped = facts
        .page_tables
        .is_mapped(facts.hhdm_offset + configuration, configuration_count * 24);
    report.info("configuration_table_mapped", is_mapped);
}
