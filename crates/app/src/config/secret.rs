//! Secrets, read from the environment or a file; never from the command line, which every process can read.

use std::fmt;
use std::path::{Path, PathBuf};

/// A secret text, hidden from debug output.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(String);

/// Error for a secret that cannot be read or used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SecretError {
    /// Both the variable and the file are set.
    #[error("{variable} and {variable}_FILE are both set: unset one")]
    BothSet {
        /// The variable that contains the secret itself.
        variable: &'static str,
    },
    /// The file cannot be read.
    #[error("{variable}_FILE: cannot read {}", path.display())]
    Unreadable {
        /// The variable that would contain the secret itself.
        variable: &'static str,
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// A password from the repository.
    #[error(
        "{variable} is the public development password; \
         with an https ABACI_PUBLIC_URL or TLS to PostgreSQL or Redis, set another one"
    )]
    DevelopmentPassword {
        /// The variable that contains it.
        variable: &'static str,
    },
}

/// Prefix of the passwords in the repository.
const DEVELOPMENT_PREFIX: &str = "development-only";

impl Secret {
    /// Reads the secret from a variable or a file, if one is set. A line end at the end of the file is removed.
    pub(super) fn read(variable: &'static str, file: Option<&Path>) -> Result<Option<Self>, SecretError> {
        #[expect(clippy::disallowed_methods, reason = "a secret has no flag, so clap does not read it")]
        let value = std::env::var(variable).ok().filter(|value| !value.is_empty());
        match (value, file.filter(|path| !path.as_os_str().is_empty())) {
            (Some(_), Some(_)) => Err(SecretError::BothSet { variable }),
            (value, None) => Ok(value.map(Self)),
            (None, Some(path)) => {
                let unreadable = |source| SecretError::Unreadable { variable, path: path.to_owned(), source };
                let text = std::fs::read_to_string(path).map_err(unreadable)?;
                Ok(Some(Self(text.trim_end_matches(['\r', '\n']).to_owned())))
            }
        }
    }

    /// Returns whether it is a password from the repository.
    pub(super) fn is_development_password(&self) -> bool {
        self.0.starts_with(DEVELOPMENT_PREFIX)
    }

    pub(super) fn expose(&self) -> &str {
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
    fn the_line_end_of_a_file_is_removed_and_the_secret_is_hidden() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("secret");
        std::fs::write(&path, " hunter2 \r\n").expect("written");
        let secret = Secret::read("ABACI_TEST_NOT_SET", Some(&path)).expect("readable").expect("there");
        assert_eq!(secret.expose(), " hunter2 ");
        assert!(!secret.is_development_password());
        assert!(!format!("{secret:?}").contains("hunter2"));
        let missing = Secret::read("ABACI_TEST_NOT_SET", Some(&folder.path().join("none")));
        assert!(missing.expect_err("no such file").to_string().contains("ABACI_TEST_NOT_SET_FILE"));
        assert_eq!(Secret::read("ABACI_TEST_NOT_SET", None).expect("nothing is wrong"), None);
    }
}
