//! Test hooks: words of the kernel's command line that change what the loader does. Only the test build of the loader reads
//! them.

/// Prefix of all words.
const PREFIX: &str = "loader.";

/// The requested test hooks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TestHooks<'a> {
    /// `loader.no-rsdp`: respond as if the firmware had no ACPI.
    pub no_rsdp: bool,
    /// `loader.no-mp`: do not respond to the multi-processor request.
    pub no_mp: bool,
    /// `loader.no-framebuffer`: respond as if there were no screen.
    pub no_frame_buffer: bool,
    /// `loader.garble-table=SIG`: damage checksum and length of the ACPI table with this signature.
    pub garble_table: Option<[u8; 4]>,
    /// `loader.write-table=SIG:OFFSET:BYTES`: write these bytes, in hexadecimal, into the ACPI table with this signature, and
    /// correct its checksum.
    pub write_table: Option<TableBytes>,
    /// `loader.map=PATH`: publish the entries in the module with this path instead of the memory map.
    pub map: Option<&'a str>,
    /// `loader.debug-exit`: end QEMU with the failing code when the loader gives up.
    pub debug_exit: bool,
}

/// Bytes for a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableBytes {
    /// The table's signature.
    pub signature: [u8; 4],
    /// Offset in the table.
    pub offset: u16,
    /// Their number.
    length: usize,
    /// The bytes; the rest is unused.
    bytes: [u8; TableBytes::LIMIT],
}

impl TableBytes {
    /// Maximum number of bytes in one word.
    const LIMIT: usize = 32;

    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }

    /// Reads `SIG:OFFSET:BYTES`.
    fn parse(text: &str) -> Option<Self> {
        let (signature, rest) = text.split_once(':')?;
        let (offset, digits) = rest.split_once(':')?;
        let length = digits.len() / 2;
        let mut bytes = [0; Self::LIMIT];
        for (pair, byte) in digits.as_bytes().chunks(2).zip(bytes.get_mut(..length)?) {
            *byte = u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok()?;
        }
        (length > 0 && digits.len().is_multiple_of(2)).then_some(())?;
        Some(Self {
            signature: signature.as_bytes().try_into().ok()?,
            offset: offset.parse().ok()?,
            length,
            bytes,
        })
    }
}

/// A word with the prefix of a hook that is not a hook.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the word `{word}` of the command line is not a test hook of the loader")]
pub struct UnknownHook<'a> {
    /// The word.
    pub word: &'a str,
}

impl<'a> TestHooks<'a> {
    /// Reads the hooks of a command line. Words without the prefix belong to the kernel.
    ///
    /// # Errors
    /// [`UnknownHook`]: the first word with the prefix that is not a hook.
    pub fn parse(command_line: &'a str) -> Result<Self, UnknownHook<'a>> {
        let mut hooks = Self::default();
        for word in command_line.split_ascii_whitespace() {
            let Some(hook) = word.strip_prefix(PREFIX) else {
                continue;
            };
            hooks.take(hook).ok_or(UnknownHook { word })?;
        }
        Ok(hooks)
    }

    /// Records one hook. Returns `None` if there is no such hook.
    fn take(&mut self, hook: &'a str) -> Option<()> {
        match hook.split_once('=') {
            None => match hook {
                "no-rsdp" => self.no_rsdp = true,
                "no-mp" => self.no_mp = true,
                "no-framebuffer" => self.no_frame_buffer = true,
                "debug-exit" => self.debug_exit = true,
                _ => return None,
            },
            Some(("garble-table", signature)) => self.garble_table = Some(signature.as_bytes().try_into().ok()?),
            Some(("write-table", what)) => self.write_table = Some(TableBytes::parse(what)?),
            Some(("map", path)) if !path.is_empty() => self.map = Some(path),
            Some(_) => return None,
        }
        Some(())
    }
}
