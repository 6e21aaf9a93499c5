//! A folder of ISOs: packs an ISO unless one of the same input exists.
//!
//! The input is described as text: each file with its length and time, each tool, GRUB's firmware types, the menus, and
//! the date. The hash of the text is the ISO's name, so an ISO never changes, whatever other processes pack.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::boot_loader::BootLoader;
use crate::contents::{Contents, Payload};
use crate::error::IsoError;
use crate::files::{file_error, folder_of};
use crate::host_tools::Host;
use crate::menus::{grub_cfg, limine_conf};
use crate::pack::{Packed, pack};
use crate::source_date::SourceDate;

/// Maximum number of ISOs in a cache, apart from recently used ones.
const CACHED_ISOS: usize = 8;
/// An ISO that was used within this time stays in the cache: another process may be about to open it.
const MIN_CACHED: Duration = Duration::from_mins(10);

/// Makes the ISO in the folder `cache`, unless one of the same input exists. Returns its path.
///
/// # Errors
/// [`IsoError`].
pub fn pack_into_cache(
    contents: &Contents,
    boot_loader: &BootLoader,
    host: &Host,
    cache: &Path,
) -> Result<(PathBuf, Packed), IsoError> {
    let mut hasher = DefaultHasher::new();
    describe(contents, boot_loader, host)?.hash(&mut hasher);
    let iso = cache.join(format!("{:016x}.iso", hasher.finish()));
    if let Ok(file) = fs::File::open(&iso) {
        // Without a new time the ISO is only removed earlier.
        let _ = file.set_modified(SystemTime::now());
        let size_bytes = file.metadata().map_err(file_error("find", &iso))?.len();
        let remarks = boot_loader.remarks();
        return Ok((iso, Packed { size_bytes, remarks }));
    }
    let packed = pack(contents, boot_loader, host, &iso)?;
    remove_oldest(cache);
    Ok((iso, packed))
}

/// Gives an ISO of the cache a second path, in one step: a reader of `place` finds the old ISO or the new one, complete.
///
/// # Errors
/// [`IsoError::File`].
pub fn put_in_place(iso: &Path, place: &Path) -> Result<(), IsoError> {
    let folder = folder_of(place);
    let fresh_folder = tempfile::Builder::new()
        .prefix("place-")
        .tempdir_in(folder)
        .map_err(file_error("make a folder in", folder))?;
    let fresh = fresh_folder.path().join("fresh.iso");
    // Some file systems have no hard links.
    fs::hard_link(iso, &fresh)
        .or_else(|_| fs::copy(iso, &fresh).map(drop))
        .map_err(file_error("copy", iso))?;
    fs::rename(&fresh, place).map_err(file_error("put in place", place))
}

/// Removes the ISOs beyond [`CACHED_ISOS`]. An ISO that cannot be removed only takes space.
fn remove_oldest(cache: &Path) {
    let entries = fs::read_dir(cache).into_iter().flatten().flatten();
    let mut isos: Vec<_> = entries
        .filter(|entry| entry.path().extension().is_some_and(|extension| extension == "iso"))
        .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
        .collect();
    isos.sort_by_key(|iso| std::cmp::Reverse(iso.0));
    for (used, iso) in isos.into_iter().skip(CACHED_ISOS) {
        if used.elapsed().is_ok_and(|age| age > MIN_CACHED) {
            let _ = fs::remove_file(iso);
        }
    }
}

/// Describes the input as text. Equal texts mean equal ISOs.
fn describe(contents: &Contents, boot_loader: &BootLoader, host: &Host) -> Result<String, IsoError> {
    let mut text = format!("date {}\n", SourceDate::of(host)?.epoch_s());
    let (mut files, tools) = match boot_loader {
        BootLoader::Limine(limine) => {
            let files = limine.files().into_iter().map(|(file, _)| file).collect();
            (files, [host.find("xorriso"), limine.tool().map(Path::to_owned)])
        }
        BootLoader::Grub(grub) => {
            let files = grub.module_lists().to_vec();
            (files, [host.find("xorriso"), Some(grub.mkrescue().to_owned())])
        }
    };
    files.extend(tools.into_iter().flatten());
    files.extend(contents.multiboot2_loader.clone());
    let payloads = contents
        .kernel
        .iter()
        .chain(contents.modules.iter().map(|module| &module.payload));
    for payload in payloads {
        let (Payload::Verbatim(file) | Payload::Program(file)) = payload;
        text.push_str(if matches!(payload, Payload::Program(_)) {
            "program "
        } else {
            "verbatim "
        });
        files.push(file.clone());
    }
    for platform in boot_loader.missing_grub_platforms() {
        text.push_str("without ");
        text.push_str(platform.folder_name());
        text.push('\n');
    }
    for file in files {
        text.push_str(&describe_file(&file)?);
    }
    text.push_str(boot_loader.name());
    text.push_str(&limine_conf(contents));
    text.push_str(&grub_cfg(contents));
    Ok(text)
}

/// Describes a file by a line that changes with the file.
fn describe_file(file: &Path) -> Result<String, IsoError> {
    let metadata = file.metadata().map_err(file_error("find", file))?;
    let changed = metadata.modified().map_err(file_error("ask for the time of", file))?;
    let changed_ns = changed.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos());
    Ok(format!("{} {} {changed_ns}\n", file.display(), metadata.len()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::files::write;
    use crate::grub::{Grub, GrubPlatform};
    use crate::text::BootText;

    /// Makes a host with GRUB's programs in the folder `bin` of `prefix`, and no other tool.
    fn host_with_grub(prefix: &Path) -> Host {
        let bin = prefix.join("bin");
        for tool in ["grub-mkrescue", "xorriso", "mformat"].map(|name| bin.join(name)) {
            write(&tool, b"#!/bin/sh\n").unwrap();
            fs::set_permissions(&tool, fs::Permissions::from_mode(0o755)).unwrap();
        }
        Host {
            path: bin.into(),
            ..Host::default()
        }
    }

    /// Installs GRUB's files for a firmware type under `prefix`.
    fn install(prefix: &Path, platform: GrubPlatform, modules: &str) {
        let list = prefix.join("lib/grub").join(platform.folder_name()).join("moddep.lst");
        write(&list, modules.as_bytes()).unwrap();
    }

    #[test]
    fn a_cache_loses_its_oldest_isos_and_none_in_use() {
        let cache = tempfile::tempdir().unwrap();
        let now = SystemTime::now();
        for age_min in [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 100] {
            let file = fs::File::create(cache.path().join(format!("{age_min}.iso"))).unwrap();
            file.set_modified(now - Duration::from_mins(age_min)).unwrap();
        }
        remove_oldest(cache.path());
        let left = |age_min: u64| cache.path().join(format!("{age_min}.iso")).exists();
        assert!(left(0) && left(8) && left(9) && !left(11) && !left(100));
    }

    #[test]
    fn grubs_files_for_a_firmware_belong_to_the_input() {
        let prefix = tempfile::tempdir().unwrap();
        let host = host_with_grub(prefix.path());
        let contents = Contents {
            kernel: None,
            command_line: BootText::default(),
            modules: Vec::new(),
            multiboot2_loader: None,
        };
        let described = || describe(&contents, &BootLoader::Grub(Grub::find(&host).unwrap()), &host).unwrap();
        install(prefix.path(), GrubPlatform::Bios, "one");
        let bios = described();
        assert_eq!(described(), bios);
        install(prefix.path(), GrubPlatform::Uefi, "one");
        let both = described();
        assert_ne!(both, bios);
        install(prefix.path(), GrubPlatform::Uefi, "one two");
        assert_ne!(described(), both);
    }
}
