//! The cookie that lists what this browser submitted, so that the history can show it.

use http::{HeaderMap, HeaderValue};
use model::Subject;

use super::ask_cookie::cookies;
use crate::PageSettings;

const NAME: &str = "mine";
/// The most subjects that are remembered; the oldest are forgotten first.
const MAX_SUBJECTS: usize = 30;
const MAX_AGE_S: u32 = 30 * 24 * 60 * 60;
/// Stands in no subject, and needs no escape in a cookie.
const SEPARATOR: char = '.';
/// Stands for the commas in a subject, which a cookie cannot have.
const COMMA: &str = "_";

/// Returns what a browser submitted, newest first.
pub(crate) fn read_mine(headers: &HeaderMap) -> Vec<Subject> {
    let subjects = cookies(headers, NAME).take(1).flat_map(|value| value.split(SEPARATOR));
    subjects.filter_map(|text| Subject::from_path(&text.replace(COMMA, ",")).ok()).take(MAX_SUBJECTS).collect()
}

/// Returns the `Set-Cookie` value that adds a subject.
pub(crate) fn add_mine(subject: &Subject, headers: &HeaderMap, settings: &PageSettings) -> Option<HeaderValue> {
    let others = read_mine(headers).into_iter().filter(|other| other != subject);
    let mine = std::iter::once(subject.clone()).chain(others).take(MAX_SUBJECTS);
    let mine: Vec<String> = mine.map(|subject| subject.path().replace(',', COMMA)).collect();
    let mine = mine.join(&SEPARATOR.to_string());
    let secure = if settings.secure_cookies() { "; Secure" } else { "" };
    HeaderValue::try_from(format!("{NAME}={mine}; Path=/; Max-Age={MAX_AGE_S}; HttpOnly; SameSite=Strict{secure}")).ok()
}

#[cfg(test)]
mod tests {
    use http::header::COOKIE;

    use super::*;

    #[test]
    fn the_newest_thirty_are_remembered_once_each() {
        let mut headers = HeaderMap::new();
        let numbers = (0..40).chain([35]).map(|n| n.to_string());
        for text in numbers.chain(["U(3,-1,500)".to_owned()]) {
            let subject = Subject::from_path(&text).expect("a subject");
            let cookie = add_mine(&subject, &headers, &PageSettings::default()).expect("a header");
            let cookie = cookie.to_str().expect("ASCII").split(';').next().expect("a value").to_owned();
            headers.insert(COOKIE, HeaderValue::try_from(format!("ask=1; {cookie}")).expect("a header"));
        }
        let mine: Vec<String> = read_mine(&headers).iter().map(Subject::path).collect();
        assert_eq!(mine.len(), 30);
        assert_eq!(mine[..7], ["U(3,-1,500)", "35", "39", "38", "37", "36", "34"]);
        headers.insert(COOKIE, HeaderValue::from_static("mine=x.7.L(.-8.1e3"));
        let mine: Vec<String> = read_mine(&headers).iter().map(Subject::path).collect();
        assert_eq!(mine, ["7", "-8"]);
    }
}
