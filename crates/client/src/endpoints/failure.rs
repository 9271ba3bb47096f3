//! Failures as pages: the API's problem details, and what is found here.

use axum::response::{Html, IntoResponse, Response};
use http::header::RETRY_AFTER;
use http::{HeaderValue, Method, StatusCode, Uri};
use maud::Markup;
use server::CrossSiteError;
use wire::{Problem, ProblemKind};

use crate::api_client::CallError;
use crate::views;

/// When to retry after a part of the system was unavailable.
const RETRY_AFTER_S: HeaderValue = HeaderValue::from_static("5");

/// A response that is not a success: its status, problem and headers.
#[derive(Debug)]
pub(crate) struct PageFailure {
    pub(crate) status: StatusCode,
    pub(crate) problem: Box<Problem>,
    retry_after: Option<HeaderValue>,
}

impl PageFailure {
    /// Creates a failure that was found here, not by the API.
    pub(crate) fn new(status: StatusCode, kind: ProblemKind) -> Self {
        let problem = Box::new(Problem::new(kind, status.as_u16()));
        let retry_after = (status == StatusCode::SERVICE_UNAVAILABLE).then_some(RETRY_AFTER_S);
        Self { status, problem, retry_after }
    }

    pub(crate) fn with_detail(mut self, detail: &str) -> Self {
        self.problem.detail = Some(detail.to_owned());
        self
    }

    /// Turns it into a response with the given page.
    pub(crate) fn with_page(self, page: Markup) -> Response {
        let mut response = (self.status, Html(page.into_string())).into_response();
        if let Some(retry_after) = self.retry_after {
            response.headers_mut().insert(RETRY_AFTER, retry_after);
        }
        response
    }
}

impl From<CrossSiteError> for PageFailure {
    fn from(error: CrossSiteError) -> Self {
        Self::new(StatusCode::FORBIDDEN, ProblemKind::CrossSite).with_detail(&error.to_string())
    }
}

impl From<CallError> for PageFailure {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Problem { mut problem, retry_after, .. } => {
                if matches!(problem.kind, ProblemKind::TooManyRequests | ProblemKind::QueueFull)
                    && let Some(seconds) = retry_after.as_ref().and_then(|value| value.to_str().ok()?.parse().ok())
                {
                    let when = views::try_again_in(seconds);
                    problem.detail = Some(problem.detail.map_or(when.clone(), |detail| format!("{detail} {when}")));
                }
                let stated = StatusCode::from_u16(problem.status).ok();
                let error = stated.filter(|status| status.is_client_error() || status.is_server_error());
                Self { status: error.unwrap_or(StatusCode::BAD_GATEWAY), problem, retry_after }
            }
            CallError::Unreachable(_) | CallError::TimedOut => {
                tracing::warn!(error = &error as &dyn std::error::Error, "the API gave no response");
                Self::new(StatusCode::SERVICE_UNAVAILABLE, ProblemKind::Unavailable)
                    .with_detail(views::failure_text::NO_ANSWER)
            }
            CallError::UnexpectedBody { .. } => {
                tracing::error!(error = &error as &dyn std::error::Error, "the API gave an unexpected response");
                Self::new(StatusCode::BAD_GATEWAY, ProblemKind::Internal)
                    .with_detail(views::failure_text::STRANGE_ANSWER)
            }
        }
    }
}

/// The whole page is about the failure.
impl IntoResponse for PageFailure {
    fn into_response(self) -> Response {
        let page = views::failure(&self.problem);
        self.with_page(page)
    }
}

/// Responds 404 to a path without a page.
pub(crate) async fn not_found() -> Response {
    PageFailure::new(StatusCode::NOT_FOUND, ProblemKind::NotFound)
        .with_detail(views::failure_text::NO_PAGE)
        .into_response()
}

/// Responds 405 to a method that the path does not support.
pub(crate) async fn method_not_allowed(method: Method, uri: Uri) -> Response {
    let path = wire::Shortened::new(uri.path()).to_string();
    let page = views::method_not_allowed(method.as_str(), &path);
    (StatusCode::METHOD_NOT_ALLOWED, Html(page.into_string())).into_response()
}
