//! The first page: the form and the history.

use axum::extract::{FromRequestParts, Query, State};
use axum::response::{Html, IntoResponse, Redirect, Response};
use http::StatusCode;
use http::request::Parts;
use model::Subject;
use serde::Deserialize;
use wire::{CalculationList, ProblemKind};

use super::failure::PageFailure;
use super::index_failure::not_an_index;
use super::mine_cookie::read_mine;
use super::subject::other_subject;
use crate::ClientState;
use crate::api_client::Cursor;
use crate::forwarded_headers::ForwardedHeaders;
use crate::history_view::HistoryView;
use crate::typed_index::{self, TypedIndex};
use crate::views::{self, History, SubmitForm};

/// Calculations on one page of the history.
const PER_PAGE: u32 = 30;

/// The query of the first page.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct HomeQuery {
    /// The cursor of the page of the history.
    after: Option<String>,
    /// Which calculations the history has: `mine`, `unfinished`, `largest`, `others`, or all.
    show: Option<String>,
    /// The typed index from which on the history lists, or another subject.
    from: Option<String>,
    /// The initial text of the field.
    pub(crate) index: Option<String>,
    /// The submissions of this browser, by its cookie.
    #[serde(skip)]
    mine: Vec<Subject>,
}

/// `GET /?show=&from=&after=&index=` shows the form and a page of the history.
///
/// 200 · 303 to the page of another subject than F(n) · 404 invalid cursor or list · 422 `from` is neither · 503 with
/// `Retry-After` the API is unavailable; the form is still shown
#[tracing::instrument(skip_all)]
pub(crate) async fn home(
    State(state): State<ClientState>,
    forwarded: ForwardedHeaders,
    query: HomeQuery,
) -> Result<Response, PageFailure> {
    if let Some(subject) = query.from.as_deref().and_then(|typed| other_subject(typed.trim())) {
        return Ok(Redirect::to(&format!("/n/{}", subject.path())).into_response());
    }
    let form = SubmitForm { text: query.index.as_deref().unwrap_or_default(), problem: None, meanings: &[] };
    match history(&state, &query, &forwarded).await {
        Ok(history) => Ok(Html(views::home(&form, Ok(&history)).into_string()).into_response()),
        Err(failure) if failure.status.is_client_error() => Err(failure),
        Err(failure) => {
            let page = views::home(&form, Err(&failure.problem));
            Ok(failure.with_page(page))
        }
    }
}

/// Returns the page of the history that a query names.
pub(crate) async fn history(
    state: &ClientState,
    query: &HomeQuery,
    forwarded: &ForwardedHeaders,
) -> Result<History, PageFailure> {
    let invalid = || {
        PageFailure::new(StatusCode::NOT_FOUND, ProblemKind::NotFound).with_detail(views::failure_text::NO_HISTORY_PAGE)
    };
    let after = match query.after.as_deref() {
        Some(text) => Some(Cursor::parse(text).ok_or_else(invalid)?),
        None => None,
    };
    let view = match (query.from.as_deref(), query.show.as_deref()) {
        (Some(typed), _) => HistoryView::From(parse_from(typed)?),
        (None, None) => HistoryView::All,
        (None, Some("mine")) => HistoryView::Mine,
        (None, Some("unfinished")) => HistoryView::Unfinished,
        (None, Some("largest")) => HistoryView::Largest,
        (None, Some("others")) => HistoryView::Others,
        (None, Some(_)) => return Err(invalid()),
    };
    let list = match view {
        HistoryView::Mine if query.mine.is_empty() => CalculationList { items: Vec::new(), next: None, total: Some(0) },
        HistoryView::Mine => state.api.calculations(&query.mine, forwarded).await?,
        _ => state.api.history(PER_PAGE, &view, after.as_ref(), forwarded).await?,
    };
    Ok(History { list, view, after })
}

fn parse_from(typed: &str) -> Result<String, PageFailure> {
    match typed_index::parse(typed) {
        Ok(TypedIndex::One(index)) => Ok(index),
        // The first reading is the one with a mark between thousands.
        Ok(TypedIndex::Ambiguous(meanings)) => Ok(meanings.into_iter().next().unwrap_or_default()),
        Err(error) => Err(not_an_index(typed, &error)),
    }
}

impl<S: Send + Sync> FromRequestParts<S> for HomeQuery {
    type Rejection = PageFailure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, PageFailure> {
        let unreadable = |_| {
            PageFailure::new(StatusCode::BAD_REQUEST, ProblemKind::NotFound)
                .with_detail(views::failure_text::UNREADABLE)
        };
        let mine = read_mine(&parts.headers);
        let query = Query::from_request_parts(parts, state).await;
        query.map(|Query(query)| Self { mine, ..query }).map_err(unreadable)
    }
}
