//! Adds the environment variable to clap's error about a value, which names only the flag.

use clap::error::{ContextKind, ContextValue};
use clap::{Command, Error};

/// Returns the text of the error, with the variable that sets the same value, if there is one.
///
/// clap names the flag even if the value came from the environment.
pub(crate) fn with_variable(error: &Error, command: &Command) -> String {
    let text = error.render().to_string();
    match variable(error, command) {
        Some((variable, flag)) => {
            format!("{}\n\nThe value came from {flag} or from the variable {variable}.\n", text.trim_end())
        }
        None => text,
    }
}

fn variable(error: &Error, command: &Command) -> Option<(String, String)> {
    let ContextValue::String(argument) = error.get(ContextKind::InvalidArg)? else { return None };
    // clap writes the argument with its placeholder: `--max-queued <NUMBER>`.
    let flag = argument.split_whitespace().next()?;
    let long = flag.strip_prefix("--")?;
    std::iter::once(command)
        .chain(command.get_subcommands())
        .flat_map(Command::get_arguments)
        .find(|candidate| candidate.get_long() == Some(long))
        .and_then(|argument| argument.get_env())
        .map(|variable| (variable.to_string_lossy().into_owned(), flag.to_owned()))
}
