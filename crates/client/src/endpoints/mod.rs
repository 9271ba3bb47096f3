//! One file for each endpoint, and what they share.

mod about;
mod ask_cookie;
mod asset;
mod cancel;
mod card;
mod development_assets;
mod digit_find;
mod discovery;
mod failure;
mod fragments;
mod home;
mod index_failure;
mod index_path;
mod mine_cookie;
mod number;
mod preview;
mod security_text;
mod subject;
mod submit;
mod verify;

pub(crate) use about::{about, queue_fragment, race_fragment, system_fragment};
pub(crate) use asset::{asset, face_licence};
pub(crate) use cancel::cancel;
pub(crate) use card::card;
pub(crate) use development_assets::routes as development_assets;
pub(crate) use discovery::{robots, sitemap, surprise};
pub(crate) use failure::{method_not_allowed, not_found};
pub(crate) use fragments::{history_fragment, row_fragment};
pub(crate) use home::home;
pub(crate) use number::{number, number_fragment};
pub(crate) use preview::{preview_png, preview_svg};
pub(crate) use security_text::security_text;
pub(crate) use submit::submit;
pub(crate) use verify::verify;
