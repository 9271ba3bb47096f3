//! `GET /api/calculations`

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header;
use model::{Calculation, Index, Subject};
use store::{CountedList, ListOrder};
use wire::CalculationList;

use crate::error::ApiError;
use crate::error_responses::StoreErrors;
use crate::extract::{QueryParams, invalid_parameter};
use crate::limits::{ApiConfig, ClientIp, parse_subject};
use crate::state::ApiState;

const DEFAULT_LIMIT: u32 = 50;
const MAX_LIMIT: u32 = 200;
/// The most calculations that a request may name.
const MAX_NAMED: usize = 50;

/// `GET /api/calculations` lists the calculations of F(n): all, newest first; the largest; by their index; or those
/// that are named. Or it lists what is queued or running of all subjects, or those of all other subjects.
#[utoipa::path(
    get,
    path = "/api/calculations",
    tag = "calculations",
    params(
        ("show" = Option<String>, Query, pattern = "^(newest|unfinished|largest|by-index|others)$", description = "`newest` (all, newest first; the default), `unfinished` (of all subjects, what is queued or running, newest first), `largest` (all, the largest |n| first), `by-index` (all, the smallest n first) or `others` (all subjects but F(n), newest first)"),
        ("from" = Option<String>, Query, pattern = "^(0|-?[1-9][0-9]{0,18})$", description = "With `show=by-index`: the first index"),
        ("index" = Option<String>, Query, description = "Only these, newest first: indexes of F(n) with commas between them, with subjects at most 50; not with `show`, `from` or `after`"),
        ("subject" = Option<String>, Query, description = "Only these subjects, given several times"),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 200, description = "How many, 1 to 200; default 50"),
        ("after" = Option<String>, Query, pattern = "^(c[0-9]+|n-?[0-9]+)$", description = "`next` of the previous page"),
    ),
    responses(
        (status = 200, description = "A page of calculations", body = wire::CalculationList),
        (status = 429, description = "This address reads too many lists at a time", body = wire::Problem, content_type = "application/problem+json"),
        (status = 422, description = "A parameter is invalid", body = wire::Problem, content_type = "application/problem+json"),
        StoreErrors,
    )
)]
pub(crate) async fn list(
    State(state): State<ApiState>,
    ClientIp(address): ClientIp,
    query: QueryParams,
) -> Result<Response, ApiError> {
    let limit = parse_limit(&query)?;
    if let Some(named) = parse_named(&query, &state.config)? {
        let found = state.read_these(address, &named).await?;
        let total = u64::try_from(found.len()).ok();
        return Ok(response(encode(&found, None, total)));
    }
    let (order, counted) = parse_order(&query, &state.config)?;
    // One more than the limit shows whether there is a next page.
    let (page, total) = tokio::join!(state.read_list(address, order, counted, limit + 1), state.count_list(counted));
    let body = page?.body(|calculations| {
        let has_next = calculations.len() > limit as usize;
        let calculations = &calculations[..calculations.len().min(limit as usize)];
        let next = calculations.last().filter(|_| has_next).map(|last| cursor(order, last));
        // A list of one page is counted by it, which is newer than the last count.
        let is_whole = next.is_none() && is_beginning(order, counted);
        let whole = u64::try_from(calculations.len()).ok().filter(|_| is_whole);
        encode(calculations, next, whole.or(total))
    });
    Ok(response(body))
}

/// Returns whether a page begins where its list does.
fn is_beginning(order: ListOrder, list: CountedList) -> bool {
    match order {
        ListOrder::Newest { before } | ListOrder::Unfinished { before } | ListOrder::Others { before } => {
            before.is_none()
        }
        ListOrder::Largest { after } => after.is_none(),
        ListOrder::Index { from: i64::MIN } => true,
        ListOrder::Index { from } => list == CountedList::From(from),
    }
}

fn encode(calculations: &[Calculation], next: Option<String>, total: Option<u64>) -> Bytes {
    let items = calculations.iter().map(Into::into).collect();
    // Structures of texts and numbers can always be written as JSON.
    serde_json::to_vec(&CalculationList { items, next, total }).unwrap_or_default().into()
}

fn response(body: Bytes) -> Response {
    ([(header::CACHE_CONTROL, "no-cache"), (header::CONTENT_TYPE, "application/json")], body).into_response()
}

fn cursor(order: ListOrder, last: &Calculation) -> String {
    match order {
        ListOrder::Newest { .. } | ListOrder::Unfinished { .. } | ListOrder::Others { .. } => {
            CalculationList::cursor(last.id)
        }
        // These lists have subjects with an index only.
        ListOrder::Largest { .. } | ListOrder::Index { .. } => {
            last.subject.index().map(CalculationList::index_cursor).unwrap_or_default()
        }
    }
}

fn parse_limit(query: &QueryParams) -> Result<u32, ApiError> {
    let Some(text) = query.one("limit")? else { return Ok(DEFAULT_LIMIT) };
    Some(text)
        .filter(|text| text.bytes().all(|b| b.is_ascii_digit()))
        .and_then(|text| text.parse().ok())
        .filter(|limit| (1..=MAX_LIMIT).contains(limit))
        .ok_or_else(|| invalid_parameter("limit", text, &format!("1 to {MAX_LIMIT}")))
}

/// Returns the subjects that a request names; `None` if it names none.
fn parse_named(query: &QueryParams, config: &ApiConfig) -> Result<Option<Vec<Subject>>, ApiError> {
    let indexes = query.one("index")?.into_iter().flat_map(|texts| texts.split(','));
    let indexes = indexes.map(|text| config.parse_index(text).map(Subject::from));
    let named = indexes.chain(query.all("subject").map(parse_subject)).collect::<Result<Vec<_>, _>>()?;
    let Some(last) = named.last() else { return Ok(None) };
    let name = if last.fibonacci_index().is_some() { "index" } else { "subject" };
    for other in ["show", "from", "after"] {
        if let Some(given) = query.one(other)? {
            return Err(invalid_parameter(other, given, &format!("none together with `{name}`")));
        }
    }
    if named.len() > MAX_NAMED {
        return Err(invalid_parameter(name, &last.to_string(), &format!("up to {MAX_NAMED} indexes and subjects")));
    }
    Ok(Some(named))
}

/// Returns the order of a page, and the list that it is a page of.
fn parse_order(query: &QueryParams, config: &ApiConfig) -> Result<(ListOrder, CountedList), ApiError> {
    let show = query.one("show")?.unwrap_or("newest");
    let (after, from) = (query.one("after")?, query.one("from")?);
    if let Some(from) = from.filter(|_| show != "by-index") {
        return Err(invalid_parameter("from", from, "only with `show=by-index`"));
    }
    let wrong_cursor = |text: &str| invalid_parameter("after", text, "`next` of a page");
    let before = || after.map(|text| CalculationList::read_cursor(text).ok_or_else(|| wrong_cursor(text))).transpose();
    let last = || {
        let index = |text: &str| CalculationList::read_index_cursor(text).map(Index::get);
        after.map(|text| index(text).ok_or_else(|| wrong_cursor(text))).transpose()
    };
    match show {
        "newest" => Ok((ListOrder::Newest { before: before()? }, CountedList::Numbers)),
        "unfinished" => Ok((ListOrder::Unfinished { before: before()? }, CountedList::Unfinished)),
        "others" => Ok((ListOrder::Others { before: before()? }, CountedList::Others)),
        "largest" => Ok((ListOrder::Largest { after: last()? }, CountedList::Numbers)),
        "by-index" => {
            let parse = |text| config.parse_index(text).map_err(|error| error.at("from".to_owned()));
            let from = from.map(parse).transpose()?.map(Index::get);
            let next = last()?.map_or(i64::MIN, |last| last.saturating_add(1));
            let order = ListOrder::Index { from: from.map_or(next, |from| from.max(next)) };
            Ok((order, from.map_or(CountedList::Numbers, CountedList::From)))
        }
        other => Err(invalid_parameter("show", other, "newest, unfinished, largest, by-index or others")),
    }
}
