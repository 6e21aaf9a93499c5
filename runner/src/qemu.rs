//! Finding QEMU and its version.

use std::path::{Path, PathBuf};
use std::process::Command;

use iso_image::{Host, MissingTool};

use crate::die_with_us::end_with_this_thread;

/// The program.
const PROGRAM: &str = "qemu-system-x86_64";
/// The first version whose emulated CPUs have x2APIC.
const FIRST_WITH_X2APIC: u32 = 9;

/// QEMU on this host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Qemu {
    /// The program.
    program: PathBuf,
    /// Its version, for example `10.0.2 (Debian …)`.
    version: String,
}

impl Qemu {
    /// Searches `PATH`, and runs the program to get its version.
    ///
    /// # Errors
    /// [`MissingTool`], also when the program does not start.
    pub fn find(host: &Host) -> Result<Self, MissingTool> {
        let missing = MissingTool {
            tool: PROGRAM,
            purpose: "emulates the PC that the kernel boots on",
        };
        let program = host.find(PROGRAM).ok_or_else(|| missing.clone())?;
        let mut command = Command::new(&program);
        end_with_this_thread(&mut command);
        let output = command.arg("--version").output().map_err(|_| missing)?;
        let text = String::from_utf8_lossy(&output.stdout);
        let first = text.lines().next().unwrap_or_default();
        let version = first
            .split_once("version ")
            .map_or(first, |(_, version)| version)
            .to_owned();
        Ok(Self { program, version })
    }

    /// The program.
    #[must_use]
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// Its version.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Whether its emulated CPUs have x2APIC. An unreadable version counts as new.
    #[must_use]
    pub fn has_x2apic(&self) -> bool {
        let major = self
            .version
            .split('.')
            .next()
            .and_then(|number| number.parse::<u32>().ok());
        major.is_none_or(|major| major >= FIRST_WITH_X2APIC)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_versions_before_9_lack_x2apic() {
        for (version, has) in [
            ("7.2.11 (Debian)", false),
            ("8.2.0", false),
            ("9.0.0", true),
            ("10.0.2", true),
            ("", true),
        ] {
            let qemu = Qemu {
                program: PathBuf::new(),
                version: version.to_owned(),
            };
            assert_eq!(qemu.has_x2apic(), has, "{version}");
        }
    }
}
