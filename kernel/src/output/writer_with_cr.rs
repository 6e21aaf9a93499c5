//! Text for a terminal: each `\n` becomes `\r\n`, so that the next line begins at the left edge.

use core::fmt::{self, Write};
use escaped_text::is_plain;

/// Writes to `W`, with `\r\n` for each `\n`.
pub(super) struct WriterWithCr<W>(pub(super) W);

impl<W: Write> Write for WriterWithCr<W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        // Fast path: most text has no line feed.
        if is_plain(text.as_bytes()) {
            return self.0.write_str(text);
        }
        for piece in text.split_inclusive('\n') {
            match piece.strip_suffix('\n') {
                Some(line) => {
                    self.0.write_str(line)?;
                    self.0.write_str("\r\n")?;
                }
                None => self.0.write_str(piece)?,
            }
        }
        Ok(())
    }
}
