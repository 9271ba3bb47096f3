//! `GET /api/openapi.json` and `GET /api/docs`: the description of the API, for programs and for people.

use std::sync::Arc;

use axum::Extension;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};
use serde_json::Value;
use utoipa::openapi::OpenApi;

/// The page takes the style and the face of the other pages.
const PAGE_POLICY: &str = "default-src 'none'; style-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The host in the commands of the page until it is served.
const ANY_HOST: &str = "localhost:3050";

/// The two documents, rendered once.
#[derive(Clone)]
pub(crate) struct Documents {
    json: Bytes,
    html: Arc<str>,
}

impl Documents {
    pub(crate) fn render(description: &OpenApi) -> Self {
        // A structure of texts can always be written as JSON.
        let mut value = serde_json::to_value(description).unwrap_or_default();
        remove_null_from_headers(&mut value);
        Self { json: value.to_string().into(), html: render(&value).into() }
    }
}

/// Removes `null` from the types of optional header parameters. utoipa adds it, but a header is there or not.
fn remove_null_from_headers(description: &mut Value) {
    let paths = description["paths"].as_object_mut().into_iter().flat_map(serde_json::Map::values_mut);
    let operations = paths.filter_map(Value::as_object_mut).flat_map(serde_json::Map::values_mut);
    let parameters = operations.filter_map(|operation| operation.get_mut("parameters")?.as_array_mut()).flatten();
    for parameter in parameters.filter(|parameter| parameter["in"] == "header") {
        if let Some(types) = parameter["schema"]["type"].as_array_mut() {
            types.retain(|kind| kind != "null");
        }
    }
}

/// `GET /api/openapi.json` returns the description of this API in OpenAPI 3.1.
#[utoipa::path(
    get,
    path = "/api/openapi.json",
    tag = "description",
    responses((status = 200, description = "The description", body = serde_json::Value))
)]
pub(crate) async fn openapi(Extension(documents): Extension<Documents>) -> Response {
    document("application/json", documents.json)
}

/// `GET /api/docs` returns the description of this API as a page, with commands that call this server.
#[utoipa::path(
    get,
    path = "/api/docs",
    tag = "description",
    responses((status = 200, description = "The page", body = String, content_type = "text/html"))
)]
pub(crate) async fn docs(Extension(documents): Extension<Documents>, headers: HeaderMap) -> Response {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    // Letters that stand in no host must not get into the page.
    let host = host.filter(|host| host.bytes().all(|b| b.is_ascii_alphanumeric() || b".:-[]".contains(&b)));
    let html = documents.html.replace(ANY_HOST, host.unwrap_or(ANY_HOST));
    let mut response = document("text/html; charset=utf-8", html.into());
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(PAGE_POLICY));
    response
}

fn document(content_type: &'static str, body: Bytes) -> Response {
    ([(header::CONTENT_TYPE, content_type), (header::CACHE_CONTROL, "max-age=300")], body).into_response()
}

fn render(description: &Value) -> String {
    let info = &description["info"];
    let mut page = String::from(
        "<!doctype html><html lang=en><meta charset=utf-8>\
         <meta name=viewport content=\"width=device-width, initial-scale=1\">\
         <meta name=color-scheme content=\"light dark\"><title>API · Abaci</title>\
         <link rel=stylesheet href=/assets/style.css>\
         <header class=top><a class=brand href=\"/\"><svg class=mark viewBox=\"0 0 34 21\" aria-hidden=true>\
         <path d=\"M0 21A21 21 0 0 1 21 0A13 13 0 0 1 34 13A8 8 0 0 1 26 21A5 5 0 0 1 21 16A3 3 0 0 1 24 13A2 2 0 0 1 26 15\"/>\
         </svg>Abaci</a>\
         <nav aria-label=Pages><a href=\"/about\">How it works</a><a href=\"/api/docs\" aria-current=page>API</a></nav>\
         </header><main class=api>",
    );
    page.push_str("<h1>API</h1>");
    push(&mut page, "p", &info["description"]);
    page.push_str("<p>The same for programs: <a href=\"/api/openapi.json\">/api/openapi.json</a>.</p>");
    page.push_str("<nav class=contents aria-label=Contents>");
    for (path, methods) in members(&description["paths"]) {
        for (method, _) in members(methods) {
            page.push_str(&format!("<a href=\"#{}\">", anchor(method, path)));
            push(&mut page, "b", &Value::from(method.to_uppercase()));
            push(&mut page, "span", &Value::from(path.trim_start_matches("/api")));
            page.push_str("</a>");
        }
    }
    page.push_str("</nav>");
    for (path, methods) in members(&description["paths"]) {
        for (method, operation) in members(methods) {
            let heading = Value::from(format!("{} {path}", method.to_uppercase()));
            page.push_str(&format!("<section id=\"{}\">", anchor(method, path)));
            push(&mut page, "h2", &heading);
            push(&mut page, "p", &operation["summary"]);
            push(&mut page, "p", &operation["description"]);
            push(&mut page, "pre", &Value::from(curl(method, path)));
            let parameters = operation["parameters"].as_array().into_iter().flatten();
            let parameters: Vec<_> = parameters
                .map(|parameter| (format!("{} ({})", plain(&parameter["name"]), plain(&parameter["in"])), parameter))
                .collect();
            table(&mut page, "Parameters", parameters.iter().map(|(name, parameter)| (name.as_str(), *parameter)));
            if !operation["requestBody"].is_null() {
                page.push_str("<h3>Body</h3>");
                push(&mut page, "p", &operation["requestBody"]["description"]);
            }
            table(&mut page, "Responses", members(&operation["responses"]));
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

/// Returns a command that calls an operation.
fn curl(method: &str, path: &str) -> String {
    let examples = [
        ("{index}", "1000"),
        ("{n}", "1000"),
        ("{m}", "1000"),
        ("{k}", "10"),
        ("{number}", "100"),
        ("{sequence}", "lucas"),
        ("{family}", "lucas"),
    ];
    let path = examples.iter().fold(path.to_owned(), |path, (name, example)| path.replace(name, example));
    let options = match (method, &*path) {
        ("post", "/api/calculations") => " -H 'Content-Type: application/json' -d '{\"index\": \"1000\"}'",
        ("post", "/api/calculations/batch") => {
            " -H 'Content-Type: application/json' -d '{\"from\": \"1\", \"to\": \"10\"}'"
        }
        ("post", "/api/verify") => " -H 'Content-Type: text/plain' -d 55",
        ("post", _) => " -d index=7",
        ("delete", _) => " -X DELETE -H \"Abaci-Ask: $TOKEN\"",
        (_, "/api/events") => " -N",
        _ => "",
    };
    // A shell would expand a question mark.
    let query = match &*path {
        "/api/calculations/1000/value/find" => Some("digits=875"),
        "/api/verify" => Some("index=10"),
        _ => None,
    };
    match query {
        Some(query) => format!("curl{options} '{ANY_HOST}{path}?{query}'"),
        None => format!("curl{options} {ANY_HOST}{path}"),
    }
}

/// Returns the id of an operation on the page: `get-calculations-index`.
fn anchor(method: &str, path: &str) -> String {
    let words = path.trim_start_matches("/api/").split(|c: char| !c.is_ascii_alphanumeric());
    let words = words.filter(|word| !word.is_empty());
    std::iter::once(method).chain(words).collect::<Vec<_>>().join("-")
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

/// Appends an element with an escaped text, in which backquotes enclose code; nothing if there is no text.
fn push(page: &mut String, element: &str, text: &Value) {
    let Some(text) = text.as_str() else { return };
    page.push('<');
    page.push_str(element);
    page.push('>');
    let mut is_code = false;
    for character in text.chars() {
        match character {
            '`' => {
                page.push_str(if is_code { "</code>" } else { "<code>" });
                is_code = !is_code;
            }
            '<' => page.push_str("&lt;"),
            '>' => page.push_str("&gt;"),
            '&' => page.push_str("&amp;"),
            character => page.push(character),
        }
    }
    if is_code {
        page.push_str("</code>");
    }
    page.push_str("</");
    page.push_str(element);
    page.push('>');
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_optional_header_is_not_null() {
        let parameter = |place: &str| json!({"in": place, "schema": {"type": ["string", "null"]}});
        let mut description =
            json!({"paths": {"/a": {"get": {"parameters": [parameter("header"), parameter("query")]}}}});
        remove_null_from_headers(&mut description);
        let types = ["0", "1"].map(|at| description.pointer(&format!("/paths/~1a/get/parameters/{at}/schema/type")));
        assert_eq!(types, [Some(&json!(["string"])), Some(&json!(["string", "null"]))]);
    }

    #[test]
    fn texts_are_escaped_and_code_is_marked() {
        for (text, expected) in [
            ("<b>&", "<p>&lt;b&gt;&amp;</p>"),
            ("`a<b` or `c`", "<p><code>a&lt;b</code> or <code>c</code></p>"),
            ("`a", "<p><code>a</code></p>"),
        ] {
            let mut page = String::new();
            push(&mut page, "p", &Value::from(text));
            assert_eq!(page, expected);
        }
    }
}
