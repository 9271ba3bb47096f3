//! What is answered under each path.

mod about;
mod ask;
mod failure;
mod fragments;
mod home;
mod number;
mod withdraw;

pub(crate) use about::{about, robots};
pub(crate) use ask::ask;
pub(crate) use failure::{nowhere, wrong_method};
pub(crate) use fragments::{number_fragment, record_fragment, row_fragment};
pub(crate) use home::home;
pub(crate) use number::number;
pub(crate) use withdraw::withdraw;
