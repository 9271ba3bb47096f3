//! The form of a corpus: a line for each input.

/// Returns an input as a line: as it is, with `\n`, `\\`, `\xff` and the like for what is not printable ASCII.
pub fn escape(input: &[u8]) -> String {
    let escape = |byte: &u8| match byte {
        b'"' | b'\'' => char::from(*byte).to_string(),
        byte => byte.escape_ascii().to_string(),
    };
    input.iter().map(escape).collect()
}

/// Returns the input that a line stands for. A backslash before any other character stands for itself.
pub fn unescape(line: &str) -> Vec<u8> {
    let mut input = Vec::new();
    let mut rest = line.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let (byte, after) = match (byte, after) {
            (b'\\', [b'n', after @ ..]) => (b'\n', after),
            (b'\\', [b'r', after @ ..]) => (b'\r', after),
            (b'\\', [b't', after @ ..]) => (b'\t', after),
            (b'\\', [b'\\', after @ ..]) => (b'\\', after),
            (b'\\', [b'x', high, low, after @ ..]) => match (hex(*high), hex(*low)) {
                (Some(high), Some(low)) => (high << 4 | low, after),
                _ => (byte, after_backslash(rest)),
            },
            (byte, after) => (byte, after),
        };
        input.push(byte);
        rest = after;
    }
    input
}

fn after_backslash(rest: &[u8]) -> &[u8] {
    rest.get(1..).unwrap_or_default()
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_input_survives_its_line() {
        let input: Vec<u8> = (0..=255).collect();
        let line = escape(&input);
        assert!(!line.contains('\n'));
        assert_eq!(unescape(&line), input);
        assert_eq!(unescape(r#"{"a":"\q"}\x0"#), br#"{"a":"\q"}\x0"#);
        assert_eq!(unescape("−1"), "−1".as_bytes());
    }
}
