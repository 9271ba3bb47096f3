//! `abaci submit N…`

use std::error::Error;
use std::io::{self, Write};
use std::str::FromStr;

use clap::Args;
use fibonacci::IBig;
use model::{Index, Subject};
use serde_json::json;
use wire::{ProblemKind, Submitted};

use super::RemoteServerArgs;
use super::connection::{RemoteCall, RemoteServer};
use super::error::RemoteError;
use crate::cli::indexes::{IndexRange, ListArgument};
use crate::cli::stdout::write_stdout;
use crate::cli::subject_argument::SubjectArgument;

/// Subjects sent in one request. Each request is one commit of the server.
const BATCH_SUBJECTS: usize = 1_000;

/// Submit indexes or subjects to a running system, which computes their values and stores them.
///
/// Prints a line for each, in order: the calculation, its status and the URL of its page. Many are sent in batches of
/// 1,000; each batch is accepted as a whole or not at all. Submitting again is safe: what is known is not computed twice.
#[derive(Args, Debug)]
pub(crate) struct SubmitCommand {
    /// Indexes, also as 1e6 or 2^20+1; ranges with both ends, as FROM..TO or FROM..TO..STEP; `-` reads them from the
    /// lines of standard input. Other subjects as 'L(1e6)', 'U(P,Q,N)', 'V(P,Q,N)', 'G(A,B,N)', 'T(K,N)', 'P(M)',
    /// 'A(M)' or 'Phi(D)'. Put `--` before a range that begins with a minus sign.
    #[arg(value_name = "N", required = true, allow_negative_numbers = true)]
    subjects: Vec<ListArgument<SubjectRange>>,

    /// Print the calculation as a JSON object on each line, with the token that withdraws it if there is one.
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    server: RemoteServerArgs,
}

/// A subject, or a range of indexes.
#[derive(Clone, Debug)]
enum SubjectRange {
    Subject(Subject),
    Indexes(IndexRange),
}

impl FromStr for SubjectRange {
    type Err = Box<dyn Error + Send + Sync>;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if SubjectArgument::is_meant(text) {
            let SubjectArgument(subject) = text.parse()?;
            return Ok(Self::Subject(subject));
        }
        Ok(Self::Indexes(text.parse()?))
    }
}

impl IntoIterator for SubjectRange {
    /// A subject, or an error for an index beyond 64 bits.
    type Item = Result<Subject, RemoteError>;
    type IntoIter = Box<dyn Iterator<Item = Self::Item>>;

    fn into_iter(self) -> Self::IntoIter {
        let index = |n: IBig| i64::try_from(n).map(|n| Index::new(n).into()).map_err(|_| RemoteError::TooLarge);
        match self {
            Self::Subject(subject) => Box::new(std::iter::once(Ok(subject))),
            Self::Indexes(range) => Box::new(range.into_iter().map(index)),
        }
    }
}

impl SubmitCommand {
    pub(crate) fn run(self) -> Result<(), RemoteError> {
        let server = RemoteServer::open(&self.server)?;
        let mut batch = Vec::new();
        for argument in &self.subjects {
            for subject in argument.items() {
                self.add(&server, &mut batch, subject??)?;
            }
        }
        self.send(&server, &batch)
    }

    fn add(&self, server: &RemoteServer, batch: &mut Vec<Subject>, subject: Subject) -> Result<(), RemoteError> {
        batch.push(subject);
        if batch.len() == BATCH_SUBJECTS {
            self.send(server, batch)?;
            batch.clear();
        }
        Ok(())
    }

    /// Submits a batch and prints its lines. One that is too large for the server is cut in two.
    fn send(&self, server: &RemoteServer, batch: &[Subject]) -> Result<(), RemoteError> {
        let submitted = match batch {
            [] => Vec::new(),
            [subject] => vec![submit(server, subject)?],
            batch => match submit_batch(server, batch) {
                Err(error)
                    if matches!(error.problem_kind(), Some(ProblemKind::BatchTooLarge | ProblemKind::BodyTooLarge)) =>
                {
                    let (first, second) = batch.split_at(batch.len() / 2);
                    self.send(server, first)?;
                    return self.send(server, second);
                }
                result => result?,
            },
        };
        self.print(server, &submitted)
    }

    fn print(&self, server: &RemoteServer, submitted: &[Submitted]) -> Result<(), RemoteError> {
        Ok(write_stdout(|to| submitted.iter().try_for_each(|submitted| self.write_line(to, server, submitted)))?)
    }

    fn write_line(&self, to: &mut dyn Write, server: &RemoteServer, submitted: &Submitted) -> io::Result<()> {
        if self.json {
            serde_json::to_writer(&mut *to, submitted)?;
            return to.write_all(b"\n");
        }
        let calculation = &submitted.calculation;
        writeln!(to, "{} {} {}", calculation.subject, calculation.status, server.url(&calculation.links.page))
    }
}

/// Submits one subject.
pub(super) fn submit(server: &RemoteServer, subject: &Subject) -> Result<Submitted, RemoteError> {
    let body = match subject.fibonacci_index() {
        Some(index) => json!({ "index": index }),
        None => json!({ "subject": subject }),
    };
    let body = body.to_string();
    server.json(&RemoteCall::post("/api/calculations", "application/json", body))
}

/// Submits several subjects, all or none. Repeating it after a broken connection changes nothing.
fn submit_batch(server: &RemoteServer, batch: &[Subject]) -> Result<Vec<Submitted>, RemoteError> {
    let body: String = batch.iter().map(|subject| format!("{}\n", subject.path())).collect();
    let call = RemoteCall::post("/api/calculations/batch", "application/x-ndjson", body);
    server.repeat(|| {
        let mut reply = server.send(&call)?;
        let lines = reply.read_all()?;
        let submitted: Result<Vec<Submitted>, _> = serde_json::Deserializer::from_slice(&lines).into_iter().collect();
        let submitted = submitted.map_err(|_| reply.unexpected("lines that are not expected"))?;
        if submitted.len() == batch.len() { Ok(submitted) } else { Err(reply.unexpected("another number of lines")) }
    })
}
