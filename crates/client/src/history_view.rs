//! Which calculations the history has, and in which order.

/// A list of calculations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum HistoryView {
    /// Newest first.
    All,
    /// Those that this browser submitted.
    Mine,
    /// Those that are queued or running.
    Unfinished,
    /// The largest first.
    Largest,
    /// Subjects other than F(n), newest first.
    Others,
    /// By index, from this one on.
    From(String),
}

impl HistoryView {
    /// Returns the parameter of the page's address that names it.
    pub(crate) fn page_query(&self) -> Option<String> {
        match self {
            Self::All => None,
            Self::Mine => Some("show=mine".to_owned()),
            Self::Unfinished => Some("show=unfinished".to_owned()),
            Self::Largest => Some("show=largest".to_owned()),
            Self::Others => Some("show=others".to_owned()),
            Self::From(index) => Some(format!("from={index}")),
        }
    }

    /// Returns the parameters of the API that select it, after others. The API does not know what is mine.
    pub(crate) fn api_query(&self) -> String {
        match self {
            Self::All | Self::Mine => String::new(),
            Self::Unfinished => "&show=unfinished".to_owned(),
            Self::Largest => "&show=largest".to_owned(),
            Self::Others => "&show=others".to_owned(),
            Self::From(index) => format!("&show=by-index&from={index}"),
        }
    }
}
