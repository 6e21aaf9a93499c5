//! The firmware of the machine: QEMU's own SeaBIOS, or OVMF from the folders of the distributions.

use std::env;
use std::path::{Path, PathBuf};

/// The requested firmware.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum FirmwareKind {
    /// SeaBIOS.
    Bios,
    /// OVMF.
    Uefi,
}

/// The firmware, with its files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FirmwareFiles {
    /// SeaBIOS, which QEMU brings.
    Bios,
    /// One file with code and variables (`OVMF.fd`). Changes by the guest are discarded.
    UefiImage(PathBuf),
    /// Two flash chips: code, and variables, of which each run gets a copy.
    UefiFlash {
        /// `OVMF_CODE.fd`.
        code: PathBuf,
        /// `OVMF_VARS.fd`, never written.
        variables: PathBuf,
    },
}

/// The reason why there is no OVMF.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OvmfNotFound {
    /// `OVMF_PATH` is a relative path. Cargo runs the tests in another folder than the user's.
    #[error("OVMF_PATH={} is a relative path: give an absolute one", path.display())]
    OvmfPathIsRelative {
        /// Its value.
        path: PathBuf,
    },
    /// `OVMF_PATH` names neither a file nor a folder.
    #[error("OVMF_PATH={} is neither a file nor a folder", path.display())]
    OvmfPathIsNothing {
        /// Its value.
        path: PathBuf,
    },
    /// `OVMF_PATH` names a folder without OVMF.
    #[error("OVMF_PATH={} holds neither OVMF.fd nor a pair like OVMF_CODE.fd and OVMF_VARS.fd", folder.display())]
    OvmfPathLacksFiles {
        /// Its value.
        folder: PathBuf,
    },
    /// OVMF was not found.
    #[error("no OVMF (UEFI for QEMU) found: OVMF_PATH is not set, and it is not in the usual folders")]
    Nowhere,
}

/// Pairs of code and variables of one build, by the names that distributions use.
const PAIRS: [(&str, &str); 7] = [
    ("OVMF_CODE_4M.fd", "OVMF_VARS_4M.fd"),
    ("OVMF_CODE.4m.fd", "OVMF_VARS.4m.fd"),
    ("OVMF_CODE.fd", "OVMF_VARS.fd"),
    ("edk2-x86_64-code.fd", "edk2-i386-vars.fd"),
    ("ovmf-x86_64-4m-code.bin", "ovmf-x86_64-4m-vars.bin"),
    ("ovmf-x86_64-code.bin", "ovmf-x86_64-vars.bin"),
    ("OVMF_CODE-pure-efi.fd", "OVMF_VARS-pure-efi.fd"),
];
/// Files with code and variables together.
const IMAGES: [&str; 3] = ["OVMF.fd", "OVMF.4m.fd", "OVMF-pure-efi.fd"];

/// Folders in which Debian, Fedora, Arch, openSUSE, Homebrew and Nix keep OVMF.
const FOLDERS: [&str; 13] = [
    "/usr/share/ovmf",
    "/usr/share/OVMF",
    "/usr/share/edk2/ovmf",
    "/usr/share/edk2/x64",
    "/usr/share/edk2-ovmf/x64",
    "/usr/share/ovmf/x64",
    "/usr/share/qemu",
    "/opt/homebrew/share/qemu",
    "/usr/local/share/qemu",
    "/home/linuxbrew/.linuxbrew/share/qemu",
    "/run/current-system/sw/share/qemu",
    "/run/current-system/sw/FV",
    "/run/libvirt/nix-ovmf",
];

/// Finds OVMF in `OVMF_PATH` (a file or a folder), else in the usual folders, else beside this QEMU.
///
/// # Errors
/// [`OvmfNotFound`].
pub fn find_ovmf(qemu: Option<&Path>) -> Result<FirmwareFiles, OvmfNotFound> {
    let ovmf_path = env::var_os("OVMF_PATH")
        .filter(|path| !path.is_empty())
        .map(PathBuf::from);
    let beside_qemu = qemu.and_then(|qemu| qemu.canonicalize().ok());
    let beside_qemu = beside_qemu
        .as_deref()
        .and_then(Path::parent)
        .map(|bin| bin.join("../share/qemu"));
    find_in(
        ovmf_path.as_deref(),
        FOLDERS.iter().map(PathBuf::from).chain(beside_qemu),
    )
}

/// Finds OVMF in the named path, or in the first folder that has it.
fn find_in(
    ovmf_path: Option<&Path>,
    mut folders: impl Iterator<Item = PathBuf>,
) -> Result<FirmwareFiles, OvmfNotFound> {
    match ovmf_path {
        Some(path) => at_ovmf_path(path),
        None => folders
            .find_map(|folder| in_folder(&folder))
            .ok_or(OvmfNotFound::Nowhere),
    }
}

/// Finds OVMF in the path that `OVMF_PATH` names.
fn at_ovmf_path(path: &Path) -> Result<FirmwareFiles, OvmfNotFound> {
    if path.is_relative() {
        Err(OvmfNotFound::OvmfPathIsRelative { path: path.to_owned() })
    } else if path.is_file() {
        Ok(FirmwareFiles::UefiImage(path.to_owned()))
    } else if path.is_dir() {
        [path.to_owned(), path.join("FV")]
            .iter()
            .find_map(|folder| pair_in(folder).or_else(|| image_in(folder)))
            .ok_or_else(|| OvmfNotFound::OvmfPathLacksFiles {
                folder: path.to_owned(),
            })
    } else {
        Err(OvmfNotFound::OvmfPathIsNothing { path: path.to_owned() })
    }
}

/// Finds OVMF in a usual folder. The single file is preferred: it starts half a second faster, and needs no copy. In a folder of
/// `OVMF_PATH` the pair is preferred, as on a machine with flash chips.
fn in_folder(folder: &Path) -> Option<FirmwareFiles> {
    image_in(folder).or_else(|| pair_in(folder))
}

/// Finds a file with code and variables.
fn image_in(folder: &Path) -> Option<FirmwareFiles> {
    let image = IMAGES.iter().map(|name| folder.join(name)).find(|file| file.is_file());
    image.map(FirmwareFiles::UefiImage)
}

/// Finds a pair of code and variables.
fn pair_in(folder: &Path) -> Option<FirmwareFiles> {
    PAIRS
        .iter()
        .map(|(code, variables)| (folder.join(code), folder.join(variables)))
        .find(|(code, variables)| code.is_file() && variables.is_file())
        .map(|(code, variables)| FirmwareFiles::UefiFlash { code, variables })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// A folder with empty files of these names.
    fn folder(names: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for name in names {
            let file = folder.path().join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, "").unwrap();
        }
        folder
    }

    #[test]
    fn ovmf_path_may_be_a_file_or_a_folder() {
        let place = folder(&["my.fd", "OVMF_CODE.fd", "OVMF_VARS.fd"]);
        let file = place.path().join("my.fd");
        assert_eq!(find_in(Some(&file), [].into_iter()), Ok(FirmwareFiles::UefiImage(file)));
        let flash = FirmwareFiles::UefiFlash {
            code: place.path().join("OVMF_CODE.fd"),
            variables: place.path().join("OVMF_VARS.fd"),
        };
        assert_eq!(find_in(Some(place.path()), [].into_iter()), Ok(flash));
        let nix = folder(&["FV/OVMF.fd"]);
        let image = nix.path().join("FV/OVMF.fd");
        assert_eq!(
            find_in(Some(nix.path()), [].into_iter()),
            Ok(FirmwareFiles::UefiImage(image))
        );
    }

    #[test]
    fn a_named_folder_gives_its_pair_and_a_usual_one_its_single_file() {
        let place = folder(&["OVMF.fd", "OVMF_CODE_4M.fd", "OVMF_VARS_4M.fd"]);
        let named = find_in(Some(place.path()), [].into_iter());
        assert!(matches!(named, Ok(FirmwareFiles::UefiFlash { .. })), "{named:?}");
        let usual = find_in(None, [place.path().to_owned()].into_iter());
        assert!(matches!(usual, Ok(FirmwareFiles::UefiImage(_))), "{usual:?}");
    }

    #[test]
    fn refuses_a_relative_ovmf_path_and_asks_for_an_absolute_one() {
        // The folder in which this test runs has it.
        let error = find_in(Some(Path::new("src")), [].into_iter()).unwrap_err();
        assert_eq!(error, OvmfNotFound::OvmfPathIsRelative { path: "src".into() });
        assert!(error.to_string().contains("absolute"));
    }

    #[test]
    fn an_ovmf_path_that_does_not_serve_is_an_error_even_if_ovmf_is_elsewhere() {
        let (good, bad) = (folder(&["OVMF.fd"]), folder(&["OVMF_CODE.fd"]));
        let elsewhere = || [good.path().to_owned()].into_iter();
        assert!(matches!(
            find_in(Some(bad.path()), elsewhere()),
            Err(OvmfNotFound::OvmfPathLacksFiles { .. })
        ));
        let nothing = bad.path().join("nothing");
        assert!(matches!(
            find_in(Some(&nothing), elsewhere()),
            Err(OvmfNotFound::OvmfPathIsNothing { .. })
        ));
    }

    #[test]
    fn code_and_variables_of_different_builds_are_no_pair() {
        let mixed = folder(&["OVMF_CODE_4M.fd", "OVMF_VARS.fd"]);
        assert_eq!(
            find_in(None, [mixed.path().to_owned()].into_iter()),
            Err(OvmfNotFound::Nowhere)
        );
    }

    #[test]
    fn the_first_folder_that_has_it_is_taken() {
        let (none, one, two) = (
            folder(&["x"]),
            folder(&["OVMF_CODE.4m.fd", "OVMF_VARS.4m.fd"]),
            folder(&["OVMF.fd"]),
        );
        let folders = [none.path(), one.path(), two.path()].map(Path::to_owned);
        assert!(matches!(
            find_in(None, folders.into_iter()),
            Ok(FirmwareFiles::UefiFlash { .. })
        ));
    }
}
