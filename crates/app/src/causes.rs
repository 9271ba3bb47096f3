//! What an error came from, for people to read.

use std::error::Error;

/// What an error says, then what each of its causes adds to that.
pub(crate) fn causes(error: &(dyn Error + 'static)) -> Vec<String> {
    let mut said = vec![error.to_string()];
    let mut next = error.source();
    while let Some(cause) = next {
        let text = cause.to_string();
        // Some errors say themselves what they came from.
        if !said.last().is_some_and(|last| last.ends_with(&text)) {
            said.push(text);
        }
        next = cause.source();
    }
    said
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{text}")]
    struct Because {
        text: &'static str,
        #[source]
        cause: Option<Box<dyn Error>>,
    }

    #[test]
    fn what_is_said_already_is_not_said_again() {
        let deepest: Box<dyn Error> = Box::new(io::Error::other("no route"));
        let middle = Because { text: "not connected: no route", cause: Some(deepest) };
        let error = Because { text: "out of reach", cause: Some(Box::new(middle)) };
        assert_eq!(causes(&error), ["out of reach", "not connected: no route"]);
    }
}
