//! The executable from outside: arguments, settings, output, exit codes and signals.

mod backup;
#[cfg(feature = "otlp")]
#[path = "../../../../tests/support/collector.rs"]
mod collector;
mod fib;
mod generate;
mod maths;
mod program;
mod queue;
#[cfg(feature = "distributed")]
mod roles;
mod serve;
mod settings;
#[cfg(feature = "otlp")]
mod traces;
