//! Calculations: estimate, submit, list, read, read the value, find and count digits in it, withdraw.

mod batch;
mod count_digits;
mod digit_search;
mod estimate;
mod find;
#[cfg(test)]
mod fuzzing;
mod list;
mod range;
mod read;
mod submission;
mod submit;
mod value;
mod value_part;
mod withdraw;

pub(crate) use batch::{__path_submit_batch, submit_batch};
pub(crate) use count_digits::{__path_count_digits, count_digits};
pub(crate) use estimate::{__path_estimate, estimate};
pub(crate) use find::{__path_find_digits, find_digits};
pub(crate) use list::{__path_list, list};
pub(crate) use range::{Precondition, check_preconditions};
pub(crate) use read::{__path_read, read};
pub(crate) use submission::submit_subject;
pub(crate) use submit::{__path_submit, SubmitBody, submit};
pub(crate) use value::{__path_compressed_value, __path_value, compressed_value, value};
pub(crate) use withdraw::{__path_withdraw, withdraw};
