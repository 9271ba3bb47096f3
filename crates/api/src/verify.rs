//! `POST /api/verify`

use axum::Json;
use axum::body::BodyDataStream;
use axum::extract::{Request, State};
use bytes::Bytes;
use fibonacci::{IBig, Verification, Verifier};
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use http::header;
use model::Index;
use store::ValueError;
use wire::{ComparedFlag, ComparedText, ResidueCheck, VerificationBody};

use crate::error::ApiError;
use crate::error_responses::BodyErrors;
use crate::extract::{QueryParams, invalid_parameter, read_error};
use crate::limits::{ClientIp, parse_big_index};
use crate::state::ApiState;

const PRIMES: usize = 3;

/// `POST /api/verify` checks whether the body is the decimal text of F(n): its residues modulo random 61-bit primes,
/// its number of digits, and both ends. Creates nothing.
///
/// The residues of F(n) are computed without the algorithm that computes values. A text of any size is read once, in
/// pieces, and one newline at its end is allowed. If the value is stored here, the first difference is found too.
#[utoipa::path(
    post,
    path = "/api/verify",
    tag = "numbers",
    params(
        ("index" = String, Query, max_length = 1_002, pattern = "^(0|-?[1-9][0-9]*)$", description = "The n of F(n), up to 1,001 digits"),
    ),
    request_body(
        description = "The digits, of any type and size",
        content((Option<String> = "text/plain"), (inline(Option<DigitFile>) = "application/octet-stream"))
    ),
    responses(
        (status = 200, description = "What was compared; `right` says whether all of it agrees", body = wire::VerificationBody),
        BodyErrors,
        (status = 422, description = "No index, or not one, or an encoded body", body = wire::Problem, content_type = "application/problem+json"),
        (status = 429, description = "This address verifies or reads too many values at a time; see `Retry-After`", body = wire::Problem, content_type = "application/problem+json"),
        (status = 503, description = "Too many values are read at the moment; see `Retry-After`", body = wire::Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn verify(
    State(state): State<ApiState>,
    ClientIp(address): ClientIp,
    query: QueryParams,
    request: Request,
) -> Result<Json<VerificationBody>, ApiError> {
    let index = parse_big_index(query.one("index")?.ok_or(ApiError::IndexMissing)?)?;
    if let Some(encoding) = request.headers().get(header::CONTENT_ENCODING).filter(|encoding| *encoding != "identity") {
        let given = String::from_utf8_lossy(encoding.as_bytes());
        return Err(invalid_parameter("content-encoding", &given, "identity"));
    }
    let _share = state.open_value(address)?;
    let mut comparison = stored_value(&state, &index).await.map(Comparison::new);
    let seed =
        getrandom::u64().map_err(|error| ApiError::Unavailable(std::io::Error::other(error.to_string()).into()))?;
    let primes = fibonacci::residue_primes(seed, PRIMES);
    let mut verifier = Verifier::new(index.clone(), &primes).allow_newline();
    let mut body = request.into_body().into_data_stream();
    while let Some(piece) = next_piece(&mut body).await? {
        if let Some(comparison) = &mut comparison {
            comparison.push(&piece).await;
        }
        // Hashing a piece takes up to milliseconds: not for a thread that serves connections.
        verifier = blocking(move || {
            verifier.push(&piece);
            verifier
        })
        .await?;
    }
    let verification = blocking(|| verifier.finish()).await?;
    let first_difference_at = match comparison {
        Some(comparison) if !verification.is_right() => comparison.finish().await,
        _ => None,
    };
    Ok(Json(response(&index, &verification, first_difference_at)))
}

/// The digits as a file: generated clients stream it, and many know no body of plain text.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "the body is read in pieces; this describes it")]
#[schema(value_type = String, format = Binary)]
struct DigitFile(String);

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, ApiError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| ApiError::Internal(error.into()))
}

async fn next_piece(body: &mut BodyDataStream) -> Result<Option<Bytes>, ApiError> {
    body.next().await.transpose().map_err(|error| read_error(&error))
}

/// Returns the digits of F(n) if they are stored and can be read.
async fn stored_value(state: &ApiState, index: &IBig) -> Option<BoxStream<'static, Result<Bytes, ValueError>>> {
    let index = i64::try_from(index).ok()?;
    // The residues decide; without a stored value only the place of a difference is unknown.
    let calculation = state.find(&Index::new(index).into()).await.ok()??;
    let reader = state.ports.values.open(&calculation).await.ok()??;
    let size_bytes = reader.size_bytes;
    Some(reader.read(0..size_bytes))
}

/// Compares a text with a stored value, both in pieces.
struct Comparison {
    value: BoxStream<'static, Result<Bytes, ValueError>>,
    /// The bytes of the value that were read and not compared yet.
    ahead: Bytes,
    compared_bytes: u64,
    state: ComparisonState,
}

enum ComparisonState {
    Equal,
    DiffersAt(u64),
    /// The value can no longer be read.
    Unknown,
}

impl Comparison {
    fn new(value: BoxStream<'static, Result<Bytes, ValueError>>) -> Self {
        Self { value, ahead: Bytes::new(), compared_bytes: 0, state: ComparisonState::Equal }
    }

    async fn push(&mut self, mut text: &[u8]) {
        while !text.is_empty() && matches!(self.state, ComparisonState::Equal) {
            if !self.read_ahead().await {
                return;
            }
            let length = self.ahead.len().min(text.len());
            let (compared, rest) = text.split_at(length);
            let expected = self.ahead.split_to(length);
            if let Some(place) = compared.iter().zip(&expected).position(|(found, expected)| found != expected) {
                self.state = ComparisonState::DiffersAt(self.compared_bytes + place as u64 + 1);
                return;
            }
            self.compared_bytes += length as u64;
            text = rest;
        }
    }

    /// Makes sure that a byte is ahead. Returns `false` if the value has no more.
    async fn read_ahead(&mut self) -> bool {
        while self.ahead.is_empty() {
            match self.value.next().await {
                Some(Ok(bytes)) => self.ahead = bytes,
                Some(Err(_)) => {
                    self.state = ComparisonState::Unknown;
                    return false;
                }
                None => {
                    self.state = ComparisonState::DiffersAt(self.compared_bytes + 1);
                    return false;
                }
            }
        }
        true
    }

    /// Returns where a text that is not the value differs, from 1.
    async fn finish(mut self) -> Option<u64> {
        if matches!(self.state, ComparisonState::Equal) {
            // The text is a beginning of the value, or ends with one newline too many.
            self.read_ahead().await;
        }
        match self.state {
            ComparisonState::DiffersAt(position) => Some(position),
            ComparisonState::Equal => Some(self.compared_bytes + 1),
            ComparisonState::Unknown => None,
        }
    }
}

fn response(index: &IBig, found: &Verification, first_difference_at: Option<u64>) -> VerificationBody {
    VerificationBody {
        index: index.to_string(),
        subject: format!("F({index})"),
        right: found.is_right(),
        malformed_at: found.malformed_at,
        first_difference_at,
        negative: ComparedFlag { expected: found.negative.expected, found: found.negative.found },
        digits: ComparedText { expected: found.digits.expected.to_string(), found: found.digits.found.to_string() },
        first_digits: ComparedText { expected: found.first.expected.clone(), found: found.first.found.clone() },
        last_digits: ComparedText { expected: found.last.expected.clone(), found: found.last.found.clone() },
        residues: found
            .residues
            .iter()
            .map(|(prime, residue)| ResidueCheck {
                prime: prime.to_string(),
                expected: residue.expected.map(|residue| residue.to_string()).unwrap_or_default(),
                found: residue.found.map(|residue| residue.to_string()),
            })
            .collect(),
    }
}
