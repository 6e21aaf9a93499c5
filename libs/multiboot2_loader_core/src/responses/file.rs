//! A file as the protocol describes it (`struct limine_file`).

use crate::address::{Extent, VirtAddr};
use crate::boot_information::Module;
use crate::pool::{Pool, PoolFull};

/// Size of the protocol's struct. After the string come the medium (0: generic), an unused half word, and the
/// origin of the file: TFTP server, partition, disk ids, UUIDs. GRUB does not report those, so they are 0.
const FILE_BYTES: usize = 112;

/// A file that GRUB loaded.
#[derive(Clone, Copy, Debug, Default)]
pub struct File<'a> {
    /// Address range of its bytes.
    pub extent: Extent,
    /// Its path on the medium.
    pub path: &'a str,
    /// The string after the path in the configuration.
    pub string: &'a str,
}

impl<'a> From<Module<'a>> for File<'a> {
    fn from(module: Module<'a>) -> Self {
        Self {
            extent: module.extent,
            path: module.path,
            string: module.string,
        }
    }
}

impl File<'_> {
    /// Writes the struct and its strings.
    pub(super) fn put(&self, pool: &mut Pool<'_>) -> Result<VirtAddr, PoolFull> {
        let path = pool.put_string(self.path)?.as_u64();
        let string = pool.put_string(self.string)?.as_u64();
        let address = self.extent.base.hhdm_alias().as_u64();
        let mut words = [0; FILE_BYTES / 8];
        let [_revision, address_word, size_word, path_word, string_word, ..] = &mut words;
        (*address_word, *size_word) = (address, self.extent.length_bytes);
        (*path_word, *string_word) = (path, string);
        pool.put_words(words.into_iter())
    }
}
