//! A browser with a browser: asks for pages, sends forms, reads what comes back.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Method, Request, StatusCode, Uri};
use client::{ApiClient, ClientState, PageSettings, SecurityContact, router};
use http_body_util::BodyExt;
use model::Timestamp;
use tower::ServiceExt;

use crate::fake_api::FakeApi;

pub(crate) struct Browser {
    pages: Router,
    headers: Vec<(&'static str, String)>,
}

pub(crate) struct PageResponse {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Browser {
    /// Visits pages over a given API.
    pub(crate) async fn of(api: &Arc<FakeApi>) -> Self {
        Self::of_router(api.clone().router()).await
    }

    /// Visits pages over something that is perhaps no API.
    pub(crate) async fn of_router(api: Router) -> Self {
        Self::of_address(serve(api).await)
    }

    /// Visits pages of a site that is reached through TLS and names a contact.
    pub(crate) async fn of_secure_site(api: &Arc<FakeApi>) -> Self {
        let settings = PageSettings {
            public_url: Some(Uri::from_static("https://abaci.example/")),
            security_contact: Some(SecurityContact {
                uri: "mailto:security@abaci.example".to_owned(),
                now: || Timestamp::from_unix_ms(1_763_941_827_000),
            }),
            ..PageSettings::default()
        };
        Self::with_settings(serve(api.clone().router()).await, settings)
    }

    /// Visits pages over an API that is down.
    pub(crate) async fn without_api() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        drop(listener);
        Self::of_address(address)
    }

    fn of_address(address: SocketAddr) -> Self {
        Self::with_settings(address, PageSettings::default())
    }

    fn with_settings(address: SocketAddr, settings: PageSettings) -> Self {
        let api = ApiClient::new(&format!("http://{address}")).expect("a base URL");
        let pages = router(ClientState::new(api, settings));
        Self { pages, headers: vec![("host", "abaci.test".to_owned())] }
    }

    /// Sends this heading from now on.
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(crate) async fn get(&self, path: &str) -> PageResponse {
        self.send(Method::GET, path, String::new()).await
    }

    pub(crate) async fn post(&self, path: &str, form: &str) -> PageResponse {
        self.send(Method::POST, path, form.to_owned()).await
    }

    pub(crate) async fn send(&self, method: Method, path: &str, form: String) -> PageResponse {
        let mut request = Request::builder().method(&method).uri(path);
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        if method == Method::POST && !self.headers.iter().any(|(name, _)| *name == "content-type") {
            request = request.header("content-type", "application/x-www-form-urlencoded");
        }
        let mut request = request.body(Body::from(form)).expect("a request");
        request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([192, 0, 2, 9], 4000))));
        let answer = self.pages.clone().oneshot(request).await.expect("the router always answers");
        let (parts, body) = answer.into_parts();
        let body = body.collect().await.expect("a body").to_bytes();
        PageResponse { status: parts.status, headers: parts.headers, body: String::from_utf8_lossy(&body).into_owned() }
    }
}

/// Serves an API until the test ends.
async fn serve(api: Router) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    let serving = axum::serve(listener, api);
    tokio::spawn(async move { serving.await.expect("serves until the test ends") });
    address
}

impl PageResponse {
    pub(crate) fn heading(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Returns the text of the page, without tags.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        let mut inside = false;
        for character in self.body.chars() {
            match character {
                '<' => inside = true,
                '>' => inside = false,
                _ if !inside => text.push(character),
                _ => {}
            }
        }
        text
    }

    #[track_caller]
    pub(crate) fn shows(&self, what: &str) {
        assert!(self.body.contains(what), "{what:?} is not in {}", self.body);
    }

    #[track_caller]
    pub(crate) fn hides(&self, what: &str) {
        assert!(!self.body.contains(what), "{what:?} is in {}", self.body);
    }
}
