//! The fixed paths that lead to the build: `target/limelight.iso` and `runner/out_dir`.
//!
//! Both are links that every start points at its own profile's build, so neither goes stale. The folder is there even
//! when no ISO could be packed.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::built;

/// A link that cannot be set.
#[derive(Debug, thiserror::Error)]
#[error("cannot point {} at {}: {source}", link.display(), target.display())]
pub struct LinkError {
    /// The link.
    pub link: PathBuf,
    /// Where it should lead.
    pub target: PathBuf,
    /// What the host says.
    pub source: io::Error,
}

/// The folder of the workspace.
pub(crate) fn workspace() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package).to_owned()
}

/// The workspace's own folder for what is made.
pub(crate) fn target_dir() -> PathBuf {
    workspace().join("target")
}

/// `target/limelight.iso`.
#[must_use]
pub fn iso_link() -> PathBuf {
    target_dir().join("limelight.iso")
}

/// `runner/out_dir`.
#[must_use]
pub fn out_dir_link() -> PathBuf {
    workspace().join("runner/out_dir")
}

/// Points `runner/out_dir` at this build, and the ISO's link at its ISO, if there is one.
///
/// # Errors
/// [`LinkError`], for the first one that cannot be set.
pub fn point_links_at_this_build() -> Result<(), LinkError> {
    point_links(&out_dir_link(), &built::out_dir(), &iso_link(), &built::iso())
}

/// Points the first link at a build's folder, and the second at its ISO, if there is one.
fn point_links(out_dir_link: &Path, out_dir: &Path, iso_link: &Path, iso: &Path) -> Result<(), LinkError> {
    point(out_dir_link, out_dir)?;
    if iso.exists() { point(iso_link, iso) } else { Ok(()) }
}

/// Makes or changes a link in one step: at no time is there none.
fn point(link: &Path, target: &Path) -> Result<(), LinkError> {
    if fs::read_link(link).is_ok_and(|present| present == target) {
        return Ok(());
    }
    let error = |source| LinkError {
        link: link.to_owned(),
        target: target.to_owned(),
        source,
    };
    let Some(folder) = link.parent() else { return Ok(()) };
    fs::create_dir_all(folder).map_err(error)?;
    let scratch = tempfile::Builder::new()
        .prefix(".link-")
        .tempdir_in(folder)
        .map_err(error)?;
    let fresh = scratch.path().join("link");
    std::os::unix::fs::symlink(target, &fresh).map_err(error)?;
    fs::rename(&fresh, link).map_err(error)
}

/// A path as a person in the current folder would type it: relative to it, if that is the workspace's.
#[must_use]
pub fn short(path: &Path) -> String {
    let is_workspace = std::env::current_dir().is_ok_and(|folder| folder == workspace());
    let prefix = if is_workspace { workspace() } else { PathBuf::new() };
    path.strip_prefix(prefix).unwrap_or(path).display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_made_changed_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("deep/link");
        for target in ["/one", "/two", "/two"] {
            point(&link, Path::new(target)).unwrap();
            assert_eq!(fs::read_link(&link).unwrap(), Path::new(target));
        }
        assert_eq!(fs::read_dir(folder.path().join("deep")).unwrap().count(), 1);
    }

    #[test]
    fn the_folders_link_is_set_without_an_iso_and_the_isos_link_only_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let [out_dir_link, iso_link, iso] = ["out_dir", "limelight.iso", "os.iso"].map(|name| folder.path().join(name));
        point_links(&out_dir_link, folder.path(), &iso_link, &iso).unwrap();
        assert_eq!(fs::read_link(&out_dir_link).unwrap(), folder.path());
        assert!(fs::read_link(&iso_link).is_err());
        fs::write(&iso, "").unwrap();
        point_links(&out_dir_link, folder.path(), &iso_link, &iso).unwrap();
        assert_eq!(fs::read_link(&iso_link).unwrap(), iso);
    }

    #[test]
    fn a_folder_in_the_place_of_a_link_is_an_error_and_stays() {
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("link");
        fs::create_dir_all(link.join("something")).unwrap();
        assert!(point(&link, Path::new("/one")).is_err());
        assert!(link.join("something").exists());
    }
}
