//! The page about the system, the path of a number through it, and the race.

use std::sync::Arc;

use model::Status;
use wire::CalculationBody;

use crate::browser::Browser;
use crate::fake_api::{FakeApi, done_long, failed, queued, running};

fn at(ms: u32) -> Option<String> {
    Some(format!("2026-11-23T23:50:27.{ms:03}Z"))
}

fn timed(index: &str) -> CalculationBody {
    CalculationBody {
        queued_at: at(123),
        started_at: at(223),
        finished_at: at(623),
        announced_at: at(628),
        attempt: 1,
        ..done_long(index)
    }
}

/// Returns the list of times, without tags.
fn times(page: &str) -> Vec<String> {
    let list = page.split("<ol class=\"journey\"").nth(1).and_then(|rest| rest.split("</ol>").next()).expect("a list");
    let items = list.split("<li>").skip(1);
    items.map(|item| item.split('<').filter_map(|part| part.split('>').nth(1)).collect::<Vec<_>>().join(" ")).collect()
}

#[tokio::test]
async fn a_number_goes_through_the_drawing_with_the_times_that_were_measured() {
    let unknown = CalculationBody { asked: 2, queued_at: None, announced_at: None, ..timed("8") };
    let api = Arc::new(FakeApi::knowing([timed("7"), unknown, queued("9"), running("10"), failed("11")]));
    let browser = Browser::of(&api).await;
    let page = browser.get("/n/7").await;
    let shown = times(&page.body);
    let starts = ["0 ms accepted", "100 ms", "37 ms", "363 ms", "5 ms", "505 ms"];
    assert_eq!(shown.len(), starts.len(), "{shown:?}");
    for (line, start) in shown.iter().zip(starts) {
        assert!(line.trim_start().replace("  ", " ").starts_with(start), "{line} instead of {start}");
    }
    page.shows("<animate attributeName=\"cx\"");
    let page = browser.get("/n/8").await;
    // When it was queued is unknown, so its wait is not shown, nor a sum.
    assert_eq!(times(&page.body).len(), 2, "{:?}", times(&page.body));
    browser.get("/n/9").await.shows("in the queue now");
    browser.get("/n/9").await.hides("<animate");
    browser.get("/n/10").await.shows("computed by a worker now");
    browser.get("/n/11").await.hides("class=\"journey\"");
}

#[tokio::test]
async fn the_page_about_the_system_has_its_figures_and_the_last_number_of_this_browser() {
    let api = Arc::new(FakeApi::knowing([timed("1000")]));
    let browser = Browser::of(&api).await;
    let page = browser.get("/about").await;
    for shown in ["1,234,567", "12 long", "12 wait", "3.5 ms", "0.1.0 · embedded", "Submit a number, and see it"] {
        page.shows(shown);
    }
    let browser = browser.with("cookie", "mine=1000.7");
    for path in ["/about", "/fragments/system"] {
        let page = browser.get(path).await;
        page.shows(r#"<a href="/n/1000">F(1000)</a>:"#);
        assert_eq!(times(&page.body).len(), 6);
    }
}

#[tokio::test]
async fn the_race_starts_runs_and_is_replayed() {
    let page = Browser::of(&Arc::new(FakeApi::default())).await.get("/about").await;
    page.shows(r#"name="index" value="1000000000">Start the race"#);
    page.shows("8.3 days");
    page.hides("data-poll=\"/fragments/race\"");
    let race = async |calculation: CalculationBody| {
        Browser::of(&Arc::new(FakeApi::knowing([calculation]))).await.get("/fragments/race").await
    };
    // The API's time is 23:50:27.123.
    let begun = "2026-11-23T23:50:17.123Z".to_owned();
    let live = race(CalculationBody { started_at: Some(begun), ..running("1000000000") }).await;
    live.shows("data-poll=\"/fragments/race\"");
    live.shows(r#"begin="-10.00s" dur="86.400s""#);
    live.shows(r#"<rect class="bar" width="43.10""#);
    let over = race(CalculationBody { compute_ms: Some(1_640), ..done_long("1000000000") }).await;
    over.shows("Computed here in 1.64 s.");
    over.shows(r#"begin="-0.00s" dur="1.640s""#);
    over.hides("data-poll");
    race(CalculationBody { status: Status::Cancelled, ..queued("1000000000") }).await.shows("Start the race");
}
