//! An S3 endpoint on loopback, for as long as a test holds it.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use super::BucketAccess;

/// A running endpoint with one bucket, `values`. It ends when it is dropped, or with this process.
pub(super) struct Endpoint {
    child: Child,
    url: String,
}

impl Endpoint {
    pub(super) fn start() -> Self {
        let program = concat!(env!("CARGO_MANIFEST_DIR"), "/../../ci/s3-endpoint");
        let mut command = Command::new(program);
        command.arg("values").stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("ci/s3-endpoint runs");
        let mut url = String::new();
        BufReader::new(child.stdout.take().expect("piped")).read_line(&mut url).expect("it says where it is");
        let url = url.trim_end().to_owned();
        assert!(url.starts_with("http://127.0.0.1:"), "ci/s3-endpoint did not start; what it said is above");
        Self { child, url }
    }

    pub(super) fn access(&self) -> BucketAccess {
        access(&self.url)
    }
}

/// The way to an endpoint that takes any keys.
pub(super) fn access(url: &str) -> BucketAccess {
    BucketAccess::from_variables(|name| match name {
        "AWS_ENDPOINT_URL" => Some(url.to_owned()),
        "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => Some("test".to_owned()),
        _ => None,
    })
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        // Either fails only if it has ended by itself, which the test will have noticed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
