//! Rules for every page: headings, links, no script or style but our files.

use std::collections::BTreeSet;
use std::process::{Command, Stdio};
use std::sync::Arc;

use axum::http::{Method, StatusCode};
use wire::ProblemKind;

use crate::browser::{Browser, PageResponse};
use crate::fake_api::{FakeApi, done, done_long, evicted, failed, problem, running};

async fn every_page() -> Vec<PageResponse> {
    let known = [done("7", "13"), done_long("1000000"), evicted("3"), failed("4"), running("5")];
    let browser = Browser::of(&Arc::new(FakeApi::knowing(known).with_more("c12"))).await;
    let mut pages = vec![browser.post("/", "index=x").await];
    for path in ["/", "/?after=c12", "/about", "/n/7", "/n/1000000", "/n/3", "/n/4", "/n/5", "/n/6", "/n/x", "/nowhere"]
    {
        pages.push(browser.get(path).await);
    }
    pages.push(browser.send(Method::PUT, "/", String::new()).await);
    pages.push(Browser::without_api().await.get("/").await);
    pages
}

#[tokio::test]
async fn every_answer_carries_the_strict_headings() {
    for page in every_page().await {
        let policy = page.heading("content-security-policy").expect("a policy");
        assert!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self'"), "{policy}");
        assert!(!policy.contains("unsafe"));
        assert_eq!(page.heading("x-content-type-options"), Some("nosniff"));
        assert_eq!(page.heading("referrer-policy"), Some("same-origin"));
        assert_eq!(page.heading("cross-origin-opener-policy"), Some("same-origin"));
        assert_eq!(page.heading("cache-control"), Some("private, no-cache"));
    }
}

#[tokio::test]
async fn no_page_has_script_or_style_in_it() {
    for page in every_page().await {
        for tag in page.body.split('<').filter_map(|rest| rest.split('>').next()) {
            assert!(!tag.starts_with("style"), "{tag}");
            assert!(!tag.starts_with("script") || tag.contains("src=\"/assets/"), "{tag}");
            let attribute = |name: &str| tag.contains(&format!(" {name}="));
            assert!(!attribute("style") && !attribute("onclick") && !attribute("onload"), "{tag}");
        }
        assert!(page.body.contains("<html lang=\"en\">") && page.body.contains("<main id=\"main\""));
        assert_eq!(page.body.matches("<h1").count(), 1, "{}", page.body);
    }
}

#[tokio::test]
async fn no_id_stands_twice_on_a_page() {
    for page in every_page().await {
        let ids: Vec<&str> = page.body.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "{ids:?}");
        for name in page.body.split("for=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
            assert!(ids.contains(&name), "a label for {name}");
        }
    }
}

#[tokio::test]
async fn every_link_leads_somewhere() {
    let browser = Browser::of(&Arc::new(FakeApi::knowing([done("7", "13")]).with_more("c12"))).await;
    let mut links = BTreeSet::new();
    for path in ["/", "/about", "/n/7", "/nowhere"] {
        let page = browser.get(path).await;
        for attribute in ["href=\"", "src=\"", "data-fragment=\""] {
            let found = page.body.split(attribute).skip(1).filter_map(|rest| rest.split('"').next());
            links.extend(found.map(str::to_owned));
        }
    }
    assert!(links.len() > 8, "{links:?}");
    // The API's own paths and places on the page lead out of here.
    for link in links.iter().filter(|link| !link.starts_with("/api/") && !link.starts_with('#')) {
        let expected = if link == "/surprise" { StatusCode::SEE_OTHER } else { StatusCode::OK };
        assert_eq!(browser.get(link).await.status, expected, "{link}");
    }
}

#[tokio::test]
async fn assets_are_kept_for_ever_under_names_of_their_content() {
    let browser = Browser::of(&Arc::new(FakeApi::default())).await;
    let page = browser.get("/").await;
    let script = page.body.split("src=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a script");
    let answer = browser.get(script).await;
    assert_eq!(answer.heading("cache-control"), Some("public, max-age=31536000, immutable"));
    assert_eq!(answer.heading("content-type"), Some("text/javascript; charset=utf-8"));
    // All scripts of a page together.
    assert!(answer.body.len() < 28_000, "{} bytes", answer.body.len());
    assert_eq!(browser.get("/assets/page.0000000000000000.js").await.status, StatusCode::NOT_FOUND);
}

#[test]
fn every_script_is_a_module_that_parses() {
    for script in ["live", "stream", "card", "viewer", "check", "find"] {
        let path = format!("{}/assets/{script}.js", env!("CARGO_MANIFEST_DIR"));
        let source = std::fs::File::open(path).expect("the script");
        // Where there is no Node, browsers are the ones to say; the tests with browsers do.
        let mut node = Command::new("node");
        node.args(["--check", "--input-type=module", "-"]).stdin(source).stderr(Stdio::null());
        let Ok(mut node) = node.spawn() else { return };
        assert!(node.wait().expect("ends").success(), "{script}");
    }
}

#[tokio::test]
async fn forms_of_other_sites_are_refused_before_anything_is_asked() {
    for (name, value) in [("sec-fetch-site", "cross-site"), ("origin", "https://evil.test"), ("origin", "null")] {
        let api = Arc::new(FakeApi::default());
        let browser = Browser::of(&api).await.with(name, value);
        for path in ["/", "/n/7/withdraw"] {
            let answer = browser.post(path, "index=7").await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{name}: {value}");
            answer.shows("Requests from pages of other sites are refused");
        }
        assert!(api.calls().is_empty());
    }
    let own = Browser::of(&Arc::new(FakeApi::default())).await.with("origin", "http://abaci.test");
    assert_eq!(own.post("/", "index=7").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn unknown_paths_and_methods_are_answered_with_pages() {
    let browser = Browser::of(&Arc::new(FakeApi::default())).await;
    let nowhere = browser.get("/otherpage").await;
    assert_eq!(nowhere.status, StatusCode::NOT_FOUND);
    nowhere.shows("There is no page at this address.");
    let put = browser.send(Method::PUT, "/", String::new()).await;
    assert_eq!(put.status, StatusCode::METHOD_NOT_ALLOWED);
    assert!(put.heading("allow").is_some());
    put.shows("This address does not support PUT");
    let robots = browser.get("/robots.txt").await;
    assert_eq!(robots.heading("content-type"), Some("text/plain; charset=utf-8"));
    robots.shows("Disallow: /api/");
    robots.shows("Sitemap: http://abaci.test/sitemap.xml");
    let sitemap = browser.get("/sitemap.xml").await;
    sitemap.shows("<loc>http://abaci.test/n/0</loc>");
    sitemap.shows("<loc>http://abaci.test/n/10000</loc>");
    let surprise = browser.get("/surprise").await;
    assert!(surprise.heading("location").is_some_and(|path| path.starts_with("/n/")));
}

#[tokio::test]
async fn internal_faults_of_the_api_are_shown_with_the_name_of_the_request() {
    let mut fault = problem(500, ProblemKind::Internal);
    fault.request_id = Some("r-1".to_owned());
    let page = Browser::of(&Arc::new(FakeApi::refusing(fault, None))).await.get("/n/7").await;
    assert_eq!(page.status, StatusCode::INTERNAL_SERVER_ERROR);
    page.shows("Internal server error");
    page.shows("<code>r-1</code>");
}

#[tokio::test]
async fn a_security_contact_is_published_if_there_is_one() {
    let api = Arc::new(FakeApi::default());
    let path = "/.well-known/security.txt";
    assert_eq!(Browser::of(&api).await.get(path).await.status, StatusCode::NOT_FOUND);
    let answer = Browser::of_secure_site(&api).await.get(path).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.heading("content-type"), Some("text/plain; charset=utf-8"));
    assert_eq!(
        answer.body,
        "Contact: mailto:security@abaci.example\nExpires: 2025-12-23T23:50:27.000Z\nPreferred-Languages: en\n\
         Canonical: https://abaci.example/.well-known/security.txt\n"
    );
}
