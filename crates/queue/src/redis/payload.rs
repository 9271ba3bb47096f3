//! The JSON of a stream entry.

use model::{JOB_VERSION, Job};
use serde::{Deserialize, Serialize};

/// The job and the version of this format. The scripts rely on the version coming first.
#[derive(Serialize, Deserialize)]
struct Payload<J> {
    v: u32,
    #[serde(flatten)]
    job: J,
}

/// The result of decoding an entry.
pub(super) enum DecodedEntry {
    /// A job.
    Job(Job),
    /// An entry of a newer version; a newer worker can read it.
    Newer,
    /// An entry of this version, or of none, that is not a valid job.
    Invalid(serde_json::Error),
}

pub(super) fn encode(job: &Job) -> Result<String, serde_json::Error> {
    serde_json::to_string(&Payload { v: job.version(), job })
}

/// Decodes an entry that was delivered `deliveries` times.
pub(super) fn decode(text: &str, deliveries: u32) -> DecodedEntry {
    #[derive(Deserialize)]
    struct Version {
        v: u32,
    }
    match serde_json::from_str(text) {
        Ok(Version { v }) if v > JOB_VERSION => return DecodedEntry::Newer,
        Ok(_) => {}
        Err(error) => return DecodedEntry::Invalid(error),
    }
    match serde_json::from_str::<Payload<Job>>(text) {
        Ok(Payload { mut job, .. }) => {
            // The entry never changes; Redis counts how often it was delivered.
            job.attempt = job.attempt.saturating_add(deliveries.saturating_sub(1));
            DecodedEntry::Job(job)
        }
        Err(error) => DecodedEntry::Invalid(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::job;

    #[test]
    fn a_payload_has_the_agreed_members() {
        let mut sent = job(1000, model::Lane::Medium);
        (sent.submitter, sent.work_ms) = ("192.0.2.7".parse().ok(), 12);
        sent.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".parse().ok();
        assert_eq!(
            encode(&sent).unwrap(),
            r#"{"v":1,"subject":"F(1000)","lane":"medium","attempt":1,"enqueued_ms":1763941827123,"traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01","submitter":"192.0.2.7","work_ms":12}"#
        );
    }

    #[test]
    fn a_subject_that_older_workers_do_not_know_has_a_newer_version() {
        for (version, subject) in [(2, "U(3,-1,500)"), (3, "Phi(500)")] {
            let sent = Job { subject: subject.parse().expect("a subject"), ..job(500, model::Lane::Short) };
            let text = encode(&sent).unwrap();
            assert!(text.starts_with(&format!(r#"{{"v":{version},"subject":"{subject}","#)), "{text}");
            assert!(matches!(decode(&text, 1), DecodedEntry::Job(_)));
        }
    }

    #[test]
    fn a_job_survives_its_payload_and_counts_its_deliveries() {
        let sent = job(-7, model::Lane::Long);
        let text = encode(&sent).unwrap();
        for (deliveries, attempt) in [(0, 1), (1, 1), (2, 2), (u32::MAX, u32::MAX)] {
            let DecodedEntry::Job(decoded) = decode(&text, deliveries) else { panic!("expected a job") };
            assert_eq!(decoded, Job { attempt, ..sent.clone() });
        }
    }

    #[test]
    fn an_unknown_member_is_ignored_and_a_newer_version_is_left_to_newer_workers() {
        let text = encode(&job(7, model::Lane::Short)).unwrap();
        let more = text.replacen('{', r#"{"priority":9,"#, 1);
        assert!(matches!(decode(&more, 1), DecodedEntry::Job(_)));
        let older = text.replace(r#","submitter":null,"work_ms":1"#, "");
        assert!(older.len() < text.len() && matches!(decode(&older, 1), DecodedEntry::Job(_)), "{older}");
        let newer = text.replace(r#""v":1"#, r#""v":4"#);
        assert!(matches!(decode(&newer, 1), DecodedEntry::Newer));
        assert!(matches!(decode(r#"{"v":9,"what":"ever"}"#, 1), DecodedEntry::Newer));
        for invalid in ["", "[]", "{}", r#"{"v":-1}"#, r#"{"v":1}"#, &text.replace("F(7)", "X(7)")] {
            assert!(matches!(decode(invalid, 1), DecodedEntry::Invalid(_)), "{invalid:?}");
        }
    }
}
