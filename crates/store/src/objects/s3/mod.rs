//! Objects in a bucket of S3, or of what speaks its protocol.

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

/// A part of 8 MiB has this long to go through.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// An endpoint that says nothing for so long is taken for dead. A part is answered when it is there whole.
const SILENCE: Duration = Duration::from_secs(10);
/// Enough for a passing fault. Behind that stand the job, which is tried again, and the reader, who is told.
const RETRIES: usize = 3;
const RETRY_FOR: Duration = Duration::from_secs(10);

/// Nothing is asked of the endpoint yet.
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
