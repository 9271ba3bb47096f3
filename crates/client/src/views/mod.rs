//! HTML. The macro escapes every text from outside; nothing is inserted raw.

mod about;
mod drawing;
mod failure;
mod form;
mod history;
mod home;
mod journey;
mod layout;
mod number;
mod offer;
mod preview;
mod problem;
mod race;
mod speed;
mod subject;
mod system;
mod system_drawing;
mod words;

use words::{format, sentences, text};

pub(crate) use about::about;
pub(crate) use failure::{failure, method_not_allowed};
pub(crate) use form::{SubmitForm, card, card_problem, card_subject, meanings};
pub(crate) use history::{History, history, is_negative, row};
pub(crate) use home::home;
pub(crate) use number::{
    DigitFind, DigitPage, FindResult, LINE_DIGITS, NumberPage, PAGE_DIGITS, VerifiedCopy, digits_only, number,
    number_part, page_start, places_of_phi,
};
pub(crate) use offer::Offer;
pub(crate) use preview::{png as preview_png, svg as preview_svg};
pub(crate) use race::{FINISH, Race, race};
pub(crate) use speed::MeasuredTime;
pub(crate) use subject::{SubjectPage, subject, subject_part};
pub(crate) use system::{queue_now, system_now};
pub(crate) use words::sentences::try_again_in;
pub(crate) use words::text::failure as failure_text;
pub(crate) use words::text::form as form_text;
pub(crate) use words::text::number::UNKNOWN as UNKNOWN_NUMBER;
