//! The library against a fake physical memory.

mod fake_cpu;
mod fake_memory;
mod features;
mod frames;
mod mapping;
mod model;
mod pages;
mod ranges;
mod sharing;
mod support;
