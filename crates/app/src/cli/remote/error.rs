//! Errors of `abaci submit`, `watch` and `get`.

use std::error::Error;
use std::fmt;
use std::io;
use std::time::Duration;

use http::StatusCode;
use model::Subject;
use wire::{FailureBody, Problem, ProblemKind};

use crate::cli::indexes::IndexInputError;
use crate::cli::interruptible::InterruptibleError;
use crate::cli::output::OutputError;
use crate::cli::stdout::StdoutError;
use crate::cli::terminal::TerminalError;
use crate::observability::error_chain::error_chain;

/// Error of `abaci submit`, `watch` or `get`.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RemoteError {
    /// Nothing listens there.
    #[error("cannot connect to {url}; `abaci serve` starts a server, and --server or ABACI_SERVER names another one")]
    Connect {
        /// The URL of the system.
        url: String,
        /// The cause.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The server's certificate is not trusted.
    #[cfg(feature = "distributed")]
    #[error(
        "{url} has no certificate that is trusted here for that name; SSL_CERT_FILE names a file with the \
         authorities to trust"
    )]
    Certificate {
        /// The URL of the system.
        url: String,
        /// The cause.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The connection ended in the middle of a response.
    #[error("the connection to {url} broke")]
    Broken {
        /// The requested URL.
        url: String,
        /// The cause.
        source: Box<dyn Error + Send + Sync>,
    },
    /// No response in time.
    #[error("{url} did not respond within {seconds} s")]
    Silent {
        /// The requested URL.
        url: String,
        /// The timeout.
        seconds: u64,
    },
    /// The system responded with problem details.
    #[error("{url} responded {}: {}", problem.status, ProblemText { problem, retry_after: *retry_after })]
    Problem {
        /// The requested URL.
        url: String,
        /// The problem details.
        problem: Box<Problem>,
        /// The time to wait before trying again.
        retry_after: Option<Duration>,
    },
    /// An error status without problem details, perhaps of a proxy.
    #[error("{url} responded {status}")]
    Refused {
        /// The requested URL.
        url: String,
        /// The status.
        status: StatusCode,
        /// The time to wait before trying again.
        retry_after: Option<Duration>,
    },
    /// A response that is not one of this API.
    #[error("{url} responded {status} with {what}; is it an Abaci server of this version?")]
    Unexpected {
        /// The URL of the system.
        url: String,
        /// The status.
        status: StatusCode,
        /// The problem with it.
        what: &'static str,
    },
    /// The build has no TLS.
    #[cfg(not(feature = "distributed"))]
    #[error("cannot use {0}: this build speaks http only; for https, build with --features distributed")]
    NoTls(String),
    /// The machine's certificates cannot be used.
    #[cfg(feature = "distributed")]
    #[error("cannot set up https")]
    Tls(#[source] rustls::Error),
    /// There is nothing to watch.
    #[error("{0} was never submitted to {1}; `abaci submit {argument}` submits it, `abaci get {argument}` gets its value", argument = argument(.0))]
    NeverSubmitted(Subject, String),
    /// The index is too large for a calculation.
    #[error("an index beyond 64 bits cannot be submitted; `abaci get` has --digits, --first, --last and --mod for it")]
    TooLarge,
    /// Only F(N) has parts without its value.
    #[error(
        "--digits, --first, --last and --mod work for F(N); `abaci lucas N --mod M` has residues of other sequences"
    )]
    NoParts,
    /// The server does not compute this value.
    #[error("{refusal}; --digits, --first, --last and --mod work for this N")]
    NoValue {
        /// Why.
        refusal: Box<RemoteError>,
    },
    /// The calculation failed.
    #[error("{subject} failed after {} attempts: {} ({})", failure.attempts, failure.detail, failure.reason)]
    CalculationFailed {
        /// The subject.
        subject: Subject,
        /// Why.
        failure: FailureBody,
    },
    /// The calculation was cancelled.
    #[error("{0} was cancelled")]
    Cancelled(Subject),
    /// The value is evicted each time before it is read.
    #[error("the value of {0} was removed from the server again before it was read; its store may be full")]
    Evicted(Subject),
    /// The digits are not those that the server computed.
    #[error(
        "the digits of {subject} are damaged: their SHA-256 is {found}, expected {expected}; \
         do not use what was written"
    )]
    Damaged {
        /// The subject.
        subject: Subject,
        /// The digest of what was received.
        found: String,
        /// The digest that the server states.
        expected: String,
    },
    /// The indexes cannot be read.
    #[error(transparent)]
    Input(#[from] IndexInputError),
    /// The output cannot be written to.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// Standard output cannot be written to.
    #[error(transparent)]
    Stdout(#[from] StdoutError),
    /// The digits are too many for a terminal.
    #[error(transparent)]
    Terminal(#[from] TerminalError),
    /// The command did not run to its end.
    #[error(transparent)]
    Interruptible(#[from] InterruptibleError),
    /// The system refused what the runtime needs.
    #[error("cannot start the runtime")]
    Start(#[source] io::Error),
}

impl RemoteError {
    /// Returns the error for a connection that was not opened.
    pub(super) fn connect(url: String, source: Box<dyn Error + Send + Sync>) -> Self {
        #[cfg(feature = "distributed")]
        if is_untrusted_certificate(&*source) {
            return Self::Certificate { url, source };
        }
        Self::Connect { url, source }
    }

    /// Returns the exit code of the command.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::CalculationFailed { .. } => 3,
            Self::Cancelled(_) => 4,
            Self::NoValue { .. } | Self::TooLarge | Self::NoParts | Self::Output(OutputError::NotAFile { .. }) => 2,
            #[cfg(not(feature = "distributed"))]
            Self::NoTls(_) => 2,
            Self::Problem { problem, .. } if problem.status == 422 => 2,
            _ => 1,
        }
    }

    /// Returns whether the same call may succeed later. A system that was never reached is not waited for.
    pub(super) fn is_temporary(&self, was_reached: bool) -> bool {
        match self {
            Self::Connect { .. } => was_reached,
            Self::Broken { .. } | Self::Silent { .. } => true,
            Self::Problem { problem, .. } => is_temporary(problem.status),
            Self::Refused { status, .. } => is_temporary(status.as_u16()),
            _ => false,
        }
    }

    /// Returns the time before which the system does not want another call.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Problem { retry_after, .. } | Self::Refused { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// Returns the kind of problem that the system responded with.
    pub(super) fn problem_kind(&self) -> Option<ProblemKind> {
        if let Self::Problem { problem, .. } = self { Some(problem.kind) } else { None }
    }

    /// Returns the error and its causes on one line.
    pub(super) fn line(&self) -> String {
        error_chain(self).join(": ")
    }
}

/// Returns whether a certificate was refused. Errors of TLS are inside errors of connections.
#[cfg(feature = "distributed")]
fn is_untrusted_certificate(error: &(dyn Error + 'static)) -> bool {
    let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref).map(|inner| inner as _);
    matches!(error.downcast_ref(), Some(rustls::Error::InvalidCertificate(_)))
        || inner.or_else(|| error.source()).is_some_and(is_untrusted_certificate)
}

/// 429, and what servers and proxies respond while a system is busy or restarts.
fn is_temporary(status: u16) -> bool {
    matches!(status, 429 | 502..=504)
}

/// A problem in one line: its title, detail, what was given and what is allowed.
struct ProblemText<'a> {
    problem: &'a Problem,
    retry_after: Option<Duration>,
}

impl fmt::Display for ProblemText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Problem { title, detail, field, given, allowed, .. } = self.problem;
        f.write_str(title)?;
        if let Some(detail) = detail {
            write!(f, ". {}", detail.trim_end_matches('.'))?;
        }
        if let Some(allowed) = allowed {
            write!(f, "; expected {allowed}")?;
        }
        if let Some(given) = given {
            write!(f, "{} got {given}", if allowed.is_some() { "," } else { ";" })?;
        }
        if let Some(field) = field.as_ref().filter(|field| *field != "index") {
            write!(f, " ({field})")?;
        }
        match self.retry_after {
            Some(time) => write!(f, "; the server asks to wait {} s", time.as_secs()),
            None => Ok(()),
        }
    }
}

/// Returns a subject as an argument in a shell, where brackets have to be quoted.
fn argument(subject: &Subject) -> String {
    match subject.fibonacci_index() {
        Some(n) => n.to_string(),
        None => format!("'{subject}'"),
    }
}
