//! A page that is open all the time: what it shows by the event stream alone must be what is on the record.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use reqwest::StatusCode;
use serde_json::Value;
use tokio::task::JoinHandle;

use crate::ledger::Ledger;
use crate::patience::within;

/// A page with a list of the newest calculations.
pub(crate) struct Watcher {
    url: String,
    http: reqwest::Client,
    page: Arc<Mutex<Page>>,
    listening: JoinHandle<()>,
}

/// What the page shows, and where in the stream it is.
#[derive(Default)]
struct Page {
    shown: BTreeMap<i64, String>,
    last_event_id: Option<String>,
    has_loaded: bool,
    seen: Seen,
}

/// What it went through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) events: u64,
    pub(crate) resets: u64,
    pub(crate) connections: u64,
}

/// After a fault is over and the system works, a page may be behind for so long.
pub(crate) const CATCHES_UP: Duration = Duration::from_secs(30);
/// Values before this one are never taken off the record.
const ALWAYS_INLINE: i64 = 300_000;
/// A page lists so many.
const LISTED: usize = 200;

impl Watcher {
    /// Opens the page and keeps it open until this is dropped.
    pub(crate) fn open(url: &str) -> Self {
        let page = Arc::<Mutex<Page>>::default();
        let http = crate::http::client().connect_timeout(Duration::from_secs(5)).build().expect("an HTTP client");
        let listening = tokio::spawn(listen(url.to_owned(), http.clone(), Arc::clone(&page)));
        Self { url: url.to_owned(), http, page, listening }
    }

    /// What it went through so far.
    pub(crate) fn seen(&self) -> Seen {
        lock(&self.page).seen
    }

    /// Holds what the page was told has ended well against what is on the record now: it must not have been too early.
    pub(crate) async fn verify_done(&self, ledger: &Ledger) {
        let shown = lock(&self.page).shown.clone();
        let Some(record) = self.record(ledger).await else { return };
        for (n, status) in record {
            // What is longer may have made room for others since.
            let stays = n.abs() < ALWAYS_INLINE && shown.get(&n).is_some_and(|shown| shown == "done");
            if stays && status != "done" {
                ledger.violated(format!("taken back: a page was told that F({n}) is done, and it is {status}"));
            }
        }
    }

    /// Holds what the page shows against what is on the record now; it may take so long to catch up.
    pub(crate) async fn verify(&self, ledger: &Ledger, patience: Duration) {
        let start = Instant::now();
        let Some(record) = self.record(ledger).await else { return };
        let mut stale = Vec::new();
        let agreed = within(patience.saturating_sub(start.elapsed()), async || {
            let now = newest(&self.http, &self.url).await?;
            let page = lock(&self.page);
            stale = record
                .keys()
                // What is gone from the list by now was pushed off it by what is newer.
                .filter_map(|n| Some((n, now.get(n)?)))
                .filter(|(n, status)| page.shown.get(n) != Some(status))
                .map(|(n, status)| format!("stale: a page shows F({n}) as {:?}, and it is {status}", page.shown.get(n)))
                .collect();
            stale.is_empty().then_some(())
        });
        if agreed.await.is_none() {
            stale.into_iter().for_each(|what| ledger.violated(what));
        }
    }

    /// The newest on the record, which can be read when all is well.
    async fn record(&self, ledger: &Ledger) -> Option<BTreeMap<i64, String>> {
        let record = within(CATCHES_UP, async || newest(&self.http, &self.url).await).await;
        if record.is_none() {
            ledger.violated("stuck: the list cannot be read when all is well".to_owned());
        }
        record
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

/// Listens for ever: as a browser does, it comes back after a second to where it was.
async fn listen(url: String, http: reqwest::Client, page: Arc<Mutex<Page>>) {
    loop {
        let mut request = http.get(format!("{url}/api/events")).header("accept", "text/event-stream");
        if let Some(id) = &lock(&page).last_event_id {
            request = request.header("last-event-id", id);
        }
        if let Ok(response) = request.send().await
            && response.status() == StatusCode::OK
        {
            lock(&page).seen.connections += 1;
            hear(&url, &http, &page, response).await;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// One connection, until it breaks or is silent for longer than its comments are apart.
async fn hear(url: &str, http: &reqwest::Client, page: &Mutex<Page>, response: reqwest::Response) {
    const SILENCE: Duration = Duration::from_secs(40);
    let mut chunks = response.bytes_stream();
    let mut text = Vec::new();
    loop {
        if !lock(page).has_loaded {
            load(url, http, page).await;
        }
        let Ok(Some(Ok(chunk))) = tokio::time::timeout(SILENCE, chunks.next()).await else { return };
        text.extend_from_slice(&chunk);
        while let Some(end) = text.windows(2).position(|two| two == b"\n\n") {
            let block = String::from_utf8(text.drain(..end + 2).collect()).expect("events are text");
            take(&mut lock(page), &block);
        }
    }
}

/// Takes one event into what the page shows.
fn take(page: &mut Page, block: &str) {
    let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    match field("event:") {
        Some("calculation") => {
            let calculation: Value = field("data:").and_then(|data| serde_json::from_str(data).ok()).expect("JSON");
            let index = calculation["index"].as_str().and_then(|index| index.parse().ok()).expect("an index");
            page.shown.insert(index, calculation["status"].as_str().expect("a status").to_owned());
            page.seen.events += 1;
        }
        Some("reset") => {
            page.has_loaded = false;
            page.seen.resets += 1;
        }
        _ => {}
    }
    if let Some(id) = field("id:") {
        page.last_event_id = Some(id.to_owned());
    }
}

/// Loads the list anew, until that succeeds.
async fn load(url: &str, http: &reqwest::Client, page: &Mutex<Page>) {
    loop {
        if let Some(list) = newest(http, url).await {
            let mut page = lock(page);
            page.shown = list;
            page.has_loaded = true;
            return;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// The newest on the record, with how each stands.
async fn newest(http: &reqwest::Client, url: &str) -> Option<BTreeMap<i64, String>> {
    let request = http.get(format!("{url}/api/calculations?limit={LISTED}")).timeout(Duration::from_secs(5));
    let list: Value = request.send().await.ok()?.json().await.ok()?;
    let each = |item: &Value| Some((item["index"].as_str()?.parse().ok()?, item["status"].as_str()?.to_owned()));
    list["items"].as_array()?.iter().map(each).collect()
}

fn lock(page: &Mutex<Page>) -> MutexGuard<'_, Page> {
    page.lock().expect("not poisoned")
}

#[test]
fn an_event_changes_what_the_page_shows_and_a_reset_has_it_loaded_again() {
    let mut page = Page { has_loaded: true, ..Page::default() };
    take(&mut page, "retry: 1000\nid: e-4\n\n");
    take(&mut page, "event: calculation\ndata: {\"index\":\"-7\",\"status\":\"queued\"}\nid: e-5\n\n");
    take(&mut page, "event: progress\ndata: {\"index\":\"-7\",\"progress\":0.5}\n\n");
    take(&mut page, ": alive\n\n");
    assert_eq!(page.shown, BTreeMap::from([(-7, "queued".to_owned())]));
    assert_eq!((page.last_event_id.as_deref(), page.has_loaded), (Some("e-5"), true));
    take(&mut page, "event: reset\nid: f-1\ndata: {}\n\n");
    assert_eq!((page.last_event_id.as_deref(), page.has_loaded), (Some("f-1"), false));
    assert_eq!(page.seen, Seen { events: 1, resets: 1, connections: 0 });
}
