//! `GET /api/docs`: the same description for people, as one plain page.

use std::sync::OnceLock;

use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header;
use serde_json::Value;
use utoipa::OpenApi;

use crate::openapi::Description;

/// `GET /api/docs` describes this API for people.
#[utoipa::path(
    get,
    path = "/api/docs",
    tag = "description",
    responses((status = 200, description = "The page", body = String, content_type = "text/html"))
)]
pub(crate) async fn docs() -> Response {
    static PAGE: OnceLock<Bytes> = OnceLock::new();
    let page = PAGE.get_or_init(|| render(&serde_json::to_value(Description::openapi()).unwrap_or_default()).into());
    ([(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::CACHE_CONTROL, "max-age=300")], page.clone())
        .into_response()
}

fn render(description: &Value) -> String {
    let info = &description["info"];
    let mut page = String::from(
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content=\"width=device-width\">\
         <meta name=color-scheme content=\"light dark\"><title>Abaci: the API</title><main>",
    );
    push(&mut page, "h1", &info["title"]);
    push(&mut page, "p", &info["description"]);
    page.push_str("<p>The same for programs: <a href=\"/api/openapi.json\">/api/openapi.json</a>.</p>");
    for (path, methods) in members(&description["paths"]) {
        for (method, operation) in members(methods) {
            let heading = Value::from(format!("{} {path}", method.to_uppercase()));
            page.push_str("<section>");
            push(&mut page, "h2", &heading);
            push(&mut page, "p", &operation["summary"]);
            push(&mut page, "p", &operation["description"]);
            let parameters = operation["parameters"].as_array().into_iter().flatten();
            let parameters: Vec<_> = parameters
                .map(|parameter| (format!("{} ({})", plain(&parameter["name"]), plain(&parameter["in"])), parameter))
                .collect();
            table(&mut page, "Parameters", parameters.iter().map(|(name, parameter)| (name.as_str(), *parameter)));
            if !operation["requestBody"].is_null() {
                page.push_str("<h3>Body</h3>");
                push(&mut page, "p", &operation["requestBody"]["description"]);
            }
            table(&mut page, "Answers", members(&operation["responses"]));
            page.push_str("</section>");
        }
    }
    page.push_str("<h2>JSON</h2>");
    for (name, schema) in members(&description["components"]["schemas"]) {
        page.push_str("<section>");
        push(&mut page, "h3", &Value::from(name));
        push(&mut page, "p", &schema["description"]);
        table(&mut page, "Members", members(&schema["properties"]));
        page.push_str("</section>");
    }
    page.push_str("</main></html>");
    page
}

fn table<'a>(page: &mut String, caption: &str, rows: impl Iterator<Item = (&'a str, &'a Value)>) {
    let mut rows = rows.peekable();
    if rows.peek().is_none() {
        return;
    }
    page.push_str("<table><caption>");
    page.push_str(caption);
    page.push_str("</caption>");
    for (name, row) in rows {
        page.push_str("<tr>");
        push(page, "th", &Value::from(name));
        push(page, "td", &row["description"]);
        page.push_str("</tr>");
    }
    page.push_str("</table>");
}

fn members(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    value.as_object().into_iter().flatten().map(|(name, member)| (name.as_str(), member))
}

fn plain(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Nothing for what is not there.
fn push(page: &mut String, element: &str, text: &Value) {
    let Some(text) = text.as_str() else { return };
    page.push('<');
    page.push_str(element);
    page.push('>');
    for character in text.chars() {
        match character {
            '<' => page.push_str("&lt;"),
            '>' => page.push_str("&gt;"),
            '&' => page.push_str("&amp;"),
            character => page.push(character),
        }
    }
    page.push_str("</");
    page.push_str(element);
    page.push('>');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_names_every_path_and_escapes_what_it_shows() {
        let page = render(&serde_json::to_value(Description::openapi()).expect("texts"));
        for path in Description::openapi().paths.paths.keys() {
            assert!(page.contains(&format!("{path}</h2>")), "{path}");
        }
        let mut escaped = String::new();
        push(&mut escaped, "p", &Value::from("<b>&"));
        assert_eq!(escaped, "<p>&lt;b&gt;&amp;</p>");
        assert!(!page.contains("<script"));
    }
}
