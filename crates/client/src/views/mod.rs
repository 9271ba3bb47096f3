//! HTML. The macro escapes every text from outside; nothing is inserted raw.

mod about;
mod failure;
mod format;
mod history;
mod home;
mod layout;
mod number;

pub(crate) use about::about;
pub(crate) use failure::{failure, method_not_allowed};
pub(crate) use history::{History, history, row};
pub(crate) use home::{SubmitForm, home};
pub(crate) use number::{never_submitted, number, number_part};
