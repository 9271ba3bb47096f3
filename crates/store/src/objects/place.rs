//! The location of objects, as a setting gives it.

use std::path::PathBuf;
use std::str::FromStr;

/// A place for objects: `file:///full/path`, or `s3://bucket/prefix`, where the prefix is optional.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A folder of this machine, or one that several machines share.
    Directory(PathBuf),
    /// A bucket of S3 or of an S3-compatible server.
    Bucket {
        /// The bucket.
        name: String,
        /// The prefix of all object names, without a slash at either end; may be empty.
        prefix: String,
    },
}

/// An invalid location.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlaceError {
    /// Neither form.
    #[error("expected file:///full/path or s3://bucket/prefix")]
    Form,
    /// The bucket cannot have that name.
    #[error("a bucket's name has 3 to 63 small letters, digits, dots and hyphens")]
    BucketName,
    /// Object names with this prefix would be ambiguous or invalid.
    #[error("a prefix has letters, digits and -_.=/ only, and no part of it is empty or of dots alone")]
    Prefix,
}

impl FromStr for Place {
    type Err = PlaceError;

    fn from_str(text: &str) -> Result<Self, PlaceError> {
        if let Some(path) = text.strip_prefix("file://") {
            let plain = path.starts_with('/') && !path.contains(['%', '?', '#']);
            return plain.then(|| Self::Directory(path.into())).ok_or(PlaceError::Form);
        }
        let rest = text.strip_prefix("s3://").ok_or(PlaceError::Form)?;
        let (name, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let prefix = prefix.strip_suffix('/').unwrap_or(prefix);
        if !is_bucket_name(name) {
            return Err(PlaceError::BucketName);
        }
        if !prefix.is_empty() && !prefix.split('/').all(is_prefix_part) {
            return Err(PlaceError::Prefix);
        }
        Ok(Self::Bucket { name: name.to_owned(), prefix: prefix.to_owned() })
    }
}

fn is_bucket_name(name: &str) -> bool {
    let ends = |b: Option<&u8>| b.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = name.as_bytes();
    (3..=63).contains(&bytes.len())
        && ends(bytes.first())
        && ends(bytes.last())
        && bytes.iter().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-'))
}

fn is_prefix_part(part: &str) -> bool {
    part.bytes().any(|b| b != b'.') && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.=".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bucket(name: &str, prefix: &str) -> Result<Place, PlaceError> {
        Ok(Place::Bucket { name: name.to_owned(), prefix: prefix.to_owned() })
    }

    #[test]
    fn a_place_is_a_full_path_or_a_bucket_with_a_prefix() {
        assert_eq!("file:///srv/values".parse(), Ok(Place::Directory("/srv/values".into())));
        assert_eq!("s3://values".parse(), bucket("values", ""));
        assert_eq!("s3://values/".parse(), bucket("values", ""));
        assert_eq!("s3://my.values-1/abaci/live/".parse(), bucket("my.values-1", "abaci/live"));
    }

    #[test]
    fn what_cannot_be_a_place_is_refused_with_the_reason() {
        for text in
            ["", "/srv", "file://srv", "file:/srv", "file:///a%20b", "http://host/", "s3:/bucket", "S3://bucket"]
        {
            assert_eq!(text.parse::<Place>(), Err(PlaceError::Form), "{text:?}");
        }
        for text in ["s3://", "s3:///prefix", "s3://Values", "s3://me@values", "s3://-ab", "s3://ab", "s3://values?x"] {
            assert_eq!(text.parse::<Place>(), Err(PlaceError::BucketName), "{text:?}");
        }
        for text in ["s3://values//a", "s3://values/a//b", "s3://values/../b", "s3://values/a b", "s3://values/a?b"] {
            assert_eq!(text.parse::<Place>(), Err(PlaceError::Prefix), "{text:?}");
        }
    }
}
