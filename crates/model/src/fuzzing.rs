//! Fuzz targets: what people type, and what travels as JSON.

use std::mem::{Discriminant, discriminant};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{CalculationEvent, CalculationState, Expression, ExpressionError, Index, Job};

#[test]
fn an_expression_means_the_same_in_brackets() {
    fuzz::run("expressions", include_str!("../corpus/expressions.txt"), |input| {
        check_expression(&String::from_utf8_lossy(input))
    });
}

fn check_expression(text: &str) -> Result<usize, Discriminant<ExpressionError>> {
    let canonical = text.parse::<Index>();
    let index = match text.parse::<Expression>() {
        Ok(expression) => expression.index(),
        Err(error) => {
            assert!(canonical.is_err(), "{text:?} is an index: {error}");
            return Err(discriminant(&error));
        }
    };
    assert!(canonical.is_err() || canonical == Ok(index), "{text:?} is {canonical:?}, not {index}");
    assert_eq!(index.to_string().parse(), Ok(index), "{text:?}");
    let evaluate = |text: String| text.parse::<Expression>().map(Expression::index);
    if text.chars().count() + 4 <= Expression::MAX_CHARACTERS {
        assert_eq!(evaluate(format!("({text})")), Ok(index), "{text:?}");
        assert_eq!(evaluate(format!("0+({text})")), Ok(index), "{text:?}");
        assert_eq!(evaluate(format!("1*({text})")), Ok(index), "{text:?}");
        let negative = index.get().checked_neg().map(Index::new).ok_or(ExpressionError::Overflow);
        assert_eq!(evaluate(format!("-({text})")), negative, "{text:?}");
    }
    Ok(text.len() / 8)
}

#[test]
fn json_that_is_an_event_or_a_job_survives() {
    fuzz::run("events", include_str!("../corpus/events.txt"), |input| {
        (survives(input, without_fraction), survives::<Job>(input, |job| job))
    });
}

/// Returns an event without the fraction of its progress, which `serde_json` may read one bit differently.
fn without_fraction(mut event: CalculationEvent) -> CalculationEvent {
    match &mut event {
        CalculationEvent::Progress(report) => report.progress.fraction = 0.0,
        CalculationEvent::Calculation(calculation) => {
            if let CalculationState::Running { progress, .. } = &mut calculation.state {
                progress.fraction = 0.0;
            }
        }
    }
    event
}

/// Checks that what JSON is read as is the same after it was written and read again.
fn survives<T: DeserializeOwned + Serialize + PartialEq + std::fmt::Debug>(
    input: &[u8],
    exact: impl Fn(T) -> T,
) -> Result<usize, String> {
    let read: T = serde_json::from_slice(input).map_err(|error| kind_of(&error.to_string()))?;
    let written = serde_json::to_string(&read).expect("it can be written");
    let again: T = serde_json::from_str(&written).expect("it can be read again");
    assert_eq!(exact(again), exact(read), "{written}");
    Ok(written.len() / 16)
}

/// Returns an error's text without the place and what was given.
fn kind_of(text: &str) -> String {
    text.split([':', '`']).next().unwrap_or_default().split(" at line").next().unwrap_or_default().to_owned()
}
