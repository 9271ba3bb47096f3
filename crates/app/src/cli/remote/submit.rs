//! `abaci submit N…`

use std::error::Error;
use std::io::{self, Write};
use std::str::FromStr;

use clap::Args;
use model::{Index, Subject};
use serde_json::json;
use wire::{ProblemKind, Submitted};

use super::RemoteServerArgs;
use super::connection::{RemoteCall, RemoteServer};
use super::error::RemoteError;
use crate::cli::indexes::{IndexArgument, read_lines};
use crate::cli::stdout::write_stdout;
use crate::cli::subject_argument::SubjectArgument;

/// Indexes sent in one request. Each request is one commit of the server.
const BATCH_INDEXES: usize = 1_000;

/// Submit indexes or subjects to a running system, which computes their values and stores them.
///
/// Prints a line for each, in order: the calculation, its status and the URL of its page. Many are sent in batches of
/// 1,000; each batch is accepted as a whole or not at all. Submitting again is safe: what is known is not computed twice.
#[derive(Args, Debug)]
pub(crate) struct SubmitCommand {
    /// Indexes, also as 1e6 or 2^20+1; ranges with both ends, as FROM..TO or FROM..TO..STEP; `-` reads them from the
    /// lines of standard input. Other subjects as 'L(1e6)', 'U(P,Q,N)', 'V(P,Q,N)' or 'G(A,B,N)'. Put `--` before a
    /// range that begins with a minus sign.
    #[arg(value_name = "N", required = true, allow_negative_numbers = true)]
    subjects: Vec<SubmitArgument>,

    /// Print the calculation as a JSON object on each line, with the token that withdraws it if there is one.
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    server: RemoteServerArgs,
}

/// What to submit.
#[derive(Clone, Debug)]
enum SubmitArgument {
    Subject(Subject),
    Indexes(IndexArgument),
}

impl FromStr for SubmitArgument {
    type Err = Box<dyn Error + Send + Sync>;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if SubjectArgument::is_meant(text) {
            let SubjectArgument(subject) = text.parse()?;
            return Ok(Self::Subject(subject));
        }
        Ok(Self::Indexes(text.parse()?))
    }
}

impl SubmitCommand {
    pub(crate) fn run(self) -> Result<(), RemoteError> {
        let server = RemoteServer::open(&self.server)?;
        let mut batch = Vec::new();
        for argument in &self.subjects {
            match argument {
                SubmitArgument::Subject(subject) => {
                    self.send(&server, &batch)?;
                    batch.clear();
                    self.print(&server, &[submit(&server, subject)?])?;
                }
                SubmitArgument::Indexes(IndexArgument::Range(range)) => {
                    for n in range.clone() {
                        self.add(&server, &mut batch, (&n).try_into())?;
                    }
                }
                SubmitArgument::Indexes(IndexArgument::StandardInput) => {
                    for n in read_lines(io::stdin().lock()) {
                        self.add(&server, &mut batch, (&n?).try_into())?;
                    }
                }
            }
        }
        self.send(&server, &batch)
    }

    fn add<E>(&self, server: &RemoteServer, batch: &mut Vec<Index>, index: Result<i64, E>) -> Result<(), RemoteError> {
        batch.push(Index::new(index.map_err(|_| RemoteError::TooLarge)?));
        if batch.len() == BATCH_INDEXES {
            self.send(server, batch)?;
            batch.clear();
        }
        Ok(())
    }

    /// Submits a batch and prints its lines. One that is too large for the server is cut in two.
    fn send(&self, server: &RemoteServer, batch: &[Index]) -> Result<(), RemoteError> {
        let submitted = match batch {
            [] => Vec::new(),
            [index] => vec![submit(server, &(*index).into())?],
            batch => match submit_batch(server, batch) {
                Err(error) if error.problem_kind() == Some(ProblemKind::BatchTooLarge) => {
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

/// Submits several indexes, all or none. Repeating it after a broken connection changes nothing.
fn submit_batch(server: &RemoteServer, batch: &[Index]) -> Result<Vec<Submitted>, RemoteError> {
    let body: String = batch.iter().map(|index| format!("{index}\n")).collect();
    let call = RemoteCall::post("/api/calculations/batch", "application/x-ndjson", body);
    server.repeat(|| {
        let mut reply = server.send(&call)?;
        let lines = reply.read_all()?;
        let submitted: Result<Vec<Submitted>, _> = serde_json::Deserializer::from_slice(&lines).into_iter().collect();
        let submitted = submitted.map_err(|_| reply.unexpected("lines that are not expected"))?;
        if submitted.len() == batch.len() { Ok(submitted) } else { Err(reply.unexpected("another number of lines")) }
    })
}
