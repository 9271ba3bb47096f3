//! Fuzz target: the indexes of a batch.

use super::indexes::{of_fields, of_lines};
use crate::error::ApiError;
use crate::extract::parse_json;
use crate::limits::{ApiConfig, ValidSubject};

#[test]
fn a_batch_has_indexes_within_the_limits_or_is_refused() {
    let config = ApiConfig { batch_indexes: 50, max_index: 1_000, ..ApiConfig::default() };
    fuzz::run("batches", include_str!("../../../corpus/batches.txt"), |input| {
        let text = String::from_utf8_lossy(input);
        let lines = of_lines(&config, &text);
        // There is an index for each line: none is left out.
        if let Ok(indexes) = &lines {
            assert_eq!(indexes.len(), text.strip_suffix('\n').unwrap_or(&text).split('\n').count());
        }
        let fields = parse_json(&text).and_then(|fields| of_fields(&config, &fields));
        [lines, fields].map(|batch| kind(&config, batch))
    });
}

fn kind(config: &ApiConfig, batch: Result<Vec<ValidSubject>, ApiError>) -> String {
    match batch {
        Ok(indexes) => {
            assert!((1..=config.batch_indexes).contains(&indexes.len()));
            let is_within = |index: model::Index| index.magnitude() <= config.max_index;
            assert!(indexes.iter().all(|valid| valid.subject.index().is_none_or(is_within)));
            format!("{} indexes", indexes.len())
        }
        Err(ApiError::Place { error, .. }) => format!("in a place: {:?}", std::mem::discriminant(&*error)),
        Err(error) => format!("{:?}", std::mem::discriminant(&error)),
    }
}
