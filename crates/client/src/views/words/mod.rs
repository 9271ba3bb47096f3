//! All words of the pages, so that a translation can be added here. `ci/words` finds words in other files of the pages.

pub(in crate::views) mod format;
pub(in crate::views) mod sentences;
pub(in crate::views) mod text;
