//! Files about the command line that clap generates.

use std::io;
use std::path::{Path, PathBuf};

use clap::{Args, Command};
use clap_complete::Shell;

use super::stdout::{StdoutError, print};

/// Print the completions of this command line for a shell.
///
/// For bash: abaci completions bash > ~/.local/share/bash-completion/completions/abaci
#[derive(Args, Debug)]
pub(crate) struct CompletionsCommand {
    /// The shell.
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

/// Write the manual pages of all subcommands: abaci.1, abaci-fib.1 and so on.
///
/// For example: abaci man ~/.local/share/man/man1
#[derive(Args, Debug)]
pub(crate) struct ManCommand {
    /// An existing folder. Pages of the same name are replaced.
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
}

/// Error for files that were not written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum GenerateError {
    /// Standard output cannot be written to.
    #[error(transparent)]
    Stdout(#[from] StdoutError),
    /// A page cannot be written.
    #[error("cannot write manual pages to {}", folder.display())]
    Page {
        /// The folder.
        folder: PathBuf,
        /// The cause.
        source: io::Error,
    },
}

impl CompletionsCommand {
    /// Prints the completions.
    pub(crate) fn run(self, mut command: Command) -> Result<(), GenerateError> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut command, "abaci", &mut script);
        Ok(print(|to| to.write_all(&script))?)
    }
}

impl ManCommand {
    /// Writes the pages.
    pub(crate) fn run(self, command: Command) -> Result<(), GenerateError> {
        let folder: &Path = &self.folder;
        clap_mangen::generate_to(command, folder)
            .map_err(|source| GenerateError::Page { folder: self.folder.clone(), source })
    }
}
