//! Access to a bucket.

use std::fmt;

/// The access to a bucket, by the names of AWS's environment variables.
///
/// The caller reads them; nothing here reads the environment. Keys come first, then the identity of a Kubernetes pod
/// (`AWS_WEB_IDENTITY_TOKEN_FILE` with `AWS_ROLE_ARN`, or the pod identity agent), then the role of an ECS task, and
/// last the role of the EC2 instance. Files in `~/.aws` are not read.
///
/// The role needs `s3:GetObject`, `s3:PutObject`, `s3:DeleteObject` and `s3:AbortMultipartUpload` below the prefix, and
/// `s3:ListBucket` on the bucket: without it a missing object is a forbidden one.
#[derive(Clone, Default)]
pub struct BucketAccess {
    variables: Vec<(&'static str, String)>,
}

impl BucketAccess {
    /// The variables that are read. `AWS_ENDPOINT_URL_S3` overrides `AWS_ENDPOINT_URL`, and either may be plain HTTP.
    /// The region is `us-east-1` by default.
    pub const VARIABLES: [&str; 16] = [
        // Of two for the same setting, the later one wins.
        "AWS_DEFAULT_REGION",
        "AWS_REGION",
        "AWS_ENDPOINT_URL",
        "AWS_ENDPOINT_URL_S3",
        "AWS_VIRTUAL_HOSTED_STYLE_REQUEST",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "AWS_ROLE_ARN",
        "AWS_ROLE_SESSION_NAME",
        "AWS_ENDPOINT_URL_STS",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
        "AWS_METADATA_ENDPOINT",
    ];

    /// Reads each of [`Self::VARIABLES`]; an empty one counts as not set.
    pub fn from_variables(variable: impl Fn(&'static str) -> Option<String>) -> Self {
        let set = |name| variable(name).filter(|value| !value.is_empty()).map(|value| (name, value));
        Self { variables: Self::VARIABLES.into_iter().filter_map(set).collect() }
    }

    #[cfg(feature = "s3")]
    pub(super) fn variables(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.variables.iter().map(|(name, value)| (*name, value.as_str()))
    }
}

/// Shows the names only, because some of the values are secrets.
impl fmt::Debug for BucketAccess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.variables.iter().map(|(name, _)| name)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_not_shown_and_empty_variables_are_not_set() {
        let access = BucketAccess::from_variables(|name| match name {
            "AWS_SECRET_ACCESS_KEY" => Some("hidden".into()),
            "AWS_REGION" => Some(String::new()),
            _ => None,
        });
        assert_eq!(format!("{access:?}"), r#"["AWS_SECRET_ACCESS_KEY"]"#);
    }
}
