//! Objects in a bucket of S3 or of an S3-compatible server.

#[cfg(test)]
mod endpoint;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use object_store::{BackoffConfig, ClientOptions, ObjectStore, RetryConfig};

use super::bucket::BucketAccess;

/// Timeout of a request; a part has 8 MiB.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// Timeout without any byte of an answer. A part is answered when it is complete.
const SILENCE: Duration = Duration::from_secs(10);
/// Enough for a passing fault. After that the job is retried, and a reader gets an error.
const RETRIES: usize = 3;
const RETRY_FOR: Duration = Duration::from_secs(10);

/// Opens a bucket without connecting yet.
pub(super) fn open(
    bucket: &str,
    prefix: &str,
    access: &BucketAccess,
) -> Result<Arc<dyn ObjectStore>, object_store::Error> {
    let mut builder = AmazonS3Builder::new().with_bucket_name(bucket);
    let mut plain_http = false;
    for (name, value) in access.variables() {
        plain_http |= name.starts_with("AWS_ENDPOINT_URL") && value.starts_with("http://");
        let key: AmazonS3ConfigKey = name.to_ascii_lowercase().parse()?;
        builder = builder.with_config(key, value);
    }
    let client = ClientOptions::new()
        .with_timeout(REQUEST_TIMEOUT)
        .with_connect_timeout(CONNECT_TIMEOUT)
        .with_read_timeout(SILENCE)
        .with_allow_http(plain_http);
    let retry = RetryConfig { max_retries: RETRIES, retry_timeout: RETRY_FOR, backoff: BackoffConfig::default() };
    let store = builder.with_client_options(client).with_retry(retry).build()?;
    Ok(if prefix.is_empty() { Arc::new(store) } else { Arc::new(PrefixStore::new(store, Path::from(prefix))) })
}
