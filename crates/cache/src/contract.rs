//! What every backend of the two ports must do, one function per concern.
//!
//! Written for real time and a busy machine: it asserts order and identity, and waits for
//! conditions with a deadline that is far more than any backend needs.

mod event_channel;
mod value_cache;

pub(crate) use event_channel::*;
pub(crate) use value_cache::*;

use std::time::Duration;

use model::{
    Calculation, CalculationEvent, CalculationId, CalculationState, Index, Progress, ProgressReport, Sha256, Subject,
    Timestamp, Value, ValueState,
};

/// Waited at most for what must happen at once.
pub(crate) const SOON: Duration = Duration::from_secs(20);

macro_rules! values_keep_the_contract {
    ($make:path, $setting:tt) => {
        $crate::contract::test_each!($make, $setting,
            a_known_value_is_given_as_it_was_put
            a_forgotten_value_is_known_no_longer
            only_what_is_done_and_readable_is_kept
            the_latest_put_counts
        );
    };
}
pub(crate) use values_keep_the_contract;

macro_rules! announcements_keep_the_contract {
    ($make:path, $setting:tt) => {
        $crate::contract::test_each!($make, $setting,
            a_new_reader_starts_at_the_present
            several_readers_see_the_same_in_the_same_order
            reading_on_sees_all_and_nothing_twice
            a_waiting_reader_wakes
            a_reader_that_waits_for_nothing_keeps_its_place
            a_place_too_old_is_missed
            a_place_of_another_life_is_missed
            a_reading_is_bounded
            announcements_of_several_at_once_have_one_order
        );
    };
}
pub(crate) use announcements_keep_the_contract;

/// Makes a test of every concern, over what `$make().await` gives together with what that stands on.
macro_rules! test_each {
    ($make:path, $setting:tt, $($concern:ident)*) => {
        $($crate::contract::test_each!(@one $make, $setting, $concern);)*
    };
    (@one $make:path, [$($setting:tt)*], $concern:ident) => {
        #[tokio::test($($setting)*)]
        async fn $concern() {
            let (made, _ground) = $make().await;
            $crate::contract::$concern(made).await;
        }
    };
}
pub(crate) use test_each;

/// A calculation of F(n) that is done; its value is not really F(n).
pub(crate) fn done(n: i64) -> Calculation {
    let value = Value {
        sha256: Sha256([7; 32]),
        size_bytes: 20,
        first_digits: "12345678901234567890".to_owned(),
        last_digits: "12345678901234567890".to_owned(),
        compute_ms: 3,
        state: ValueState::Inline,
        text: Some("12345678901234567890".to_owned()),
    };
    let (started_at, finished_at) =
        (Timestamp::from_unix_ms(1_763_941_827_123), Timestamp::from_unix_ms(1_763_941_827_129));
    in_state(n, CalculationState::Done { started_at, finished_at, value })
}

pub(crate) fn in_state(n: i64, state: CalculationState) -> Calculation {
    Calculation {
        id: CalculationId(n),
        subject: Subject::from(Index::new(n)),
        state,
        digits: 20,
        request_count: 1,
        asked_at: Timestamp::from_unix_ms(1_763_941_827_120),
        attempt: 1,
    }
}

/// The n-th of some news, calculations and progress by turns.
pub(crate) fn news(n: i64) -> CalculationEvent {
    if n % 2 == 0 {
        return CalculationEvent::Calculation(Box::new(done(n)));
    }
    let progress = Progress { fraction: 0.25, remaining_ms: Some(120) };
    CalculationEvent::Progress(ProgressReport { subject: Subject::from(Index::new(n)), progress })
}
