//! The one binary, as a library for its own tests: configuration, serving, the demo world.

pub mod cli;
pub mod config;
mod data_dir;
pub mod demo;
pub mod fill;
mod log;
pub mod serve;
pub mod tls;
mod whole_file;
