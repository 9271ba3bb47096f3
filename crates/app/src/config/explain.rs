//! Makes clap's complaint about a value name the variable too, not the flag alone.

use clap::error::{ContextKind, ContextValue};
use clap::{Command, Error};

/// The complaint as text, with the variable that can set the same thing named, if there is one.
///
/// clap names the flag even when the value came from the environment, where no flag is to be seen.
pub(crate) fn explain(error: &Error, command: &Command) -> String {
    let text = error.render().to_string();
    match variable(error, command) {
        Some((variable, flag)) => {
            format!("{}\n\nThe value is that of {flag} or of the variable {variable}.\n", text.trim_end())
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
        .and_then(|found| found.get_env())
        .map(|variable| (variable.to_string_lossy().into_owned(), flag.to_owned()))
}
