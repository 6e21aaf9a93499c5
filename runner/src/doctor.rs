//! Reports which tools the host has, which are missing, and what installs them: for `cargo run -- doctor`, and for a `cargo run` that
//! lacks a tool.

use iso_image::{Grub, Host, Limine, LimineNotFound, MissingTool};

use crate::firmware::{FirmwareFiles, OvmfNotFound, find_ovmf};
use crate::install_lines::{Tool, install_lines};
use crate::qemu::Qemu;

/// The state of one tool of the host.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Finding {
    /// Its severity.
    severity: Severity,
    /// Description.
    text: String,
    /// Tools that would help, if they can be installed.
    remedy: Option<Tool>,
}

/// Severity of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Severity {
    /// The tool is there.
    Good,
    /// The tool is missing or old, but the kernel boots.
    Lacking,
    /// Nothing boots without the tool.
    Missing,
}

/// The result of an examination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Examination {
    /// Findings and remedies as text.
    pub text: String,
    /// Whether the kernel can be booted.
    pub boots: bool,
}

/// Checks everything.
#[must_use]
pub fn examine(host: &Host) -> Examination {
    let findings = findings(host);
    let mut text = String::new();
    for finding in &findings {
        let mark = match finding.severity {
            Severity::Good => "[ok]",
            Severity::Lacking => "[lacking]",
            Severity::Missing => "[MISSING]",
        };
        text += &format!("{mark:<9} {}\n", finding.text);
    }
    text += &what_installs(findings.iter().filter_map(|finding| finding.remedy), host);
    let boots = !findings.iter().any(|finding| finding.severity == Severity::Missing);
    text += if boots {
        "\nThe kernel can be booted: `cargo run`.\n"
    } else {
        "\nThe kernel cannot be booted yet.\n"
    };
    Examination { text, boots }
}

/// Returns a text with every missing tool that a boot needs, the tools in `remedy` included, and the commands that install them.
#[must_use]
pub fn what_is_missing(named: &[Tool], host: &Host) -> String {
    let missing = findings(host)
        .into_iter()
        .filter(|finding| finding.severity == Severity::Missing);
    let others: Vec<_> = missing
        .filter(|finding| finding.remedy.is_none_or(|tool| !named.contains(&tool)))
        .collect();
    let lines: String = others
        .iter()
        .map(|finding| format!("and:   {}\n", finding.text))
        .collect();
    let tools = named
        .iter()
        .copied()
        .chain(others.iter().filter_map(|finding| finding.remedy));
    lines + &what_installs(tools, host)
}

/// Returns the commands that install these tools.
fn what_installs(tools: impl Iterator<Item = Tool>, host: &Host) -> String {
    let mut wanted = Vec::new();
    for tool in tools {
        if !wanted.contains(&tool) {
            wanted.push(tool);
        }
    }
    let lines: String = install_lines(&wanted, host)
        .iter()
        .map(|line| format!("    {line}\n"))
        .collect();
    if lines.is_empty() {
        lines
    } else {
        format!("\nThis installs it:\n{lines}")
    }
}

/// Returns all findings, in the order in which the tools are used.
fn findings(host: &Host) -> Vec<Finding> {
    let qemu = Qemu::find(host);
    let mut findings = check_loader(host);
    findings.extend([check_qemu(&qemu), check_ovmf(qemu.as_ref().ok()), check_debugger(host)]);
    findings
}

/// Creates a finding about a tool that is there.
fn good(text: String) -> Finding {
    Finding {
        severity: Severity::Good,
        text,
        remedy: None,
    }
}

/// Creates a finding about a tool that a boot does not need.
fn lacking(text: String, remedy: Option<Tool>) -> Finding {
    Finding {
        severity: Severity::Lacking,
        text,
        remedy,
    }
}

/// Creates a finding about a missing tool that a boot needs.
fn missing(text: String, remedy: Option<Tool>) -> Finding {
    Finding {
        severity: Severity::Missing,
        text,
        remedy,
    }
}

/// Examines QEMU and the features of its CPUs.
fn check_qemu(qemu: &Result<Qemu, MissingTool>) -> Finding {
    match qemu {
        Err(error) => missing(error.to_string(), Some(Tool::Qemu)),
        Ok(qemu) if qemu.has_x2apic() => good(format!("QEMU {}: {}", qemu.version(), qemu.program().display())),
        Ok(qemu) => lacking(
            format!(
                "QEMU {}: before version 9 its emulated CPUs have no x2APIC. All else works, up to 255 CPUs \
                 (Debian 12 has a newer one in bookworm-backports)",
                qemu.version()
            ),
            None,
        ),
    }
}

/// Examines OVMF, the UEFI for QEMU.
fn check_ovmf(qemu: Option<&Qemu>) -> Finding {
    match find_ovmf(qemu.map(Qemu::program)) {
        Ok(FirmwareFiles::UefiImage(file)) => good(format!("OVMF (UEFI): {}", file.display())),
        Ok(FirmwareFiles::UefiFlash { code, variables }) => {
            good(format!("OVMF (UEFI): {} and {}", code.display(), variables.display()))
        }
        Ok(FirmwareFiles::Bios) | Err(OvmfNotFound::Nowhere) => lacking(
            "OVMF (UEFI for QEMU): without it `cargo run` boots with SeaBIOS".to_owned(),
            Some(Tool::Ovmf),
        ),
        Err(error) => lacking(format!("{error}; until then only `--firmware bios` boots"), None),
    }
}

/// Examines the tools that make the ISO: Limine with xorriso, or GRUB with its helpers.
fn check_loader(host: &Host) -> Vec<Finding> {
    let limine = match Limine::find(host) {
        Ok(limine) if limine.tool().is_none() => lacking(
            format!(
                "Limine: {}, without the tool `limine`: the ISO does not boot from a USB stick or disk on BIOS",
                limine.folder().display()
            ),
            Some(Tool::Limine),
        ),
        Ok(limine) => good(format!("Limine: {}", limine.folder().display())),
        Err(LimineNotFound::Nowhere) => return check_grub(host),
        Err(error) => missing(error.to_string(), None),
    };
    vec![limine, check_program(host, "xorriso", "writes the ISO", Tool::Xorriso)]
}

/// Examines GRUB, which is used where Limine is not installed, and the programs that it calls.
fn check_grub(host: &Host) -> Vec<Finding> {
    let grub = match Grub::find(host) {
        Ok(grub) if grub.missing_platforms().is_empty() => good(format!(
            "no Limine, but GRUB for our Multiboot2 loader: {}",
            grub.mkrescue().display()
        )),
        Ok(grub) => {
            let names: Vec<_> = grub
                .missing_platforms()
                .iter()
                .map(|platform| platform.folder_name())
                .collect();
            lacking(
                format!("GRUB's files for {} were not found", names.join(" and ")),
                Some(Tool::Grub),
            )
        }
        Err(error) if error.tool == "grub-mkrescue" => missing(error.to_string(), Some(Tool::Grub)),
        Err(_) => good("no Limine, but GRUB for our Multiboot2 loader".to_owned()),
    };
    vec![
        grub,
        check_program(host, "xorriso", "writes the ISO", Tool::Xorriso),
        check_program(host, "mformat", "makes the UEFI part of GRUB's ISO", Tool::Mtools),
    ]
}

/// Examines a program that a boot needs.
fn check_program(host: &Host, name: &'static str, purpose: &'static str, tool: Tool) -> Finding {
    match host.require(name, purpose) {
        Ok(program) => good(format!("{name}: {}", program.display())),
        Err(error) => missing(error.to_string(), Some(tool)),
    }
}

/// Examines the debugger. Any debugger with gdb's protocol works.
fn check_debugger(host: &Host) -> Finding {
    match ["gdb", "rust-gdb", "lldb", "gdb-multiarch"]
        .iter()
        .find_map(|name| host.find(name))
    {
        Some(program) => good(format!("debugger: {}", program.display())),
        None => lacking(
            "no gdb or lldb in PATH (for `cargo run -- --debug`)".to_owned(),
            Some(Tool::Gdb),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_host_lacks_all_and_each_tool_is_named() {
        let findings = findings(&Host::default());
        let named = |severity: Severity| -> Vec<_> {
            findings
                .iter()
                .filter(|finding| finding.severity == severity)
                .filter_map(|finding| finding.remedy)
                .collect()
        };
        assert_eq!(
            named(Severity::Missing),
            [Tool::Grub, Tool::Xorriso, Tool::Mtools, Tool::Qemu]
        );
        assert!(named(Severity::Lacking).contains(&Tool::Gdb));
    }

    #[test]
    fn a_run_without_qemu_names_the_other_missing_tools_once() {
        let text = what_is_missing(&[Tool::Qemu], &Host::default());
        assert!(!text.contains("`qemu-system-x86_64` is not"));
        for tool in ["`grub-mkrescue`", "`xorriso`", "`mformat`"] {
            assert_eq!(
                text.matches(&format!("and:   {tool} is not installed")).count(),
                1,
                "{text}"
            );
        }
        assert!(
            text.contains("sudo apt-get install qemu-system-x86 grub-common"),
            "{text}"
        );
    }

    #[test]
    fn a_bare_host_does_not_boot_and_is_told_so() {
        let examination = examine(&Host::default());
        assert!(
            !examination.boots
                && examination
                    .text
                    .contains("[MISSING] `xorriso` is not installed: it writes the ISO")
        );
    }

    #[test]
    fn a_limine_path_that_does_not_serve_is_in_the_way_of_booting() {
        let host = Host {
            limine_path: Some("/nowhere".into()),
            ..Host::default()
        };
        let finding = check_loader(&host).remove(0);
        assert_eq!((finding.severity, finding.remedy), (Severity::Missing, None));
        assert!(finding.text.contains("/nowhere"));
    }
}
