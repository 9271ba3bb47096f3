//! The statements of lists, the same in both databases.
//!
//! Only F(n) has an index in a column of its own. Rows without one that are of no known kind belong to a newer version.

use crate::row::calculation_columns;
use crate::{CountedList, ListOrder};

pub(crate) const NEWEST: &str = concat!(
    "select ",
    calculation_columns!(),
    " from calculations where id < $1 and idx is not null order by id desc limit $2",
);

/// Each half is read from its end of the index, and both are merged.
pub(crate) const LARGEST: &str = concat!(
    "select ",
    calculation_columns!(),
    " from calculations where id in (\
     select id from (select id, idx from calculations where idx >= 0 and idx <= $1 order by idx desc limit $3) as above \
     union all \
     select id from (select id, idx from calculations where idx < 0 and idx > $2 order by idx limit $3) as below) \
     order by abs(idx) desc, idx desc limit $3",
);

/// The condition for a row whose subject this version knows.
macro_rules! known_subject {
    () => {
        "(idx is not null or substr(subject, 1, 2) in ('L(', 'U(', 'V(', 'G(', 'T(', 'P(', 'A(') \
         or substr(subject, 1, 4) in ('Phi('))"
    };
}
pub(crate) use known_subject;

pub(crate) const UNFINISHED_NEWEST: &str = concat!(
    "select ",
    calculation_columns!(),
    " from calculations where id < $1 and status in ('queued', 'running') and ",
    known_subject!(),
    " order by id desc limit $2",
);

/// The rows without an index are read from its end of the index.
pub(crate) const OTHERS: &str = concat!(
    "select ",
    calculation_columns!(),
    " from calculations where id < $1 and idx is null and ",
    known_subject!(),
    " order by id desc limit $2",
);

pub(crate) const BY_INDEX: &str =
    concat!("select ", calculation_columns!(), " from calculations where idx >= $1 order by idx limit $2");

/// Returns the statement of a list, and its first parameter. The last one is the limit.
pub(crate) fn statement(order: ListOrder) -> (&'static str, i64) {
    match order {
        ListOrder::Newest { before } => (NEWEST, before.map_or(i64::MAX, |id| id.0)),
        ListOrder::Unfinished { before } => (UNFINISHED_NEWEST, before.map_or(i64::MAX, |id| id.0)),
        ListOrder::Others { before } => (OTHERS, before.map_or(i64::MAX, |id| id.0)),
        ListOrder::Largest { after } => (LARGEST, after.map_or(i64::MAX, |after| after.saturating_abs() - 1)),
        ListOrder::Index { from } => (BY_INDEX, from),
    }
}

/// Returns the statement that counts a list, whose parameter is the first index if there is one.
pub(crate) const fn count_statement(list: CountedList) -> &'static str {
    match list {
        CountedList::Numbers => "select count(*) from calculations where idx is not null",
        CountedList::From(_) => "select count(*) from calculations where idx >= $1",
        CountedList::Others => {
            concat!("select count(*) from calculations where idx is null and ", known_subject!())
        }
        CountedList::Unfinished => {
            concat!("select count(*) from calculations where status in ('queued', 'running') and ", known_subject!())
        }
    }
}

/// Returns the index above which the negative ones of the largest are listed: after n, −n is next.
pub(crate) fn smallest(after: Option<i64>) -> i64 {
    match after {
        None => i64::MIN,
        Some(after) if after >= 0 => (-after).saturating_sub(1),
        Some(after) => after,
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_known_kinds_are_those_of_the_model() {
        let (short, long): (Vec<_>, _) = model::Subject::OTHER_KINDS.into_iter().partition(|kind| kind.len() == 2);
        let texts = |kinds: Vec<&str>| kinds.iter().map(|kind| format!("'{kind}'")).collect::<Vec<_>>().join(", ");
        let (short, long) = (texts(short), texts(long));
        let expected = format!("substr(subject, 1, 2) in ({short}) or substr(subject, 1, 4) in ({long}))");
        assert!(known_subject!().ends_with(&expected), "{expected}");
    }
}
