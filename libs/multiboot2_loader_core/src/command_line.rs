//! The words of the kernel's command line by which tests make the loader do odd things. Only the loader's test build
//! asks for them.

/// What all words begin with.
const PREFIX: &str = "loader.";

/// What the tests ask for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TestHooks<'a> {
    /// `loader.no-rsdp`: answer as if the firmware had no ACPI.
    pub no_rsdp: bool,
    /// `loader.no-mp`: leave the multi-processor request unanswered.
    pub no_mp: bool,
    /// `loader.no-framebuffer`: answer as if there were no screen.
    pub no_frame_buffer: bool,
    /// `loader.garble-table=SIG`: spoil the checksum and the length of the ACPI table of this signature.
    pub garble_table: Option<[u8; 4]>,
    /// `loader.write-table=SIG:OFFSET:BYTES`: write these bytes, in hexadecimal, into the ACPI table of this signature, and
    /// make its checksum right.
    pub write_table: Option<TableBytes>,
    /// `loader.map=PATH`: publish the entries in the module of this path instead of the memory map.
    pub map: Option<&'a str>,
    /// `loader.debug-exit`: end QEMU with the failing code when the loader gives up.
    pub debug_exit: bool,
}

/// Bytes for a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableBytes {
    /// The table's signature.
    pub signature: [u8; 4],
    /// Where they go, from the table's first byte on.
    pub offset: u16,
    /// How many they are.
    length: usize,
    /// They, and then nothing.
    bytes: [u8; TableBytes::LIMIT],
}

impl TableBytes {
    /// The most that one word holds.
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

/// A word that begins like a hook and is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the command line's word `{word}` is no test hook of the loader")]
pub struct UnknownHook<'a> {
    /// The word.
    pub word: &'a str,
}

impl<'a> TestHooks<'a> {
    /// Reads the hooks among the words of a command line; words without the prefix are the kernel's.
    ///
    /// # Errors
    /// At the first word that begins like a hook and is none.
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

    /// Notes one hook. `None` when there is no such hook.
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
