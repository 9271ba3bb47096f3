//! Subcommands that use a running system over its HTTP API: `abaci submit`, `watch` and `get`.

mod connection;
mod connector;
mod download;
mod error;
mod events;
mod follow;
mod get;
mod parts;
mod progress;
mod retry;
mod submit;
mod watch;

use clap::Args;

use crate::cli::number::within;
use crate::config::HttpUrl;

pub(crate) use error::RemoteError;
pub(crate) use get::GetCommand;
pub(crate) use submit::SubmitCommand;
pub(crate) use watch::WatchCommand;

/// The system to use.
#[derive(Args, Debug)]
#[command(next_help_heading = "Server")]
pub(crate) struct RemoteServerArgs {
    /// URL of the running system.
    #[arg(long, env = "ABACI_SERVER", value_name = "URL", default_value = "http://localhost:3050")]
    server: HttpUrl,

    /// While it is busy or restarts, keep trying for this many seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = within(0..=u64::MAX))]
    retry: u64,
}

/// Exit codes of the subcommands that wait for a calculation.
pub(crate) const WAITING_EXIT_CODES: &str = "\
Exit codes:
  0    the calculation is done
  1    failure; the reason is on standard error
  2    wrong argument, or an index that the server refuses
  3    the calculation failed
  4    the calculation was cancelled
  130  interrupted (Ctrl-C); the calculation goes on";
