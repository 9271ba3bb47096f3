//! Problem details (RFC 9457): one shape for everything that is not a success.

use serde::{Deserialize, Serialize};

/// A problem: what is wrong, what was given and what is allowed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Problem {
    /// `urn:abaci:problem:` and the kind.
    #[serde(rename = "type")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, example = "urn:abaci:problem:index-out-of-range"))]
    pub kind: ProblemKind,
    /// The kind as a sentence.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// One or two sentences about this occurrence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The field that is wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// The given text, shortened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub given: Option<String>,
    /// The allowed values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed: Option<String>,
    /// The subject that can be submitted as a calculation instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The status of the calculation, if that is the reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calculation_status: Option<String>,
    /// The id of this request in the log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

/// The kinds of problems. Their names never change.
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
    /// 422: more indexes or more work than a batch may have; nothing was stored.
    #[serde(rename = "urn:abaci:problem:batch-too-large")]
    BatchTooLarge,
    /// 413.
    #[serde(rename = "urn:abaci:problem:body-too-large")]
    BodyTooLarge,
    /// 400: not JSON, not a form, or the same name twice.
    #[serde(rename = "urn:abaci:problem:body-malformed")]
    BodyMalformed,
    /// 415.
    #[serde(rename = "urn:abaci:problem:media-type")]
    MediaType,
    /// 422 (416 for a range): an invalid query parameter or header.
    #[serde(rename = "urn:abaci:problem:parameter")]
    Parameter,
    /// 404.
    #[serde(rename = "urn:abaci:problem:not-found")]
    NotFound,
    /// 405; the `Allow` header names the methods.
    #[serde(rename = "urn:abaci:problem:method-not-allowed")]
    MethodNotAllowed,
    /// 409: there is no value now; `calculation_status` says why.
    #[serde(rename = "urn:abaci:problem:value-not-ready")]
    ValueNotReady,
    /// 429.
    #[serde(rename = "urn:abaci:problem:too-many-requests")]
    TooManyRequests,
    /// 503: the queue is full; nothing was stored.
    #[serde(rename = "urn:abaci:problem:queue-full")]
    QueueFull,
    /// 422 or 503: the value is too large for this system, or the disk is full.
    #[serde(rename = "urn:abaci:problem:too-large-to-fit")]
    TooLargeToFit,
    /// 503: part of the system is unavailable.
    #[serde(rename = "urn:abaci:problem:unavailable")]
    Unavailable,
    /// 403: sent by a page of another site.
    #[serde(rename = "urn:abaci:problem:cross-site")]
    CrossSite,
    /// 403: missing or wrong token.
    #[serde(rename = "urn:abaci:problem:forbidden")]
    Forbidden,
    /// 409: not possible in the calculation's current state.
    #[serde(rename = "urn:abaci:problem:conflict")]
    Conflict,
    /// 406: the client excludes every encoding that can be sent.
    #[serde(rename = "urn:abaci:problem:not-acceptable")]
    NotAcceptable,
    /// 412: `If-Match` names another representation.
    #[serde(rename = "urn:abaci:problem:precondition-failed")]
    PreconditionFailed,
    /// 500: a bug. The log has it under `request_id`.
    #[serde(rename = "urn:abaci:problem:internal")]
    Internal,
}

impl ProblemKind {
    /// Returns the kind as a sentence, the same at every occurrence.
    pub const fn title(self) -> &'static str {
        match self {
            Self::IndexMissing => "No index was given",
            Self::IndexNotInteger => "The index is not a whole number",
            Self::IndexOutOfRange => "The index is out of range",
            Self::BatchTooLarge => "The batch is too large",
            Self::BodyTooLarge => "The request body is too large",
            Self::BodyMalformed => "Malformed request body",
            Self::MediaType => "Unsupported request body type",
            Self::Parameter => "Invalid parameter",
            Self::NotFound => "Not found",
            Self::MethodNotAllowed => "Method not allowed",
            Self::ValueNotReady => "The value is not available now",
            Self::TooManyRequests => "Too many requests",
            Self::QueueFull => "The queue is full",
            Self::TooLargeToFit => "The value is too large for this system",
            Self::Unavailable => "Part of the system is unavailable",
            Self::CrossSite => "Requests from pages of other sites are refused",
            Self::Forbidden => "Missing or wrong ask token",
            Self::Conflict => "Not possible in the current state",
            Self::NotAcceptable => "No acceptable encoding",
            Self::PreconditionFailed => "Precondition failed",
            Self::Internal => "Internal server error",
        }
    }
}

/// A text cut to a length that can be shown, with control characters escaped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shortened(String);

impl Shortened {
    /// Characters that are shown.
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
