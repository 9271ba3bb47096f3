//! All words of the pages about the API, so that a translation can be added here. What an operation does is said at its
//! handler, because programs read that too. `ci/words` finds words in other files of the pages.

pub(super) mod problems;
pub(super) mod text;
