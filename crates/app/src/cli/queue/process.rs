//! The calls of `abaci queue`.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use clap::Args;
use indicatif::ProgressBar;
use serde::de::DeserializeOwned;

use crate::cli::internal_client::{self, InternalRole};
use crate::config::{connectable, socket_address};
use crate::roles::operator_queue::{
    CANCEL_PATH, CancelRequest, CancelResponse, PAGE_ROWS, QUEUE_PATH, QueueEntry, QueuePage, QueueQuery,
};

/// The process to ask.
#[derive(Args, Debug)]
#[command(next_help_heading = "Process")]
pub(super) struct QueueProcessArgs {
    /// Role of the process, at its default internal address.
    #[arg(long, global = true, value_enum, value_name = "ROLE", default_value = "serve")]
    role: InternalRole,

    /// Internal address of the process [default: that of the role].
    #[arg(long, global = true, env = "ABACI_INTERNAL_LISTEN", value_name = "ADDRESS:PORT", value_parser = socket_address)]
    internal_listen: Option<SocketAddr>,
}

/// The process to ask.
pub(super) struct QueueProcess {
    authority: String,
}

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum QueueCallError {
    /// No response in time.
    #[error(
        "http://{authority} does not respond; is the process running, and is this its --role or --internal-listen?"
    )]
    NoResponse {
        /// The address.
        authority: String,
        /// The cause.
        source: io::Error,
    },
    /// The process has no queue, or is another program.
    #[error("http://{authority} has no queue: expected the internal address of serve, api or worker")]
    NoQueue {
        /// The address.
        authority: String,
    },
    /// The process refused.
    #[error("http://{authority}: {status_line}: {reason}")]
    Refused {
        /// The address.
        authority: String,
        /// The first line of the response.
        status_line: String,
        /// Its body.
        reason: String,
    },
    /// Some calculations were cancelled before a call failed.
    #[error("cancelled {cancelled} calculations, then failed; the same command cancels the rest")]
    Partly {
        /// How many were cancelled.
        cancelled: usize,
        /// The cause.
        source: Box<QueueCallError>,
    },
    /// A response that this version cannot read.
    #[error("cannot read the response of http://{authority}")]
    Unreadable {
        /// The address.
        authority: String,
        /// The cause.
        source: serde_json::Error,
    },
}

/// A page is one statement, and 500 calculations are cancelled in one transaction.
const TIMEOUT: Duration = Duration::from_secs(10);

impl QueueProcessArgs {
    pub(super) fn open(&self) -> QueueProcess {
        let address = self.internal_listen.unwrap_or_else(|| self.role.default_address());
        QueueProcess { authority: connectable(address).to_string() }
    }
}

impl QueueProcess {
    /// Reads at most `limit` calculations, page by page.
    pub(super) fn read(&self, query: &QueueQuery, limit: usize) -> Result<Vec<QueueEntry>, QueueCallError> {
        let (mut entries, mut query) = (Vec::new(), query.clone());
        loop {
            let page: QueuePage = self.call("GET", &target(&query), None)?;
            entries.extend(page.calculations);
            query.after = page.next;
            if query.after.is_none() || entries.len() >= limit {
                entries.truncate(limit);
                return Ok(entries);
            }
        }
    }

    /// Cancels calculations and returns those that were queued or running. Shows on a terminal how far it is.
    pub(super) fn cancel(&self, paths: &[String]) -> Result<Vec<String>, QueueCallError> {
        let mut all = Vec::new();
        // Hidden without a terminal.
        let bar = ProgressBar::new(paths.len() as u64);
        for indexes in paths.chunks(PAGE_ROWS as usize) {
            match self.cancel_page(indexes) {
                Ok(cancelled) => all.extend(cancelled),
                Err(error) if all.is_empty() => return Err(error),
                Err(error) => return Err(QueueCallError::Partly { cancelled: all.len(), source: error.into() }),
            }
            bar.inc(indexes.len() as u64);
        }
        bar.finish_and_clear();
        Ok(all)
    }

    fn cancel_page(&self, indexes: &[String]) -> Result<Vec<String>, QueueCallError> {
        let request = CancelRequest { indexes: indexes.to_vec() };
        let body = serde_json::to_string(&request).map_err(|source| self.unreadable(source))?;
        let CancelResponse { cancelled } = self.call("POST", CANCEL_PATH, Some(&body))?;
        Ok(cancelled)
    }

    fn call<T: DeserializeOwned>(&self, method: &str, target: &str, body: Option<&str>) -> Result<T, QueueCallError> {
        let authority = self.authority.clone();
        let response = match internal_client::send(&authority, method, target, body, TIMEOUT) {
            Ok(response) => response,
            Err(source) => return Err(QueueCallError::NoResponse { authority, source }),
        };
        match response.status() {
            Some(200) => serde_json::from_str(&response.body).map_err(|source| self.unreadable(source)),
            Some(404) => Err(QueueCallError::NoQueue { authority }),
            _ => {
                let reason = response.body.trim_end().escape_debug().to_string();
                let status_line = response.status_line.escape_debug().to_string();
                Err(QueueCallError::Refused { authority, status_line, reason })
            }
        }
    }

    fn unreadable(&self, source: serde_json::Error) -> QueueCallError {
        QueueCallError::Unreadable { authority: self.authority.clone(), source }
    }
}

/// Returns the path and query. No value has a character that must be encoded.
fn target(query: &QueueQuery) -> String {
    let QueueQuery { lane, status, submitter, min_index, older_than_seconds, after } = query;
    let pairs = [
        ("lane", lane.map(|lane| lane.to_string())),
        ("status", status.map(|status| status.to_string())),
        ("submitter", submitter.map(|submitter| submitter.to_string())),
        ("min_index", min_index.map(|index| index.to_string())),
        ("older_than_seconds", older_than_seconds.map(|seconds| seconds.to_string())),
        ("after", after.map(|id| id.to_string())),
    ];
    let pairs = pairs.into_iter().filter_map(|(name, value)| Some(format!("{name}={}", value?)));
    format!("{QUEUE_PATH}?{}", pairs.collect::<Vec<_>>().join("&"))
}
