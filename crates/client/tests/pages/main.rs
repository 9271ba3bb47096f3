//! The pages as a visitor sees them, over an API that answers real HTTP.

mod asking;
mod fake_api;
mod numbers;
mod protection;
mod record;
mod visitor;
mod withdrawing;
