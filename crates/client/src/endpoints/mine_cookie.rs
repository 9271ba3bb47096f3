//! The cookie that lists the numbers this browser submitted, so that the history can show them.

use http::{HeaderMap, HeaderValue};
use model::Index;

use super::ask_cookie::cookies;
use crate::PageSettings;

const NAME: &str = "mine";
/// The most numbers that are remembered; the oldest are forgotten first.
const MAX_INDEXES: usize = 30;
const MAX_AGE_S: u32 = 30 * 24 * 60 * 60;
/// Stands in no index, and needs no escape in a cookie.
const SEPARATOR: char = '.';

/// Returns the numbers that a browser submitted, newest first.
pub(crate) fn read_mine(headers: &HeaderMap) -> Vec<Index> {
    let indexes = cookies(headers, NAME).take(1).flat_map(|value| value.split(SEPARATOR));
    indexes.filter_map(|index| index.parse().ok()).take(MAX_INDEXES).collect()
}

/// Returns the `Set-Cookie` value that adds a number.
pub(crate) fn add_mine(index: Index, headers: &HeaderMap, settings: &PageSettings) -> Option<HeaderValue> {
    let others = read_mine(headers).into_iter().filter(|other| *other != index);
    let mine: Vec<String> = std::iter::once(index).chain(others).take(MAX_INDEXES).map(|n| n.to_string()).collect();
    let mine = mine.join(&SEPARATOR.to_string());
    let secure = if settings.secure_cookies() { "; Secure" } else { "" };
    HeaderValue::try_from(format!("{NAME}={mine}; Path=/; Max-Age={MAX_AGE_S}; HttpOnly; SameSite=Strict{secure}")).ok()
}

#[cfg(test)]
mod tests {
    use http::header::COOKIE;

    use super::*;

    #[test]
    fn the_newest_thirty_numbers_are_remembered_once_each() {
        let mut headers = HeaderMap::new();
        for n in (0..40).chain([35]) {
            let cookie = add_mine(Index::new(n), &headers, &PageSettings::default()).expect("a header");
            let cookie = cookie.to_str().expect("ASCII").split(';').next().expect("a value").to_owned();
            headers.insert(COOKIE, HeaderValue::try_from(format!("ask=1; {cookie}")).expect("a header"));
        }
        let mine: Vec<i64> = read_mine(&headers).into_iter().map(Index::get).collect();
        assert_eq!(mine.len(), 30);
        assert_eq!(mine[..7], [35, 39, 38, 37, 36, 34, 33]);
        headers.insert(COOKIE, HeaderValue::from_static("mine=x.7..-8.1e3"));
        assert_eq!(read_mine(&headers), [Index::new(7), Index::new(-8)]);
    }
}
