//! `multiboot2_loader_core`.
#![no_std]
#![forbid(unsafe_code)]
