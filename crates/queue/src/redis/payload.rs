//! What an entry of a stream says, and the name of one delivery of it.

use std::fmt;
use std::str::FromStr;

use model::{JOB_VERSION, Job};
use serde::{Deserialize, Serialize};

/// The JSON of an entry: the job, and the version of this form.
#[derive(Serialize, Deserialize)]
struct Payload<J> {
    v: u32,
    #[serde(flatten)]
    job: J,
}

/// What can be made of an entry.
pub(super) enum Content {
    /// A job.
    Job(Job),
    /// Of a version to come; to be left for it.
    Newer,
    /// Of our version, or of none, and still not a job that we know.
    Unknown(serde_json::Error),
}

pub(super) fn encode(job: &Job) -> Result<String, serde_json::Error> {
    serde_json::to_string(&Payload { v: JOB_VERSION, job })
}

/// Reads an entry that was delivered so many times.
pub(super) fn decode(text: &str, deliveries: u32) -> Content {
    #[derive(Deserialize)]
    struct Version {
        v: u32,
    }
    match serde_json::from_str(text) {
        Ok(Version { v }) if v > JOB_VERSION => return Content::Newer,
        Ok(_) => {}
        Err(error) => return Content::Unknown(error),
    }
    match serde_json::from_str::<Payload<Job>>(text) {
        Ok(Payload { mut job, .. }) => {
            // The entry stays as it was written; Redis counts how often it was delivered.
            job.attempt = job.attempt.saturating_add(deliveries.saturating_sub(1));
            Content::Job(job)
        }
        Err(error) => Content::Unknown(error),
    }
}

/// Names one delivery: the entry, and which delivery of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Receipt {
    pub(super) entry: String,
    pub(super) deliveries: u32,
}

/// A text that names no delivery.
#[derive(Debug)]
pub(super) struct ReceiptError;

impl fmt::Display for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.entry, self.deliveries)
    }
}

impl FromStr for Receipt {
    type Err = ReceiptError;

    fn from_str(text: &str) -> Result<Self, ReceiptError> {
        let (entry, deliveries) = text.split_once(':').ok_or(ReceiptError)?;
        let (ms, number) = entry.split_once('-').ok_or(ReceiptError)?;
        if ms.parse::<u64>().is_err() || number.parse::<u64>().is_err() {
            return Err(ReceiptError);
        }
        Ok(Self { entry: entry.to_owned(), deliveries: deliveries.parse().map_err(|_| ReceiptError)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::job;

    #[test]
    fn a_payload_has_the_agreed_members() {
        let mut offered = job(1000, model::Lane::Medium);
        offered.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".parse().ok();
        assert_eq!(
            encode(&offered).unwrap(),
            r#"{"v":1,"subject":"F(1000)","lane":"medium","attempt":1,"enqueued_ms":1763941827123,"traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}"#
        );
    }

    #[test]
    fn a_job_survives_its_payload_and_counts_its_deliveries() {
        let offered = job(-7, model::Lane::Long);
        let text = encode(&offered).unwrap();
        for (deliveries, attempt) in [(0, 1), (1, 1), (2, 2), (u32::MAX, u32::MAX)] {
            let Content::Job(decoded) = decode(&text, deliveries) else { panic!("a job") };
            assert_eq!(decoded, Job { attempt, ..offered.clone() });
        }
    }

    #[test]
    fn a_member_more_is_ignored_and_another_version_is_left() {
        let text = encode(&job(7, model::Lane::Short)).unwrap();
        let more = text.replacen('{', r#"{"priority":9,"#, 1);
        assert!(matches!(decode(&more, 1), Content::Job(_)));
        let newer = text.replace(r#""v":1"#, r#""v":2"#);
        assert!(matches!(decode(&newer, 1), Content::Newer));
        assert!(matches!(decode(r#"{"v":9,"what":"ever"}"#, 1), Content::Newer));
        for unknown in ["", "[]", "{}", r#"{"v":-1}"#, r#"{"v":1}"#, &text.replace("F(7)", "L(7)")] {
            assert!(matches!(decode(unknown, 1), Content::Unknown(_)), "{unknown:?}");
        }
    }

    #[test]
    fn a_receipt_survives_its_text() {
        let receipt = Receipt { entry: "1763941827123-4".to_owned(), deliveries: 3 };
        assert_eq!(receipt.to_string().parse::<Receipt>().unwrap(), receipt);
        for text in
            ["", "1", "1-1", "1-1:", "1:1", "-1:1", "1-:1", "a-1:1", "1-1:-1", "1-1:1:1", "99999999999999999999-1:1"]
        {
            assert!(text.parse::<Receipt>().is_err(), "{text:?}");
        }
    }
}
