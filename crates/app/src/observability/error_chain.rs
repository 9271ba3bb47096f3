//! An error with its sources, as text.

use std::error::Error;

/// Returns the text of an error, then of each of its sources that adds something.
pub(crate) fn error_chain(error: &(dyn Error + 'static)) -> Vec<String> {
    let mut texts = vec![error.to_string()];
    let mut source = error.source();
    while let Some(cause) = source {
        let text = cause.to_string();
        // Some errors repeat their source in their own text.
        if !texts.last().is_some_and(|last| last.ends_with(&text)) {
            texts.push(text);
        }
        source = cause.source();
    }
    texts
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{text}")]
    struct ChainedError {
        text: &'static str,
        #[source]
        cause: Option<Box<dyn Error>>,
    }

    #[test]
    fn repeated_texts_are_left_out() {
        let deepest: Box<dyn Error> = Box::new(io::Error::other("no route"));
        let middle = ChainedError { text: "not connected: no route", cause: Some(deepest) };
        let error = ChainedError { text: "unavailable", cause: Some(Box::new(middle)) };
        assert_eq!(error_chain(&error), ["unavailable", "not connected: no route"]);
    }
}
