//! Secrets: from the environment or a file, never from the command line, where every process sees them.

use std::fmt;
use std::path::{Path, PathBuf};

/// A text that must not be shown.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(String);

/// Why there is no such secret.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SecretError {
    /// Two sources that may differ.
    #[error("{variable} and {variable}_FILE are both set: unset one")]
    Twice {
        /// The variable that holds the secret itself.
        variable: &'static str,
    },
    /// The file cannot be read.
    #[error("{variable}_FILE: {} cannot be read", path.display())]
    Unreadable {
        /// The variable that would hold the secret itself.
        variable: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// It is in the repository.
    #[error(
        "{variable} is the one for development, which everybody knows; \
         with an https ABACI_PUBLIC_URL or TLS to PostgreSQL or Redis another one is wanted"
    )]
    Known {
        /// The variable that holds it.
        variable: &'static str,
    },
}

/// How the secrets in the repository begin.
const KNOWN: &str = "development-only";

impl Secret {
    /// The secret in a variable or in a file, if there is one. A line end at the end of a file is not
    /// part of it.
    pub(super) fn read(variable: &'static str, file: Option<&Path>) -> Result<Option<Self>, SecretError> {
        #[expect(clippy::disallowed_methods, reason = "a secret has no flag, so clap does not read it")]
        let said = std::env::var(variable).ok().filter(|said| !said.is_empty());
        match (said, file.filter(|path| !path.as_os_str().is_empty())) {
            (Some(_), Some(_)) => Err(SecretError::Twice { variable }),
            (said, None) => Ok(said.map(Self)),
            (None, Some(path)) => {
                let unreadable = |source| SecretError::Unreadable { variable, path: path.to_owned(), source };
                let text = std::fs::read_to_string(path).map_err(unreadable)?;
                Ok(Some(Self(text.trim_end_matches(['\r', '\n']).to_owned())))
            }
        }
    }

    pub(super) fn is_known(&self) -> bool {
        self.0.starts_with(KNOWN)
    }

    pub(super) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_in_a_file_ends_before_the_line_does_and_is_not_shown() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("secret");
        std::fs::write(&path, " hunter2 \r\n").expect("written");
        let secret = Secret::read("ABACI_TEST_NOT_SET", Some(&path)).expect("readable").expect("there");
        assert_eq!(secret.reveal(), " hunter2 ");
        assert!(!secret.is_known());
        assert!(!format!("{secret:?}").contains("hunter2"));
        let missing = Secret::read("ABACI_TEST_NOT_SET", Some(&folder.path().join("none")));
        assert!(missing.expect_err("no such file").to_string().contains("ABACI_TEST_NOT_SET_FILE"));
        assert_eq!(Secret::read("ABACI_TEST_NOT_SET", None).expect("nothing is wrong"), None);
    }
}
