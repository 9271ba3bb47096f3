//! Problem details (RFC 9457): one shape for everything that is not a success.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

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
    /// The address of a page about this kind of problem.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// The id of this request in the log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

impl Problem {
    /// Creates a problem of a kind, without details.
    pub fn new(kind: ProblemKind, status: u16) -> Self {
        Self {
            kind,
            title: kind.title().to_owned(),
            status,
            detail: None,
            field: None,
            given: None,
            allowed: None,
            subject: None,
            calculation_status: None,
            help: Some(format!("/api/problems/{}", kind.name())),
            request_id: None,
        }
    }
}

/// The kinds of problems. Their names never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProblemKind {
    /// 422: no index in the request.
    IndexMissing,
    /// 422: not a canonical integer.
    IndexNotInteger,
    /// 422: an integer beyond the limits.
    IndexOutOfRange,
    /// 422: more indexes or more work than a batch may have; nothing was stored.
    BatchTooLarge,
    /// 413.
    BodyTooLarge,
    /// 400: not JSON, not a form, or the same name twice.
    BodyMalformed,
    /// 415.
    MediaType,
    /// 422 (416 for a range): an invalid query parameter or header.
    Parameter,
    /// 404.
    NotFound,
    /// 405; the `Allow` header names the methods.
    MethodNotAllowed,
    /// 409: there is no value now; `calculation_status` says why.
    ValueNotReady,
    /// 429.
    TooManyRequests,
    /// 503: the queue is full; nothing was stored.
    QueueFull,
    /// 422 or 503: the value is too large for this system, or the disk is full.
    TooLargeToFit,
    /// 503: part of the system is unavailable.
    Unavailable,
    /// 403: sent by a page of another site.
    CrossSite,
    /// 403: missing or wrong token.
    Forbidden,
    /// 409: not possible in the calculation's current state.
    Conflict,
    /// 406: the client excludes every encoding that can be sent.
    NotAcceptable,
    /// 412: `If-Match` names another representation.
    PreconditionFailed,
    /// 500: a bug. The log has it under `request_id`.
    Internal,
}

/// What stands before the name of a kind in its `type`.
const PREFIX: &str = "urn:abaci:problem:";

impl ProblemKind {
    /// All kinds.
    pub const ALL: [Self; 21] = [
        Self::IndexMissing,
        Self::IndexNotInteger,
        Self::IndexOutOfRange,
        Self::BatchTooLarge,
        Self::BodyTooLarge,
        Self::BodyMalformed,
        Self::MediaType,
        Self::Parameter,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::ValueNotReady,
        Self::TooManyRequests,
        Self::QueueFull,
        Self::TooLargeToFit,
        Self::Unavailable,
        Self::CrossSite,
        Self::Forbidden,
        Self::Conflict,
        Self::NotAcceptable,
        Self::PreconditionFailed,
        Self::Internal,
    ];

    /// Returns the kind of a `type`, or of its last part.
    pub fn from_name(name: &str) -> Option<Self> {
        let name = name.strip_prefix(PREFIX).unwrap_or(name);
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Returns the last part of the `type`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::IndexMissing => "index-missing",
            Self::IndexNotInteger => "index-not-integer",
            Self::IndexOutOfRange => "index-out-of-range",
            Self::BatchTooLarge => "batch-too-large",
            Self::BodyTooLarge => "body-too-large",
            Self::BodyMalformed => "body-malformed",
            Self::MediaType => "media-type",
            Self::Parameter => "parameter",
            Self::NotFound => "not-found",
            Self::MethodNotAllowed => "method-not-allowed",
            Self::ValueNotReady => "value-not-ready",
            Self::TooManyRequests => "too-many-requests",
            Self::QueueFull => "queue-full",
            Self::TooLargeToFit => "too-large-to-fit",
            Self::Unavailable => "unavailable",
            Self::CrossSite => "cross-site",
            Self::Forbidden => "forbidden",
            Self::Conflict => "conflict",
            Self::NotAcceptable => "not-acceptable",
            Self::PreconditionFailed => "precondition-failed",
            Self::Internal => "internal",
        }
    }

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

impl Serialize for ProblemKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{PREFIX}{}", self.name()))
    }
}

impl<'de> Deserialize<'de> for ProblemKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        Self::from_name(&text).ok_or_else(|| de::Error::custom(format!("{text} is not a kind of problem")))
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
