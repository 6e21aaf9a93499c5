//! What can go wrong while an ISO is packed.

use std::io;
use std::path::PathBuf;

use crate::examined_elf::ImageError;
use crate::stripped_elf::StripError;

/// A program of the host that is not there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{tool}` is not installed: it {purpose}")]
pub struct MissingTool {
    /// The program's name.
    pub tool: &'static str,
    /// What it does for us, as the rest of a sentence that begins with "it".
    pub purpose: &'static str,
}

/// Why there is no ISO.
#[derive(Debug, thiserror::Error)]
pub enum IsoError {
    /// A program of the host is not there.
    #[error(transparent)]
    MissingTool(#[from] MissingTool),
    /// GRUB cannot start the kernel by itself.
    #[error("an ISO for GRUB needs the file of `multiboot2_loader`, and none was given")]
    NoMultiboot2Loader,
    /// A file could not be read or written.
    #[error("cannot {action} {}: {source}", path.display())]
    File {
        /// What was tried, as a verb.
        action: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// What the host says.
        source: io::Error,
    },
    /// A kernel, loader or program that cannot run.
    #[error("{} cannot boot: {source}", path.display())]
    Image {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: ImageError,
    },
    /// An ELF file whose debug information cannot be taken out.
    #[error("cannot take the debug information out of {}: {source}", path.display())]
    Strip {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: StripError,
    },
    /// A tool could not be started.
    #[error("cannot start {}: {source}", tool.display())]
    ToolDoesNotStart {
        /// The program.
        tool: PathBuf,
        /// What the host says.
        source: io::Error,
    },
    /// A tool ended with an error.
    #[error("{} failed ({status}):\n{output}", tool.display())]
    ToolFailed {
        /// The program.
        tool: PathBuf,
        /// How it ended.
        status: String,
        /// The last lines it wrote.
        output: String,
    },
    /// A tool said that all is well, and what it made is not what was asked for.
    #[error("{} made an image that is not as expected: {detail}", tool.display())]
    UnexpectedImage {
        /// The program.
        tool: PathBuf,
        /// What is odd.
        detail: &'static str,
    },
    /// `SOURCE_DATE_EPOCH` is set and is not a date.
    #[error("SOURCE_DATE_EPOCH={value:?} is not a number of seconds between 1980 and 2100")]
    SourceDate {
        /// Its value.
        value: String,
    },
}
