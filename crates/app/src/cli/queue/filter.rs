//! The filters of `abaci queue`.

use std::time::Duration;

use clap::Args;
use model::{Expression, Lane, Status, Submitter};

use crate::roles::operator_queue::QueueQuery;

/// Which calculations. Without a filter, all; with several, those that match each.
#[derive(Args, Debug)]
#[command(next_help_heading = "Filters")]
pub(super) struct FilterArgs {
    /// Only this lane: short (to 10 ms of work), medium (to 1 s) or long.
    #[arg(long, value_name = "LANE", value_parser = lane)]
    lane: Option<Lane>,

    /// Only `queued` or only `running` calculations.
    #[arg(long, value_name = "STATUS", value_parser = status)]
    status: Option<Status>,

    /// Only what this address submitted; for IPv6, its /64 network.
    #[arg(long, value_name = "ADDRESS")]
    submitter: Option<Submitter>,

    /// Only indexes from N on, and from −N down; also as 1e9.
    #[arg(long, value_name = "N")]
    min_index: Option<Expression>,

    /// Only what was queued longer ago: 90s, 10m, 2h or 1d.
    #[arg(long, value_name = "TIME", value_parser = age)]
    older_than: Option<Duration>,
}

impl FilterArgs {
    pub(super) fn query(&self) -> QueueQuery {
        QueueQuery {
            lane: self.lane,
            status: self.status,
            submitter: self.submitter,
            min_index: self.min_index.as_ref().map(|expression| expression.index().magnitude()),
            older_than_seconds: self.older_than.map(|age| age.as_secs()),
            after: None,
        }
    }
}

/// Error for a text that is not allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {allowed}")]
struct FilterError {
    allowed: &'static str,
}

fn lane(text: &str) -> Result<Lane, FilterError> {
    text.parse().map_err(|_| FilterError { allowed: "short, medium or long" })
}

fn status(text: &str) -> Result<Status, FilterError> {
    let status = text.parse::<Status>().ok().filter(|status| !status.is_final());
    status.ok_or(FilterError { allowed: "queued or running" })
}

fn age(text: &str) -> Result<Duration, FilterError> {
    let error = FilterError { allowed: "a whole number with s, m, h or d, such as 90s, 10m, 2h or 1d" };
    let unit = text.chars().last().ok_or(error)?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 60 * 60,
        'd' => 24 * 60 * 60,
        _ => return Err(error),
    };
    let number = text.strip_suffix(unit).filter(|number| number.bytes().all(|b| b.is_ascii_digit())).ok_or(error)?;
    let number: u64 = number.parse().map_err(|_| error)?;
    number.checked_mul(seconds).map(Duration::from_secs).ok_or(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_has_a_unit() {
        for (text, seconds) in [("0s", 0), ("90s", 90), ("10m", 600), ("2h", 7_200), ("1d", 86_400)] {
            assert_eq!(age(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in
            ["", "s", "10", "-1s", "+1s", "1.5h", "1w", "5 m", "1µ", "99999999999999999999s", "999999999999999999d"]
        {
            assert!(age(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn only_unfinished_work_can_be_selected() {
        assert_eq!(status("running"), Ok(Status::Running));
        assert!(status("done").is_err() && status("").is_err() && lane("Long").is_err());
    }
}
