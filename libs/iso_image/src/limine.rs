//! Finds Limine: its boot files and its host tool.

use std::path::{Path, PathBuf};

use crate::host_tools::{Host, is_program};

/// Files that an ISO for BIOS and UEFI needs.
const NEEDED: [&str; 4] = [
    "BOOTX64.EFI",
    "limine-bios-cd.bin",
    "limine-bios.sys",
    "limine-uefi-cd.bin",
];
/// Files that are copied if they exist.
const OPTIONAL: [&str; 1] = ["BOOTIA32.EFI"];

/// A Limine installation whose required files all exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limine {
    /// Folder of the boot files.
    folder: PathBuf,
    /// The program `limine`, which makes the ISO bootable from a BIOS disk.
    tool: Option<PathBuf>,
}

/// Reason why Limine cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LimineNotFound {
    /// `LIMINE_PATH` is set, but files are missing there.
    #[error(
        "LIMINE_PATH={} lacks {}: name a folder with {}, or unset LIMINE_PATH",
        folder.display(), missing.join(", "), NEEDED.join(", ")
    )]
    LiminePathLacksFiles {
        /// Value of the variable.
        folder: PathBuf,
        /// Names of the missing files.
        missing: Vec<&'static str>,
    },
    /// `LIMINE_PATH` is relative: cargo runs the build script and the tests in other folders than the user's.
    #[error("LIMINE_PATH={} is a relative path: give an absolute one", path.display())]
    LiminePathIsRelative {
        /// Value of the variable.
        path: PathBuf,
    },
    /// No installation was found.
    #[error(
        "no Limine found: neither PATH nor the usual share folders hold it. LIMINE_PATH may name a folder with the files \
         of a binary release"
    )]
    Nowhere,
}

impl Limine {
    /// Looks in `LIMINE_PATH`, else beside a `limine` in `PATH`, else in the usual share folders.
    ///
    /// # Errors
    /// [`LimineNotFound`]. A `LIMINE_PATH` without the files is an error: the user's choice is not silently replaced.
    pub fn find(host: &Host) -> Result<Self, LimineNotFound> {
        let tool_in_path = host.find("limine");
        if let Some(folder) = &host.limine_path {
            let folder = PathBuf::from(folder);
            if folder.is_relative() {
                return Err(LimineNotFound::LiminePathIsRelative { path: folder });
            }
            let missing = missing_in(&folder);
            if !missing.is_empty() {
                return Err(LimineNotFound::LiminePathLacksFiles { folder, missing });
            }
            return Ok(Self::in_folder(folder, tool_in_path));
        }
        let folder = folders_beside(tool_in_path.as_deref())
            .into_iter()
            .chain(host.share_folders.iter().map(|share| share.join("limine")))
            .find(|folder| missing_in(folder).is_empty())
            .ok_or(LimineNotFound::Nowhere)?;
        Ok(Self::in_folder(folder, tool_in_path))
    }

    /// Checks a folder for all required files. A tool in the folder matches the files' version, so it takes precedence
    /// over `PATH`.
    fn in_folder(folder: PathBuf, tool_in_path: Option<PathBuf>) -> Self {
        let tool = Some(folder.join("limine"))
            .filter(|tool| is_program(tool))
            .or(tool_in_path);
        Self { folder, tool }
    }

    /// Returns the folder of the boot files.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Returns the program `limine`, if there is one.
    #[must_use]
    pub fn tool(&self) -> Option<&Path> {
        self.tool.as_deref()
    }

    /// Returns each file to copy, with its path on the ISO.
    pub(crate) fn files(&self) -> Vec<(PathBuf, String)> {
        NEEDED
            .iter()
            .chain(OPTIONAL.iter().filter(|name| self.folder.join(name).is_file()))
            .map(|name| {
                let place = if name.ends_with(".EFI") {
                    "EFI/BOOT"
                } else {
                    "boot/limine"
                };
                (self.folder.join(name), format!("{place}/{name}"))
            })
            .collect()
    }
}

/// Returns the required files that a folder lacks.
fn missing_in(folder: &Path) -> Vec<&'static str> {
    NEEDED.into_iter().filter(|name| !folder.join(name).is_file()).collect()
}

/// Folders that may hold the boot files of an installed program: its own, and `share/limine` of its prefix.
fn folders_beside(tool: Option<&Path>) -> Vec<PathBuf> {
    let Some(tool) = tool else { return Vec::new() };
    let real = tool.canonicalize().ok();
    [Some(tool), real.as_deref()]
        .into_iter()
        .flatten()
        .filter_map(Path::parent)
        .flat_map(|folder| [folder.to_owned(), folder.join("../share/limine")])
        .collect()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn put(folder: &Path, names: &[&str]) {
        fs::create_dir_all(folder).unwrap();
        for name in names {
            fs::write(folder.join(name), b"x").unwrap();
        }
    }

    fn put_tool(folder: &Path) {
        put(folder, &["limine"]);
        fs::set_permissions(folder.join("limine"), fs::Permissions::from_mode(0o755)).unwrap();
    }

    #[test]
    fn a_limine_path_that_lacks_files_is_an_error_that_names_them() {
        let folder = tempfile::tempdir().unwrap();
        put(folder.path(), &["BOOTX64.EFI", "limine-bios.sys"]);
        let host = Host {
            limine_path: Some(folder.path().into()),
            ..Host::default()
        };
        let Err(LimineNotFound::LiminePathLacksFiles { missing, .. }) = Limine::find(&host) else {
            panic!("a folder that lacks files was accepted")
        };
        assert_eq!(missing, ["limine-bios-cd.bin", "limine-uefi-cd.bin"]);
    }

    #[test]
    fn refuses_a_relative_limine_path_and_asks_for_an_absolute_one() {
        let host = Host {
            limine_path: Some("limine".into()),
            ..Host::default()
        };
        let error = Limine::find(&host).unwrap_err();
        assert_eq!(error, LimineNotFound::LiminePathIsRelative { path: "limine".into() });
        assert!(error.to_string().contains("absolute"));
    }

    #[test]
    fn limine_path_goes_before_the_share_folders() {
        let (mine, share) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        put(mine.path(), &NEEDED);
        put(&share.path().join("limine"), &NEEDED);
        let mut host = Host {
            share_folders: vec![share.path().into()],
            ..Host::default()
        };
        assert_eq!(Limine::find(&host).unwrap().folder(), share.path().join("limine"));
        host.limine_path = Some(mine.path().into());
        let limine = Limine::find(&host).unwrap();
        assert_eq!((limine.folder(), limine.tool()), (mine.path(), None));
    }

    #[test]
    fn finds_the_files_of_the_prefix_that_the_tool_lies_in() {
        let prefix = tempfile::tempdir().unwrap();
        put_tool(&prefix.path().join("bin"));
        put(&prefix.path().join("share/limine"), &NEEDED);
        let host = Host {
            path: prefix.path().join("bin").into(),
            ..Host::default()
        };
        let limine = Limine::find(&host).unwrap();
        assert_eq!(limine.folder(), prefix.path().join("bin/../share/limine"));
        assert_eq!(limine.tool(), Some(prefix.path().join("bin/limine").as_path()));
    }

    #[test]
    fn the_tool_beside_the_files_goes_before_the_one_in_path() {
        let (files, bin) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        put(files.path(), &NEEDED);
        put_tool(files.path());
        put_tool(bin.path());
        let host = Host {
            path: bin.path().into(),
            limine_path: Some(files.path().into()),
            ..Host::default()
        };
        assert_eq!(
            Limine::find(&host).unwrap().tool(),
            Some(files.path().join("limine").as_path())
        );
    }

    #[test]
    fn takes_the_32_bit_program_along_where_it_is_there() {
        let folder = tempfile::tempdir().unwrap();
        put(folder.path(), &NEEDED);
        let host = Host {
            limine_path: Some(folder.path().into()),
            ..Host::default()
        };
        assert_eq!(Limine::find(&host).unwrap().files().len(), 4);
        put(folder.path(), &OPTIONAL);
        let files = Limine::find(&host).unwrap().files();
        assert!(files.iter().any(|(_, place)| place == "EFI/BOOT/BOOTIA32.EFI"));
    }

    #[test]
    fn no_limine_at_all_is_said() {
        assert_eq!(Limine::find(&Host::default()), Err(LimineNotFound::Nowhere));
    }
}
