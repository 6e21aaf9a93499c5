//! The commands that install the host's tools, for each supported package manager.

use iso_image::Host;

/// A package manager and its package names.
struct PackageManager {
    /// Its program; if the host has it, the package manager is in use.
    program: &'static str,
    /// Start of the command.
    install: &'static str,
    /// QEMU for PCs.
    qemu: &'static str,
    /// UEFI for QEMU. Empty if it is part of QEMU's package.
    ovmf: &'static str,
    /// xorriso.
    xorriso: &'static str,
    /// GRUB with its files for BIOS and UEFI.
    grub: &'static str,
    /// mtools.
    mtools: &'static str,
    /// gdb.
    gdb: &'static str,
    /// Limine; empty if there is no package.
    limine: &'static str,
}

/// A tool that can be installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tool {
    /// QEMU for PCs.
    Qemu,
    /// UEFI for QEMU.
    Ovmf,
    /// xorriso.
    Xorriso,
    /// GRUB with its files for BIOS and UEFI.
    Grub,
    /// mtools.
    Mtools,
    /// gdb.
    Gdb,
    /// Limine.
    Limine,
}

/// Package names as of Debian 12, Fedora 42, Arch, Homebrew and nixpkgs.
const MANAGERS: [PackageManager; 5] = [
    PackageManager {
        program: "apt-get",
        install: "sudo apt-get install",
        qemu: "qemu-system-x86",
        ovmf: "ovmf",
        xorriso: "xorriso",
        grub: "grub-common grub-pc-bin grub-efi-amd64-bin",
        mtools: "mtools",
        gdb: "gdb",
        limine: "",
    },
    PackageManager {
        program: "dnf",
        install: "sudo dnf install",
        qemu: "qemu-system-x86",
        ovmf: "edk2-ovmf",
        xorriso: "xorriso",
        grub: "grub2-tools-extra grub2-pc-modules grub2-efi-x64-modules",
        mtools: "mtools",
        gdb: "gdb",
        limine: "",
    },
    PackageManager {
        program: "pacman",
        install: "sudo pacman -S",
        qemu: "qemu-system-x86 qemu-ui-gtk",
        ovmf: "edk2-ovmf",
        xorriso: "libisoburn",
        grub: "grub",
        mtools: "mtools",
        gdb: "gdb",
        limine: "limine",
    },
    PackageManager {
        program: "brew",
        install: "brew install",
        qemu: "qemu",
        ovmf: "",
        xorriso: "xorriso",
        grub: "x86_64-elf-grub",
        mtools: "mtools",
        gdb: "gdb",
        limine: "limine",
    },
    PackageManager {
        program: "nix",
        install: "nix shell",
        qemu: "nixpkgs#qemu",
        ovmf: "nixpkgs#OVMF.fd",
        xorriso: "nixpkgs#xorriso",
        grub: "nixpkgs#grub2_efi",
        mtools: "nixpkgs#mtools",
        gdb: "nixpkgs#gdb",
        limine: "nixpkgs#limine",
    },
];

impl PackageManager {
    /// Returns the packages of a tool; empty if there are none.
    fn packages(&self, tool: Tool) -> &'static str {
        match tool {
            Tool::Qemu => self.qemu,
            Tool::Ovmf => self.ovmf,
            Tool::Xorriso => self.xorriso,
            Tool::Grub => self.grub,
            Tool::Mtools => self.mtools,
            Tool::Gdb => self.gdb,
            Tool::Limine => self.limine,
        }
    }

    /// Returns the command that installs these tools; `None` if the package manager has none of them.
    fn line(&self, tools: &[Tool]) -> Option<String> {
        let packages: Vec<_> = tools
            .iter()
            .map(|tool| self.packages(*tool))
            .filter(|name| !name.is_empty())
            .collect();
        (!packages.is_empty()).then(|| format!("{} {}", self.install, packages.join(" ")))
    }
}

/// Returns the commands that install these tools: for the package managers of this host, or for all if it has none of them.
pub(crate) fn install_lines(tools: &[Tool], host: &Host) -> Vec<String> {
    let here: Vec<_> = MANAGERS
        .iter()
        .filter(|manager| host.find(manager.program).is_some())
        .collect();
    let chosen = if here.is_empty() {
        MANAGERS.iter().collect()
    } else {
        here
    };
    chosen.into_iter().filter_map(|manager| manager.line(tools)).collect()
}

/// Returns the tool to install for a missing program.
pub(crate) fn tool_of_program(program: &str) -> Option<Tool> {
    match program {
        "qemu-system-x86_64" => Some(Tool::Qemu),
        "xorriso" => Some(Tool::Xorriso),
        "grub-mkrescue" => Some(Tool::Grub),
        "mformat" => Some(Tool::Mtools),
        "gdb" => Some(Tool::Gdb),
        "limine" => Some(Tool::Limine),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_host_with_a_known_package_manager_gets_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("pacman");
        fs::write(&program, "").unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        let host = Host {
            path: folder.path().into(),
            ..Host::default()
        };
        assert_eq!(
            install_lines(&[Tool::Xorriso, Tool::Mtools], &host),
            ["sudo pacman -S libisoburn mtools"]
        );
    }

    #[test]
    fn another_host_gets_every_line() {
        let lines = install_lines(&[Tool::Qemu], &Host::default());
        let beginnings = [
            "sudo apt-get install ",
            "sudo dnf install ",
            "sudo pacman -S ",
            "brew install ",
            "nix shell ",
        ];
        assert_eq!(lines.len(), beginnings.len());
        assert!(
            lines
                .iter()
                .zip(beginnings)
                .all(|(line, beginning)| line.starts_with(beginning)),
            "{lines:?}"
        );
    }

    #[test]
    fn a_manager_without_the_package_is_left_out() {
        assert_eq!(install_lines(&[Tool::Limine], &Host::default()).len(), 3);
        assert_eq!(install_lines(&[], &Host::default()), [""; 0]);
    }
}
