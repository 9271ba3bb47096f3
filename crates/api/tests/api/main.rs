//! The HTTP API over real embedded backends.

mod asking;
mod describing;
mod inputs;
mod looking;
mod original;
mod reading;
mod serving;
mod support;
mod watching;
mod withdrawing;
