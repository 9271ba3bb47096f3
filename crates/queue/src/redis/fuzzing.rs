//! Fuzz target: entries of the stream, which anyone with access to Redis can write.

use super::payload::{DecodedEntry, decode, encode};

#[test]
fn an_entry_is_a_job_that_survives_or_is_set_aside() {
    fuzz::run("payloads", include_str!("../../corpus/payloads.txt"), |input| {
        match decode(&String::from_utf8_lossy(input), 1) {
            DecodedEntry::Job(job) => {
                let written = encode(&job).expect("it can be written");
                let DecodedEntry::Job(again) = decode(&written, 1) else { panic!("{written} is no job") };
                assert_eq!(again, job);
                let DecodedEntry::Job(later) = decode(&written, u32::MAX) else { panic!("{written} is no job") };
                assert!(later.attempt >= job.attempt);
                format!("a job of the lane {}", job.lane)
            }
            DecodedEntry::Newer => "newer".to_owned(),
            DecodedEntry::Invalid(error) => error
                .to_string()
                .split([':', '`'])
                .next()
                .unwrap_or_default()
                .split(" at line")
                .next()
                .unwrap_or_default()
                .to_owned(),
        }
    });
}
