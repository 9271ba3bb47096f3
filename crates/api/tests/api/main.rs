//! The HTTP API over real embedded backends.

mod batch;
mod connections;
mod docs;
mod events;
mod find;
mod http;
mod inputs;
mod lists;
mod numbers;
mod original;
mod questions;
mod read;
mod subjects;
mod submit;
mod support;
mod value;
mod verify;
mod withdraw;
