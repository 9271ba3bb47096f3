//! Answers that are not what was hoped for, always as pages.

use axum::response::{Html, IntoResponse, Response};
use http::header::RETRY_AFTER;
use http::{HeaderValue, Method, StatusCode, Uri};
use maud::Markup;
use server::CrossSiteError;
use wire::{Problem, ProblemKind};

use crate::api_client::ApiError;
use crate::html;

/// Seconds after which it is worth trying again when a part of the system is out of reach.
const TRY_AGAIN_S: HeaderValue = HeaderValue::from_static("5");

/// What went wrong, for the page and for the headings.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) status: StatusCode,
    pub(crate) problem: Box<Problem>,
    retry_after: Option<HeaderValue>,
}

impl Failure {
    /// A failure found here, not by the API.
    pub(crate) fn new(status: StatusCode, kind: ProblemKind) -> Self {
        let problem = Box::new(Problem {
            kind,
            title: kind.title().to_owned(),
            status: status.as_u16(),
            detail: None,
            field: None,
            given: None,
            allowed: None,
            calculation_status: None,
            request_id: None,
        });
        let retry_after = (status == StatusCode::SERVICE_UNAVAILABLE).then_some(TRY_AGAIN_S);
        Self { status, problem, retry_after }
    }

    pub(crate) fn detailed(mut self, detail: &str) -> Self {
        self.problem.detail = Some(detail.to_owned());
        self
    }

    /// Answers with a page, which says what is said here or more.
    pub(crate) fn with(self, page: Markup) -> Response {
        let mut response = (self.status, Html(page.into_string())).into_response();
        if let Some(retry_after) = self.retry_after {
            response.headers_mut().insert(RETRY_AFTER, retry_after);
        }
        response
    }
}

impl From<CrossSiteError> for Failure {
    fn from(error: CrossSiteError) -> Self {
        Self::new(StatusCode::FORBIDDEN, ProblemKind::CrossSite).detailed(&error.to_string())
    }
}

impl From<ApiError> for Failure {
    fn from(error: ApiError) -> Self {
        match error {
            ApiError::Problem { problem, retry_after } => {
                let said = StatusCode::from_u16(problem.status).ok();
                let error = said.filter(|status| status.is_client_error() || status.is_server_error());
                Self { status: error.unwrap_or(StatusCode::BAD_GATEWAY), problem, retry_after }
            }
            ApiError::Unreachable(_) | ApiError::TimedOut => {
                tracing::warn!(error = &error as &dyn std::error::Error, "the API gave no answer");
                Self::new(StatusCode::SERVICE_UNAVAILABLE, ProblemKind::Unavailable)
                    .detailed("The calculating part of Abaci does not answer. Please try again in a few seconds.")
            }
            ApiError::Unintelligible { .. } => {
                tracing::error!(error = &error as &dyn std::error::Error, "the API cannot be understood");
                Self::new(StatusCode::BAD_GATEWAY, ProblemKind::Internal)
                    .detailed("The calculating part of Abaci answered something that this page does not understand.")
            }
        }
    }
}

/// A failure that takes the whole page.
impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let page = html::failure(&self.problem);
        self.with(page)
    }
}

/// Any path that leads nowhere: 404.
pub(crate) async fn nowhere() -> Response {
    Failure::new(StatusCode::NOT_FOUND, ProblemKind::NotFound)
        .detailed("There is no page under this address.")
        .into_response()
}

/// A path that knows other methods: 405.
pub(crate) async fn wrong_method(method: Method, uri: Uri) -> Response {
    let path = wire::Shortened::new(uri.path()).to_string();
    let page = html::wrong_method(method.as_str(), &path);
    (StatusCode::METHOD_NOT_ALLOWED, Html(page.into_string())).into_response()
}
