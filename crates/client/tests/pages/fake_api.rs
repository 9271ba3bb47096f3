//! An API of canned answers that speaks real HTTP and notes what it is asked.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use model::{FailureReason, Status, ValueState};
use wire::{
    CalculationBody, CalculationList, ComparedFlag, ComparedText, Doubling, EstimateBody, FailureBody, FoundDigits,
    LaneStatus, Links, ModulusPeriod, NumberFacts, Period, Problem, ProblemKind, Residue, ResidueCheck, Submitted,
    SystemStatus, VerificationBody,
};

pub(crate) const TOKEN: &str = "0123456789abcdef0123456789abcdef";

#[derive(Default)]
pub(crate) struct FakeApi {
    /// By index, or by subject for others than F(n).
    known: BTreeMap<String, CalculationBody>,
    next: Option<String>,
    /// The problem with which every call is refused, and `Retry-After`.
    refusal: Option<(Problem, Option<&'static str>)>,
    gives_tokens: bool,
    calls: Mutex<Vec<Call>>,
}

/// A call that it received.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) what: String,
    pub(crate) headers: HeaderMap,
}

impl FakeApi {
    pub(crate) fn knowing(calculations: impl IntoIterator<Item = CalculationBody>) -> Self {
        let path = |calculation: &CalculationBody| calculation.links.page.trim_start_matches("/n/").to_owned();
        let known = calculations.into_iter().map(|calculation| (path(&calculation), calculation)).collect();
        Self { known, ..Self::default() }
    }

    pub(crate) fn refusing(problem: Problem, retry_after: Option<&'static str>) -> Self {
        Self { refusal: Some((problem, retry_after)), ..Self::default() }
    }

    pub(crate) fn with_more(mut self, next: &str) -> Self {
        self.next = Some(next.to_owned());
        self
    }

    pub(crate) fn giving_tokens(mut self) -> Self {
        self.gives_tokens = true;
        self
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        self.calls.lock().expect("no call panics").clone()
    }

    pub(crate) fn router(self: Arc<Self>) -> Router {
        Router::new()
            .route("/api/calculations", get(list).post(submit))
            .route("/api/calculations/{index}", get(find).delete(withdraw))
            .route("/api/calculations/{index}/value", get(value))
            .route("/api/calculations/{index}/value/find", get(find_digits))
            .route("/api/numbers/{index}", get(number))
            .route("/api/estimates/{index}", get(estimate))
            .route("/api/moduli/1000000000000000000", get(period))
            .route("/api/verify", axum::routing::post(verify))
            .route("/api/system", get(system))
            .with_state(self)
    }

    /// Notes a call; the answer, if every call is refused.
    fn note(&self, what: String, headers: HeaderMap) -> Option<Response> {
        self.calls.lock().expect("no call panics").push(Call { what, headers });
        let (problem, retry_after) = self.refusal.as_ref()?;
        let mut answer = refusal(problem);
        if let Some(retry_after) = retry_after {
            answer.headers_mut().insert("retry-after", retry_after.parse().expect("a heading"));
        }
        if self.gives_tokens {
            answer.headers_mut().insert("abaci-ask", TOKEN.parse().expect("a heading"));
        }
        Some(answer)
    }
}

type FakeApiState = State<Arc<FakeApi>>;

async fn list(State(api): FakeApiState, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    if let Some(refused) = api.note(format!("GET /api/calculations?{}", query.unwrap_or_default()), headers) {
        return refused;
    }
    let mut items: Vec<CalculationBody> = api.known.values().cloned().collect();
    items.sort_by(|a, b| b.asked_at.cmp(&a.asked_at));
    Json(CalculationList { items, next: api.next.clone(), total: Some(12_345) }).into_response()
}

async fn submit(State(api): FakeApiState, headers: HeaderMap, body: String) -> Response {
    if let Some(refused) = api.note(format!("POST /api/calculations {body}"), headers) {
        return refused;
    }
    let asked: serde_json::Value = serde_json::from_str(&body).expect("the client sends JSON");
    let name = asked["index"].as_str().or(asked["subject"].as_str()).expect("the client sends an index or a subject");
    let calculation = api.known.get(name).cloned().unwrap_or_else(|| queued(name));
    let ask = api.gives_tokens.then(|| TOKEN.to_owned());
    (StatusCode::ACCEPTED, Json(Submitted { calculation, ask })).into_response()
}

async fn find(State(api): FakeApiState, Path(index): Path<String>, headers: HeaderMap) -> Response {
    if let Some(refused) = api.note(format!("GET /api/calculations/{index}"), headers) {
        return refused;
    }
    let Some(known) = api.known.get(&index) else { return refusal(&problem(404, ProblemKind::NotFound)) };
    Json(known).into_response()
}

async fn withdraw(State(api): FakeApiState, Path(index): Path<String>, headers: HeaderMap) -> Response {
    let token = headers.get("abaci-ask").is_some_and(|token| token == TOKEN);
    if let Some(refused) = api.note(format!("DELETE /api/calculations/{index}"), headers) {
        return refused;
    }
    let Some(known) = api.known.get(&index) else { return refusal(&problem(404, ProblemKind::NotFound)) };
    if !token {
        return refusal(&problem(403, ProblemKind::Forbidden));
    }
    if known.status.is_final() {
        return refusal(&problem(409, ProblemKind::Conflict));
    }
    Json(CalculationBody { status: Status::Cancelled, ..known.clone() }).into_response()
}

/// Serves part of the value of a million digits of 7.
async fn value(State(api): FakeApiState, Path(index): Path<String>, headers: HeaderMap) -> Response {
    let range = headers.get("range").and_then(|range| range.to_str().ok()).unwrap_or_default().to_owned();
    if let Some(refused) = api.note(format!("GET /api/calculations/{index}/value {range}"), headers) {
        return refused;
    }
    let Some((from, to)) = range.strip_prefix("bytes=").and_then(|range| range.split_once('-')) else {
        return StatusCode::RANGE_NOT_SATISFIABLE.into_response();
    };
    let [from, to]: [usize; 2] = [from, to].map(|place| place.parse().expect("a place"));
    (StatusCode::PARTIAL_CONTENT, "7".repeat(to - from + 1)).into_response()
}

/// Gives facts that belong to no number, but tell the numbers apart.
async fn number(State(api): FakeApiState, Path(index): Path<String>, RawQuery(query): RawQuery) -> Response {
    if let Some((problem, _)) = &api.refusal {
        return refusal(problem);
    }
    let modulus = query.and_then(|query| query.strip_prefix("modulus=")?.parse().ok()).unwrap_or(10);
    Json(facts(&index, modulus)).into_response()
}

async fn period() -> Json<ModulusPeriod> {
    let [modulus, pisano_period, entry_point] = [100, 150, 75].map(|quotient| format!("{quotient}0000000000000000"));
    Json(ModulusPeriod { modulus, pisano_period, entry_point, zeros: 2, factors: Vec::new() })
}

/// Refuses places of φ, as if they were too many.
async fn estimate(Path(subject): Path<String>) -> Response {
    if subject.starts_with("Phi") {
        let allowed = Some("-1000000000 to 1000000000".to_owned());
        return refusal(&Problem { allowed, ..problem(422, ProblemKind::IndexOutOfRange) });
    }
    let estimate = EstimateBody { subject, digits: 208_988, estimated_ms: 5_000, estimated_memory_bytes: 2_000_000 };
    Json(estimate).into_response()
}

pub(crate) fn facts(index: &str, modulus: u64) -> NumberFacts {
    let (residue, has_period) = (5 % modulus, modulus <= 1_000_000_000_000_000);
    let proof = ["2305843009213693951", "1618033988749894819", "2305843009213693921"].map(str::to_owned);
    let moduli = proof.into_iter().chain((!has_period).then(|| modulus.to_string()));
    let period = Period {
        modulus,
        period: modulus.wrapping_mul(6),
        entry_point: modulus.wrapping_mul(3),
        residue,
        factors: Vec::new(),
    };
    let small: Option<i64> = index.parse().ok().filter(|n: &i64| n.abs() <= 1_000_000_000);
    NumberFacts {
        index: index.to_owned(),
        subject: format!("F({index})"),
        accepted: small.is_some(),
        max_index: "1000000000".to_owned(),
        estimated_ms: small.map(|_| 10_770),
        estimated_memory_bytes: small.map(|_| 944_600_000),
        digits: if index == "12" { "3".to_owned() } else { "208988".to_owned() },
        first_digits: if index == "12" { "144".to_owned() } else { "19532821287077577316".to_owned() },
        last_digits: if index == "12" { "144".to_owned() } else { "68996526838242546875".to_owned() },
        value: (index == "12").then(|| "144".to_owned()),
        residues: moduli.map(|modulus| Residue { modulus, residue: "42".to_owned() }).collect(),
        periods: Vec::from_iter(has_period.then_some(period)),
        divisors: Some(["1", "2", "3", "4", "6", "12"].map(str::to_owned).to_vec()),
        zeckendorf: vec![6, 4, 2],
        doublings: ["1", "2"].map(|index| Doubling { index: index.to_owned(), digits: "1".to_owned() }).to_vec(),
        ..NumberFacts::default()
    }
}

/// Finds digits that begin with 7 at once, and others not in the first part.
async fn find_digits(
    State(api): FakeApiState,
    Path(index): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let query = query.unwrap_or_default();
    if let Some(refused) = api.note(format!("GET /api/calculations/{index}/value/find?{query}"), headers) {
        return refused;
    }
    let position = query.starts_with("digits=7").then_some(12_345);
    let found = FoundDigits {
        subject: format!("F({index})"),
        index,
        digits: "7".to_owned(),
        from: 1,
        to: 20_000,
        position,
        next: Some(position.map_or(19_998, |place| place + 1)),
        count: 208_988,
    };
    Json(found).into_response()
}

/// Knows a single number: 55.
async fn verify(State(api): FakeApiState, RawQuery(query): RawQuery, headers: HeaderMap, body: String) -> Response {
    let query = query.unwrap_or_default();
    if let Some(refused) = api.note(format!("POST /api/verify?{query} {body}"), headers) {
        return refused;
    }
    let compared =
        |found: &str, expected: &str| ComparedText { expected: expected.to_owned(), found: found.to_owned() };
    let right = body == "55";
    let residue =
        ResidueCheck { prime: "7".to_owned(), expected: "6".to_owned(), found: right.then(|| "6".to_owned()) };
    let verification = VerificationBody {
        index: query.trim_start_matches("index=").to_owned(),
        subject: "F(10)".to_owned(),
        right,
        malformed_at: None,
        first_difference_at: (!right).then_some(2),
        negative: ComparedFlag { expected: false, found: false },
        digits: compared(&body.len().to_string(), "2"),
        first_digits: compared(&body, "55"),
        last_digits: compared(&body, "55"),
        residues: vec![residue; 3],
    };
    Json(verification).into_response()
}

async fn system(State(api): FakeApiState, headers: HeaderMap) -> Response {
    if let Some(refused) = api.note("GET /api/system".to_owned(), headers) {
        return refused;
    }
    let system = SystemStatus {
        version: "0.1.0".to_owned(),
        mode: "embedded".to_owned(),
        at: "2026-11-23T23:50:27.123Z".to_owned(),
        lanes: vec![LaneStatus {
            lane: "long".to_owned(),
            waiting: 12,
            claimed: 1,
            oldest_age_ms: None,
            next: vec!["F(900000000)".to_owned(), "F(800000000)".to_owned(), "L(5)".to_owned()],
        }],
        workers: Vec::new(),
        accepted_per_s: 0.0,
        finished_per_s: 1.25,
        latency_p50_ms: Some(3.5),
        latency_p99_ms: None,
        digits_computed: Some(1_234_567),
        max_index: "1000000000".to_owned(),
    };
    Json(system).into_response()
}

fn refusal(problem: &Problem) -> Response {
    let status = StatusCode::from_u16(problem.status).expect("a status");
    (status, Json(problem)).into_response()
}

pub(crate) fn problem(status: u16, kind: ProblemKind) -> Problem {
    Problem::new(kind, status)
}

pub(crate) fn queued(index: &str) -> CalculationBody {
    CalculationBody {
        subject: format!("F({index})"),
        index: index.to_owned(),
        status: Status::Queued,
        progress: None,
        remaining_ms: None,
        digits: 208_988,
        asked: 1,
        asked_at: "2026-11-23T23:50:27.123Z".to_owned(),
        queued_at: Some("2026-11-23T23:50:27.123Z".to_owned()),
        started_at: None,
        finished_at: None,
        announced_at: None,
        compute_ms: None,
        attempt: 0,
        waiting_for: None,
        first_digits: None,
        last_digits: None,
        sha256: None,
        value: None,
        value_state: None,
        residues: None,
        failure: None,
        links: Links {
            this: format!("/api/calculations/{index}"),
            value: format!("/api/calculations/{index}/value"),
            page: format!("/n/{index}"),
        },
    }
}

/// Another subject than F(n).
pub(crate) fn other(subject: &str, calculation: CalculationBody) -> CalculationBody {
    let links = Links {
        this: format!("/api/calculations/{subject}"),
        value: format!("/api/calculations/{subject}/value"),
        page: format!("/n/{subject}"),
    };
    CalculationBody { subject: subject.to_owned(), links, ..calculation }
}

pub(crate) fn running(index: &str) -> CalculationBody {
    CalculationBody { status: Status::Running, progress: Some(0.431), remaining_ms: Some(12_300), ..queued(index) }
}

/// A value with its whole text.
pub(crate) fn done(index: &str, value: &str) -> CalculationBody {
    let digits = value.trim_start_matches('-');
    CalculationBody {
        digits: u64::try_from(digits.len()).expect("a length"),
        value: Some(value.to_owned()),
        value_state: Some(ValueState::Inline),
        first_digits: Some(digits[..digits.len().min(20)].to_owned()),
        last_digits: Some(digits[digits.len().saturating_sub(20)..].to_owned()),
        ..done_long(index)
    }
}

/// A value too long to be sent along.
pub(crate) fn done_long(index: &str) -> CalculationBody {
    CalculationBody {
        status: Status::Done,
        compute_ms: Some(37),
        finished_at: Some("2026-11-23T23:50:28.000Z".to_owned()),
        first_digits: Some("19532821287077577316".to_owned()),
        last_digits: Some("68996526838242546875".to_owned()),
        sha256: Some("5b1d5e6f".repeat(8)),
        value_state: Some(ValueState::Object),
        ..queued(index)
    }
}

pub(crate) fn evicted(index: &str) -> CalculationBody {
    CalculationBody { value_state: Some(ValueState::Evicted), ..done_long(index) }
}

pub(crate) fn failed(index: &str) -> CalculationBody {
    let reason = FailureReason::WorkersLost;
    let failure = FailureBody { reason, detail: reason.sentence().to_owned(), attempts: 5 };
    CalculationBody { status: Status::Failed, failure: Some(failure), ..queued(index) }
}

pub(crate) fn cancelled(index: &str) -> CalculationBody {
    CalculationBody { status: Status::Cancelled, ..queued(index) }
}
