//! Problem details (RFC 9457): one shape for everything that is not a success.

use serde::{Deserialize, Serialize};

/// What went wrong, what was given and what is allowed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Problem {
    /// `urn:abaci:problem:` and the kind.
    #[serde(rename = "type")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, example = "urn:abaci:problem:index-out-of-range"))]
    pub kind: ProblemKind,
    /// The kind in words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// One or two sentences about this occurrence.
    pub detail: Option<String>,
    /// The field that is wrong.
    pub field: Option<String>,
    /// What was given, shortened.
    pub given: Option<String>,
    /// What is allowed.
    pub allowed: Option<String>,
    /// Where the calculation stands, when that is why it cannot be done.
    pub calculation_status: Option<String>,
    /// The name under which the log knows this request.
    pub request_id: Option<String>,
}

/// The kinds of problems. Their words never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ProblemKind {
    /// 422: no index in the request.
    #[serde(rename = "urn:abaci:problem:index-missing")]
    IndexMissing,
    /// 422: not a canonical integer.
    #[serde(rename = "urn:abaci:problem:index-not-integer")]
    IndexNotInteger,
    /// 422: an integer beyond the limits.
    #[serde(rename = "urn:abaci:problem:index-out-of-range")]
    IndexOutOfRange,
    /// 413.
    #[serde(rename = "urn:abaci:problem:body-too-large")]
    BodyTooLarge,
    /// 400: not JSON, not a form, or the same name twice.
    #[serde(rename = "urn:abaci:problem:body-malformed")]
    BodyMalformed,
    /// 415.
    #[serde(rename = "urn:abaci:problem:media-type")]
    MediaType,
    /// 422 (416 for a range): a parameter of the address or a header that cannot be served.
    #[serde(rename = "urn:abaci:problem:parameter")]
    Parameter,
    /// 404.
    #[serde(rename = "urn:abaci:problem:not-found")]
    NotFound,
    /// 405; the `Allow` header names the methods.
    #[serde(rename = "urn:abaci:problem:method-not-allowed")]
    MethodNotAllowed,
    /// 409: the value cannot be read now; `calculation_status` says why.
    #[serde(rename = "urn:abaci:problem:value-not-ready")]
    ValueNotReady,
    /// 429.
    #[serde(rename = "urn:abaci:problem:too-many-requests")]
    TooManyRequests,
    /// 503: too many calculations wait; nothing was stored.
    #[serde(rename = "urn:abaci:problem:queue-full")]
    QueueFull,
    /// 503 or 422: the value would not fit where values are kept.
    #[serde(rename = "urn:abaci:problem:too-large-to-fit")]
    TooLargeToFit,
    /// 503: a part of the system is out of reach; nothing was stored.
    #[serde(rename = "urn:abaci:problem:unavailable")]
    Unavailable,
    /// 403: sent by a page of another site.
    #[serde(rename = "urn:abaci:problem:cross-site")]
    CrossSite,
    /// 403: no or a wrong token.
    #[serde(rename = "urn:abaci:problem:forbidden")]
    Forbidden,
    /// 409: it cannot be done in the calculation's present state.
    #[serde(rename = "urn:abaci:problem:conflict")]
    Conflict,
    /// 500: a bug of ours. `request_id` names it in the log.
    #[serde(rename = "urn:abaci:problem:internal")]
    Internal,
}

impl ProblemKind {
    /// The kind in words, the same at every occurrence.
    pub const fn title(self) -> &'static str {
        match self {
            Self::IndexMissing => "No index was given",
            Self::IndexNotInteger => "The index is not a whole number",
            Self::IndexOutOfRange => "The index is out of range",
            Self::BodyTooLarge => "The request body is too large",
            Self::BodyMalformed => "The request body cannot be read",
            Self::MediaType => "The request body is of a type that is not read here",
            Self::Parameter => "A parameter of the request cannot be served",
            Self::NotFound => "Not found",
            Self::MethodNotAllowed => "The method is not allowed here",
            Self::ValueNotReady => "The value cannot be read now",
            Self::TooManyRequests => "Too many requests",
            Self::QueueFull => "Too many calculations are waiting",
            Self::TooLargeToFit => "The value would not fit",
            Self::Unavailable => "A part of the system is out of reach",
            Self::CrossSite => "Requests from pages of other sites are refused",
            Self::Forbidden => "This needs the token that was given to who asked",
            Self::Conflict => "Not possible in its present state",
            Self::Internal => "A fault of ours",
        }
    }
}

/// What was given, cut to a length that can be shown, with control characters made visible.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shortened(String);

impl Shortened {
    /// So many characters are shown.
    pub const CHARACTERS: usize = 60;

    /// Shortens a text.
    pub fn new(text: &str) -> Self {
        let shown: String = text.chars().take(Self::CHARACTERS).flat_map(char::escape_debug).collect();
        if text.chars().nth(Self::CHARACTERS).is_some() { Self(shown + "…") } else { Self(shown) }
    }
}

impl std::fmt::Display for Shortened {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}
