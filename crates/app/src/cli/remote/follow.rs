//! Follows a calculation to its end, through restarts of the system.

use std::time::Duration;

use model::Subject;
use wire::{CalculationBody, ProblemKind};

use super::connection::{RemoteCall, RemoteServer};
use super::error::RemoteError;
use super::events::{CalculationChange, EventReader};
use super::retry::CallRetry;

/// Interval of reading the state where there is no event stream, and of opening one again.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// Waits until a calculation is done, failed or cancelled. Shows each change.
///
/// It subscribes before it reads the state, so no change is missed. Without an event stream it reads the state again
/// and again.
pub(super) fn follow(
    server: &RemoteServer,
    subject: &Subject,
    show: &mut dyn FnMut(&CalculationChange) -> Result<(), RemoteError>,
) -> Result<CalculationBody, RemoteError> {
    let mut retry = CallRetry::new(server);
    loop {
        let events = EventReader::open(server, subject);
        let calculation = match server.send(&state_call(subject)).and_then(|reply| reply.json::<CalculationBody>()) {
            Ok(calculation) => calculation,
            Err(error) if error.problem_kind() == Some(ProblemKind::NotFound) => {
                return Err(RemoteError::NeverSubmitted(subject.clone(), server.url("")));
            }
            Err(error) => {
                retry.wait(error)?;
                continue;
            }
        };
        retry.reset();
        show(&CalculationChange::State(Box::new(calculation.clone())))?;
        if calculation.status.is_final() {
            return Ok(calculation);
        }
        if let Ok(mut events) = events {
            // A stream that ends or breaks is opened again.
            while let Ok(Some(change)) = events.next() {
                if change == CalculationChange::Reset {
                    break;
                }
                show(&change)?;
                if let CalculationChange::State(calculation) = change
                    && calculation.status.is_final()
                {
                    return Ok(*calculation);
                }
            }
        }
        server.sleep(POLL_INTERVAL);
    }
}

/// Returns a calculation; `None` if it was never submitted.
pub(super) fn find(server: &RemoteServer, subject: &Subject) -> Result<Option<CalculationBody>, RemoteError> {
    match server.json(&state_call(subject)) {
        Err(error) if error.problem_kind() == Some(ProblemKind::NotFound) => Ok(None),
        result => result.map(Some),
    }
}

fn state_call(subject: &Subject) -> RemoteCall {
    RemoteCall::get(format!("/api/calculations/{}", subject.path()))
}
