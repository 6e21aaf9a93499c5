//! The checks, one file a subject.

pub(super) mod executable;
pub(super) mod firmware_tables;
pub(super) mod frame_buffer;
pub(super) mod identity;
pub(super) mod interrupt_controllers;
pub(super) mod memory_map;
pub(super) mod modules;
pub(super) mod page_table_layout;
pub(super) mod processor_state;
pub(super) mod processors;
