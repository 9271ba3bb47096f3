//! The facts about an index that is being typed.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::Html;

use super::failure::PageFailure;
use super::home::HomeQuery;
use super::index_failure::explain;
use super::subject::other_subject;
use crate::ClientState;
use crate::forwarded_headers::ForwardedHeaders;
use crate::typed_index::{self, TypedIndex};
use crate::views;

/// `GET /card?index=` returns the size, ends and cost of F(n), what another subject is, asks back, or says what is wrong.
/// Creates nothing.
///
/// 200 · 503 the API is unavailable
pub(crate) async fn card(
    State(state): State<ClientState>,
    forwarded: ForwardedHeaders,
    query: Result<Query<HomeQuery>, QueryRejection>,
) -> Result<Html<String>, PageFailure> {
    let text = query.ok().and_then(|Query(query)| query.index).unwrap_or_default();
    if let Some(subject) = other_subject(text.trim()) {
        let offer = state.api.offer(subject, &forwarded).await;
        return Ok(Html(views::card_subject(&offer).into_string()));
    }
    let markup = match typed_index::parse(&text) {
        Ok(TypedIndex::One(index)) => views::card(&state.api.facts(&index, None, &forwarded).await?),
        Ok(TypedIndex::Ambiguous(meanings)) => views::meanings(&meanings),
        Err(error) => views::card_problem(&explain(&error)),
    };
    Ok(Html(markup.into_string()))
}
