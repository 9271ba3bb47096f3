//! The address for reports of vulnerabilities.

use std::str::FromStr;

/// A `mailto:`, `https:` or `tel:` address, as RFC 9116 wants it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SecurityContactUri(String);

/// Error for a text that is not such an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected mailto:security@example.org, https://example.org/security or tel:+1-201-555-0123")]
pub(crate) struct SecurityContactError;

impl SecurityContactUri {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for SecurityContactUri {
    type Err = SecurityContactError;

    fn from_str(text: &str) -> Result<Self, SecurityContactError> {
        // A space or a control character would begin another field of the file.
        let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic());
        let is_contact = match text.split_once(':') {
            Some(("mailto", address)) => {
                address.split_once('@').is_some_and(|(name, host)| !name.is_empty() && !host.is_empty())
            }
            Some(("https", rest)) => rest.strip_prefix("//").is_some_and(|host| !host.is_empty()),
            Some(("tel", number)) => number.bytes().any(|byte| byte.is_ascii_digit()),
            _ => false,
        };
        if is_plain && is_contact { Ok(Self(text.to_owned())) } else { Err(SecurityContactError) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contact_has_one_of_three_schemes_and_no_spaces() {
        for text in ["mailto:security@example.org", "https://example.org/security", "tel:+1-201-555-0123"] {
            assert_eq!(text.parse(), Ok(SecurityContactUri(text.to_owned())));
        }
        for text in [
            "",
            "security@example.org",
            "http://example.org/security",
            "https://",
            "mailto:@",
            "tel:x",
            "mailto:a@b c",
            "mailto:a@b\nContact: https://evil.example",
        ] {
            assert_eq!(text.parse::<SecurityContactUri>(), Err(SecurityContactError), "{text:?}");
        }
    }
}
