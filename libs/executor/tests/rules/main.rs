//! Rules of the executor, on simulated processors.

#![cfg(not(loom))]

mod executing;
mod fairness;
mod machine;
mod order;
