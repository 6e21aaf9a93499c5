//! Tests of the library with a fake physical memory and a fake CPU.

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
