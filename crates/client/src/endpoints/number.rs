//! The page of one number.

use std::num::NonZero;
use std::ops::RangeInclusive;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::{Html, IntoResponse, Redirect, Response};
use http::{HeaderMap, StatusCode};
use model::{Index, Status, ValueState};
use serde::Deserialize;
use wire::{CalculationBody, ModulusPeriod, NumberFacts, ProblemKind, Shortened};

use super::about;
use super::ask_cookie::AskCookie;
use super::digit_find::{Searched, find_digits};
use super::discovery::origin;
use super::failure::PageFailure;
use super::index_path::IndexPath;
use super::subject::other_subject;
use crate::ClientState;
use crate::api_client::CallError;
use crate::forwarded_headers::ForwardedHeaders;
use crate::measured_times::measured_time;
use crate::typed_index::{self, TypedIndex};
use crate::views::{
    self, DigitFind, DigitPage, LINE_DIGITS, NumberPage, Offer, PAGE_DIGITS, page_start, places_of_phi,
};

/// The numbers that search engines may index; there is no end of the others.
const MAX_INDEXED: i64 = 10_000;

/// The largest modulus whose remainder and period are shown.
const MAX_MODULUS: u128 = 10_u128.pow(30);
/// The facts have the period of a modulus up to this.
const MAX_MODULUS_OF_FACTS: u128 = 10_u128.pow(15);

/// The query of a number's page. What cannot be parsed is ignored: the page is the same without it.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct NumberQuery {
    /// The place of a digit, or of the first and last of several: `101` or `101-150`.
    at: Option<String>,
    /// Digits to find.
    find: Option<String>,
    /// The place to search from.
    from: Option<String>,
    /// The modulus of the remainder that is shown.
    #[serde(rename = "mod")]
    modulus: Option<String>,
}

/// `GET /n/{index}?at=&find=&from=&mod=` shows everything about F(n), or the calculation of another subject.
///
/// 200 · 303 from another spelling to the canonical one · 404 not an index · 503 with `Retry-After` the API is
/// unavailable
#[tracing::instrument(skip_all)]
pub(crate) async fn number(
    State(state): State<ClientState>,
    forwarded: ForwardedHeaders,
    IndexPath(text): IndexPath,
    query: Result<Query<NumberQuery>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, PageFailure> {
    if let Some(subject) = other_subject(&text) {
        let page = super::subject::load(&state, subject, &headers, &forwarded).await?;
        return Ok(Html(views::subject(&page).into_string()).into_response());
    }
    if !typed_index::is_canonical(&text) {
        return redirect_to_canonical(&text);
    }
    let query = query.map(|Query(query)| query).unwrap_or_default();
    let page = load(&state, text, &query, &headers, &forwarded).await?;
    Ok(Html(views::number(&page).into_string()).into_response())
}

/// `GET /n/{index}/fragment` returns the part of the page of F(n) or another subject that changes. It is below
/// `/n/{index}` because the cookie of a submission is sent only there.
///
/// 200 · 404 not an index · 503 the API is unavailable
pub(crate) async fn number_fragment(
    State(state): State<ClientState>,
    forwarded: ForwardedHeaders,
    index: IndexPath,
    query: Result<Query<NumberQuery>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Html<String>, PageFailure> {
    if let Some(subject) = other_subject(&index.0) {
        let page = super::subject::load(&state, subject, &headers, &forwarded).await?;
        return Ok(Html(views::subject_part(&page).into_string()));
    }
    let query = query.map(|Query(query)| query).unwrap_or_default();
    let page = load(&state, index.canonical()?, &query, &headers, &forwarded).await?;
    Ok(Html(views::number_part(&page).into_string()))
}

/// Reads everything that the page of a number shows.
pub(super) async fn load(
    state: &ClientState,
    text: String,
    query: &NumberQuery,
    headers: &HeaderMap,
    forwarded: &ForwardedHeaders,
) -> Result<NumberPage, PageFailure> {
    let modulus = query.modulus.as_deref().map(parse_modulus);
    let index = text.parse::<Index>().ok();
    let modulus_text = modulus.flatten().map(|modulus| modulus.to_string());
    let facts = state.api.facts(&text, modulus_text.as_deref(), forwarded);
    let golden_ratio = golden_ratio(state, index, forwarded);
    let period = large_period(state, modulus.flatten(), forwarded);
    let further = async { tokio::join!(golden_ratio, period) };
    let (facts, calculation, mut measured, (golden_ratio, period)) = match index {
        Some(index) => {
            let calculation = async { state.api.calculation(&index.into(), forwarded).await };
            let (facts, calculation, measured, further) =
                tokio::join!(facts, calculation, state.measured.get(&state.api, forwarded), further);
            // The calculation alone makes a page; an older API has no facts.
            (facts.inspect_err(warn_about_facts).ok(), calculation?, measured, further)
        }
        None => {
            let (facts, further) = tokio::join!(facts, further);
            (Some(facts?), None, Vec::new(), further)
        }
    };
    measured.extend(calculation.as_ref().and_then(measured_time));
    let digits = match index {
        Some(index) => digit_page(state, index, facts.as_ref(), calculation.as_ref(), query, forwarded).await,
        None => None,
    };
    let system = match &calculation {
        Some(calculation) if calculation.status == Status::Queued || index == Some(Index::new(views::FINISH)) => {
            about::system(state, forwarded).await
        }
        _ => None,
    };
    Ok(NumberPage {
        system,
        can_cancel: index.is_some_and(|index| AskCookie::read(&index.into(), headers, &state.settings).is_some()),
        indexed: index.is_some_and(|index| (0..=MAX_INDEXED).contains(&index.get())),
        url: format!("{}/n/{text}", origin(state, headers)),
        index: text,
        facts,
        calculation,
        golden_ratio,
        period,
        is_modulus_wrong: modulus == Some(None),
        digits,
        measured,
        verified: None,
    })
}

/// Returns the offer of φ to as many places as the ratio of neighbours agrees with.
async fn golden_ratio(state: &ClientState, index: Option<Index>, forwarded: &ForwardedHeaders) -> Option<Offer> {
    Some(state.api.offer(index.and_then(places_of_phi)?, forwarded).await)
}

/// Returns the period of a modulus that is too large for the facts.
async fn large_period(
    state: &ClientState,
    modulus: Option<NonZero<u128>>,
    forwarded: &ForwardedHeaders,
) -> Option<ModulusPeriod> {
    let modulus = modulus.filter(|modulus| modulus.get() > MAX_MODULUS_OF_FACTS)?;
    state.api.period(modulus, forwarded).await
}

/// Parses a modulus as people type it, up to [`MAX_MODULUS`].
fn parse_modulus(text: &str) -> Option<NonZero<u128>> {
    let Ok(TypedIndex::One(modulus)) = typed_index::parse(text) else { return None };
    modulus.parse().ok().filter(|modulus: &NonZero<u128>| modulus.get() <= MAX_MODULUS)
}

/// Returns the digits that a query points at, if they are known.
async fn digit_page(
    state: &ClientState,
    index: Index,
    facts: Option<&NumberFacts>,
    calculation: Option<&CalculationBody>,
    query: &NumberQuery,
    forwarded: &ForwardedHeaders,
) -> Option<DigitPage> {
    let stored = calculation.is_some_and(|calculation| {
        calculation.status == Status::Done && calculation.value_state != Some(ValueState::Evicted)
    });
    let find = async |searched| match query.find.as_deref() {
        Some(typed) => Some(find_digits(state, searched, typed, query.from.as_deref(), forwarded).await),
        None => None,
    };
    // Shows the digits found, otherwise those the query points at.
    let marked = |find: Option<&DigitFind>| {
        find.and_then(DigitFind::places).or_else(|| query.at.as_deref().and_then(parse_places))
    };
    let short = facts.and_then(|facts| facts.value.as_deref());
    let short = short.or_else(|| calculation.and_then(|calculation| calculation.value.as_deref()));
    if let Some(value) = short {
        let digits = value.trim_start_matches('-');
        let count = u64::try_from(digits.len()).ok()?;
        let negative = digits.len() < value.len();
        let find = find(Searched::Here(digits)).await;
        let (marked, digits) = (marked(find.as_ref()), digits.to_owned());
        return Some(DigitPage { index: index.to_string(), negative, count, from: 1, digits, marked, stored, find });
    }
    let calculation = calculation.filter(|_| stored)?;
    let negative = views::is_negative(calculation);
    let count = calculation.digits;
    let find = find(Searched::Stored(index)).await;
    let marked = marked(find.as_ref());
    let from = page_start(marked.as_ref().map_or(1, |marked| *marked.start()), count);
    let last = (from + PAGE_DIGITS - 1).min(count);
    let before = u64::from(negative);
    let bytes = from - 1 + before..=last - 1 + before;
    let digits = state.api.value_bytes(index, bytes, forwarded).await;
    let digits = digits.inspect_err(|error| {
        tracing::warn!(error = error as &dyn std::error::Error, "cannot read the digits of F({index})");
    });
    Some(DigitPage { index: index.to_string(), negative, count, from, digits: digits.ok()?, marked, stored, find })
}

/// Parses `101` or `101-150`.
fn parse_places(text: &str) -> Option<RangeInclusive<u64>> {
    let plain: String = text.chars().filter(|c| !matches!(c, ' ' | ',')).collect();
    let (first, last) = plain.split_once('-').unwrap_or((&plain, ""));
    let first: u64 = first.parse().ok().filter(|place| *place > 0)?;
    let last = last.parse().unwrap_or(first).clamp(first, first.saturating_add(20 * LINE_DIGITS));
    Some(first..=last)
}

fn warn_about_facts(error: &CallError) {
    tracing::warn!(error = error as &dyn std::error::Error, "cannot read the facts about a number");
}

/// Redirects another spelling of an index to the canonical one, so that every number has one URL.
fn redirect_to_canonical(text: &str) -> Result<Response, PageFailure> {
    match typed_index::parse(text) {
        Ok(TypedIndex::One(index)) => Ok(Redirect::to(&format!("/n/{index}")).into_response()),
        Ok(TypedIndex::Ambiguous(_)) | Err(_) => {
            let mut failure =
                PageFailure::new(StatusCode::NOT_FOUND, ProblemKind::NotFound).with_detail(views::UNKNOWN_NUMBER);
            failure.problem.given = Some(Shortened::new(text).to_string());
            Err(failure)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::parse_places;

    #[test]
    fn places_are_one_or_a_range() {
        assert_eq!(parse_places("101"), Some(101..=101));
        assert_eq!(parse_places("1,001-1,050"), Some(1_001..=1_050));
        assert_eq!(parse_places("7-3"), Some(7..=7));
        assert_eq!(["0", "-5", "x", ""].map(parse_places), [None, None, None, None]);
    }
}
