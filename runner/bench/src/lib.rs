//! The images of the benchmark. The booted tests use the first one too.

#![forbid(unsafe_code)]

use std::path::Path;

/// The kernel with scenarios and measuring loops.
#[must_use]
pub fn test_kernel() -> &'static Path {
    Path::new(env!("LIMELIGHT_TEST_KERNEL"))
}

/// The program that measures what the kernel costs it.
#[must_use]
pub fn measuring_program() -> &'static Path {
    Path::new(env!("LIMELIGHT_MEASURING_PROGRAM"))
}
