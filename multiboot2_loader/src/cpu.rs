//! The processor that runs the code: its registers and its abilities.

pub(crate) mod descriptor_table;
pub(crate) mod features;
pub(crate) mod memory_types;
pub(crate) mod model_specific;
pub(crate) mod registers;
