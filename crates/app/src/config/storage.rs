//! The data directory and the location of long values.

use std::path::PathBuf;

use clap::Args;
use store::{BucketAccess, Place};

use super::ByteSize;

/// Where data is stored, and how much of it.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Data")]
pub(crate) struct StorageArgs {
    #[command(flatten)]
    pub(crate) data: DataArgs,

    /// Total size of values above 1,000 digits; one may take half of it. Above it, the least recently read are evicted,
    /// and computed again on request.
    #[arg(long, env = "ABACI_STORE_BYTES", value_name = "SIZE", default_value = "10GB")]
    pub(crate) store_bytes: ByteSize,
}

/// Where data is stored.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Data")]
pub(crate) struct DataArgs {
    #[command(flatten)]
    pub(crate) directory: DataDirArgs,

    /// Location of long values: a folder, or an S3 bucket, which AWS's own variables configure (`AWS_REGION`,
    /// `AWS_ENDPOINT_URL_S3`, `AWS_ACCESS_KEY_ID`, …) [default: the folder `values` in the data directory].
    #[arg(long, env = "ABACI_VALUES_URL", value_name = "file:///…|s3://…")]
    pub(crate) values_url: Option<Place>,
}

/// The data directory.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Data")]
pub(crate) struct DataDirArgs {
    /// Folder for the database (unless PostgreSQL is used) and for long values (unless `ABACI_VALUES_URL` is set).
    /// Created if it does not exist. Only one process at a time can keep its database there.
    #[arg(long = "data-dir", env = "ABACI_DATA_DIR", value_name = "FOLDER", default_value = "data")]
    pub(crate) path: PathBuf,
}

impl DataArgs {
    /// Returns the location of long values.
    pub(crate) fn values_place(&self) -> Place {
        self.values_url.clone().unwrap_or_else(|| Place::Directory(self.directory.path.join("values")))
    }

    /// Returns the credentials and endpoint of a bucket, from AWS's variables.
    pub(crate) fn bucket_access(&self) -> BucketAccess {
        #[expect(clippy::disallowed_methods, reason = "AWS's variables, secrets among them, have no flags")]
        BucketAccess::from_variables(|name| std::env::var(name).ok())
    }
}
