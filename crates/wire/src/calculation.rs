//! A calculation in JSON.

use model::{CalculationId, CalculationState, FailureReason, Index, Status, ValueState, WaitingFor};
use serde::{Deserialize, Serialize};

/// One calculation. What is not known yet is `null`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = Calculation))]
pub struct CalculationBody {
    /// The key: `F(1000)`, `L(1000)`, `U(3,-1,500)`, `V(3,-1,500)`, `G(2,1,50)`, `T(3,100)`, `P(10)`, `A(10)` or
    /// `Phi(100)`.
    pub subject: String,
    /// The index n of the subject, its modulus m, or its places d, always as text: it may be beyond 2^53.
    pub index: String,
    /// `queued`, `running`, `done`, `failed` or `cancelled`.
    #[cfg_attr(feature = "openapi", schema(value_type = String, example = "done"))]
    pub status: Status,
    /// Share of the work done, 0 to 1, while running.
    pub progress: Option<f64>,
    /// Estimated time to the end, in milliseconds, while it can be estimated.
    pub remaining_ms: Option<u64>,
    /// Decimal digits of the value, known before the value is; for other subjects than F(n) an upper bound until then.
    pub digits: u64,
    /// The number of submissions; approximate.
    pub asked: u64,
    /// When it was first submitted, RFC 3339 in UTC.
    pub asked_at: String,
    /// When it was queued last: by a submission, or because its value was lost.
    pub queued_at: Option<String>,
    /// When the latest attempt started.
    pub started_at: Option<String>,
    /// When it was done, failed or cancelled.
    pub finished_at: Option<String>,
    /// When the process that responds heard that it had ended, and sent that to those who follow it; `null` if that is too
    /// long ago. In the response for one calculation only.
    pub announced_at: Option<String>,
    /// Time spent computing, in milliseconds.
    pub compute_ms: Option<u64>,
    /// Attempts so far.
    pub attempt: u32,
    /// The reason why a queued calculation waits, other than for a free worker: `memory` or `retry`.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub waiting_for: Option<WaitingFor>,
    /// The first 20 digits, without the sign.
    pub first_digits: Option<String>,
    /// The last 20 digits.
    pub last_digits: Option<String>,
    /// SHA-256 of the decimal text.
    pub sha256: Option<String>,
    /// The value as decimal text, up to 1,000 digits.
    pub value: Option<String>,
    /// Where the value is: `inline`, `object`, or `evicted` (submit the index to compute it again).
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub value_state: Option<ValueState>,
    /// Residues that check a value that is done, computed without it; of a period or an entry point v modulo m, F(v) modulo m,
    /// which is 0, and for a period F(v + 1), which is 1; none for `Phi(d)`. In the response for one calculation only.
    #[serde(default)]
    pub residues: Option<Vec<ValueResidue>>,
    /// Why it failed.
    pub failure: Option<FailureBody>,
    /// Related addresses.
    pub links: Links,
}

/// The residue of a number that checks a value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ValueResidue {
    /// The number: the subject itself, or `F(60)` for the value 60 of `P(10)`.
    pub subject: String,
    /// The modulus, as text.
    pub modulus: String,
    /// The number modulo it, from 0 to modulus − 1, as text.
    pub residue: String,
}

/// Why a calculation failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = Failure))]
pub struct FailureBody {
    /// The reason, such as `workers-lost`.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub reason: FailureReason,
    /// One sentence for people.
    pub detail: String,
    /// The number of attempts.
    pub attempts: u32,
}

/// Addresses of a calculation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Links {
    /// The calculation.
    #[serde(rename = "self")]
    pub this: String,
    /// Its exact digits, once done.
    pub value: String,
    /// Its page.
    pub page: String,
}

/// A page of calculations.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CalculationList {
    /// The calculations.
    pub items: Vec<CalculationBody>,
    /// The `after` of the next page; `null` on the last.
    pub next: Option<String>,
    /// The number of calculations in the whole list when they were last counted; `null` if that is unknown.
    #[serde(default)]
    pub total: Option<u64>,
}

impl CalculationList {
    /// Returns the cursor behind a calculation.
    pub fn cursor(id: CalculationId) -> String {
        format!("c{}", id.0)
    }

    /// Parses a cursor; `None` if it is malformed.
    pub fn read_cursor(text: &str) -> Option<CalculationId> {
        text.strip_prefix('c')?.parse().ok().map(CalculationId)
    }

    /// Returns the cursor behind an index, in a list by indexes.
    pub fn index_cursor(index: Index) -> String {
        format!("n{index}")
    }

    /// Parses a cursor of a list by indexes; `None` if it is malformed.
    pub fn read_index_cursor(text: &str) -> Option<Index> {
        text.strip_prefix('n')?.parse().ok()
    }
}

impl From<&model::Calculation> for CalculationBody {
    fn from(calculation: &model::Calculation) -> Self {
        let path = calculation.subject.path();
        let mut json = Self {
            subject: calculation.subject.to_string(),
            index: calculation.subject.argument(),
            status: calculation.status(),
            progress: None,
            remaining_ms: None,
            digits: calculation.digits,
            asked: calculation.request_count,
            asked_at: calculation.asked_at.to_string(),
            queued_at: calculation.queued_at.map(|at| at.to_string()),
            started_at: None,
            finished_at: None,
            announced_at: None,
            compute_ms: None,
            attempt: calculation.attempt,
            waiting_for: None,
            first_digits: None,
            last_digits: None,
            sha256: None,
            value: None,
            value_state: None,
            residues: None,
            failure: None,
            links: Links {
                this: format!("/api/calculations/{path}"),
                value: format!("/api/calculations/{path}/value"),
                page: format!("/n/{path}"),
            },
        };
        match &calculation.state {
            CalculationState::Queued { waiting_for } => json.waiting_for = *waiting_for,
            CalculationState::Running { started_at, progress } => {
                json.started_at = Some(started_at.to_string());
                json.progress = Some(progress.fraction);
                json.remaining_ms = progress.remaining_ms;
            }
            CalculationState::Done { started_at, finished_at, value } => {
                json.started_at = Some(started_at.to_string());
                json.finished_at = Some(finished_at.to_string());
                json.compute_ms = Some(value.compute_ms);
                json.first_digits = Some(value.first_digits.clone());
                json.last_digits = Some(value.last_digits.clone());
                json.sha256 = Some(value.sha256.to_string());
                json.value.clone_from(&value.text);
                json.value_state = Some(value.state);
            }
            CalculationState::Failed { finished_at, failure } => {
                json.finished_at = Some(finished_at.to_string());
                json.failure = Some(FailureBody {
                    reason: failure.reason,
                    detail: failure.reason.sentence().to_owned(),
                    attempts: failure.attempts,
                });
            }
            CalculationState::Cancelled { finished_at } => json.finished_at = Some(finished_at.to_string()),
        }
        json
    }
}
