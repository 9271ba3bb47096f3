//! HTML. Every text that came from outside is escaped by the macro; nothing here is inserted raw.

mod about;
mod failure;
mod home;
mod layout;
mod number;
mod record;
mod words;

pub(crate) use about::about;
pub(crate) use failure::{failure, wrong_method};
pub(crate) use home::{Form, home};
pub(crate) use number::{never_asked, number, number_part};
pub(crate) use record::{Record, record, row};
