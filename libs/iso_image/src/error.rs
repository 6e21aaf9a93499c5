//! Errors of packing an ISO.

use std::io;
use std::path::PathBuf;

use crate::examined_elf::ImageError;
use crate::stripped_elf::StripError;

/// A program that the host lacks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{tool}` is not installed: it {purpose}")]
pub struct MissingTool {
    /// Name of the program.
    pub tool: &'static str,
    /// Purpose of the program, as the rest of a sentence that begins with "it".
    pub purpose: &'static str,
}

/// Reason why no ISO was made.
#[derive(Debug, thiserror::Error)]
pub enum IsoError {
    /// The host lacks a program.
    #[error(transparent)]
    MissingTool(#[from] MissingTool),
    /// GRUB cannot start the kernel without our Multiboot2 loader.
    #[error("an ISO for GRUB needs the file of `multiboot2_loader`, and none was given")]
    NoMultiboot2Loader,
    /// A file could not be read or written.
    #[error("cannot {action} {}: {source}", path.display())]
    File {
        /// The attempted operation, as a verb.
        action: &'static str,
        /// Path of the file or folder.
        path: PathBuf,
        /// The host's error.
        source: io::Error,
    },
    /// A kernel, loader or program that cannot run.
    #[error("{} cannot boot: {source}", path.display())]
    Image {
        /// Path of the image.
        path: PathBuf,
        /// The image's error.
        source: ImageError,
    },
    /// An ELF file whose debug information cannot be stripped.
    #[error("cannot take the debug information out of {}: {source}", path.display())]
    Strip {
        /// Path of the ELF file.
        path: PathBuf,
        /// The reason.
        source: StripError,
    },
    /// A tool could not be started.
    #[error("cannot start {}: {source}", tool.display())]
    ToolDoesNotStart {
        /// Name of the program.
        tool: PathBuf,
        /// The host's error.
        source: io::Error,
    },
    /// [`Host::stop_requested`](crate::Host::stop_requested) stopped a tool.
    #[error("packing was stopped while {} ran", tool.display())]
    Stopped {
        /// Name of the program.
        tool: PathBuf,
    },
    /// A tool failed.
    #[error("{} failed ({status}):\n{output}", tool.display())]
    ToolFailed {
        /// Name of the program.
        tool: PathBuf,
        /// Exit status.
        status: String,
        /// Last lines of its output.
        output: String,
    },
    /// A tool reported success, but its output is not as requested.
    #[error("{} made an image that is not as expected: {detail}", tool.display())]
    UnexpectedImage {
        /// Name of the program.
        tool: PathBuf,
        /// The difference.
        detail: &'static str,
    },
    /// `SOURCE_DATE_EPOCH` is set to something other than a date.
    #[error("SOURCE_DATE_EPOCH={value:?} is not a number of seconds between 1980 and 2100")]
    SourceDate {
        /// Value of the variable.
        value: String,
    },
}
