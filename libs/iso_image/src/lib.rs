//! Packs the boot image.
