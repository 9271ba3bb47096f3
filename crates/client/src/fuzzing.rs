//! Fuzz target: what is typed into the form.

use std::mem::{Discriminant, discriminant};

use model::ExpressionError;

use crate::typed_index::{TypedIndex, is_canonical, parse};

#[test]
fn what_is_typed_becomes_indexes_in_plain_digits_or_an_error() {
    fuzz::run("typed", include_str!("../corpus/typed.txt"), |input| check(&String::from_utf8_lossy(input)));
}

fn check(text: &str) -> Result<usize, Discriminant<ExpressionError>> {
    let is_plain = is_canonical(text);
    match parse(text) {
        Ok(TypedIndex::One(index)) => {
            assert!(is_canonical(&index), "{text:?} is {index:?}");
            assert!(!is_plain || index == text, "{text:?} is {index:?}");
            assert!(matches!(parse(&index), Ok(TypedIndex::One(again)) if again == index), "{index:?}");
            Ok(index.len() / 8)
        }
        Ok(TypedIndex::Ambiguous(meanings)) => {
            assert!(
                !meanings.is_empty() && meanings.iter().all(|meaning| is_canonical(meaning)),
                "{text:?}: {meanings:?}"
            );
            assert!(!is_plain, "{text:?} has one meaning");
            Ok(10_000 + meanings.len())
        }
        Err(error) => {
            assert!(!is_plain, "{text:?}: {error}");
            Err(discriminant(&error))
        }
    }
}
