//! A page that is always open: what it shows from events alone must match what is stored.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use reqwest::StatusCode;
use serde_json::Value;
use tokio::task::JoinHandle;

use crate::ledger::Ledger;
use crate::support::timeouts::within;

/// A page with the list of the newest calculations.
pub(crate) struct Watcher {
    url: String,
    http: reqwest::Client,
    page: Arc<Mutex<WatchedPage>>,
    listening: JoinHandle<()>,
}

/// The content of the page, and its position in the stream.
#[derive(Default)]
struct WatchedPage {
    shown: BTreeMap<i64, String>,
    last_event_id: Option<String>,
    has_loaded: bool,
    stats: WatcherStats,
}

/// Numbers of what it received.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct WatcherStats {
    pub(crate) events: u64,
    pub(crate) resets: u64,
    pub(crate) connections: u64,
}

/// Maximum lag of a page after recovery.
pub(crate) const CATCH_UP_TIMEOUT: Duration = Duration::from_secs(30);
/// Smaller indexes have inline values, which are never evicted.
const ALWAYS_INLINE: i64 = 300_000;
/// Number of calculations on a page.
const LISTED: usize = 200;

impl Watcher {
    /// Opens the page and keeps it open until this is dropped.
    pub(crate) fn open(url: &str) -> Self {
        let page = Arc::<Mutex<WatchedPage>>::default();
        let http =
            crate::support::http::client().connect_timeout(Duration::from_secs(5)).build().expect("an HTTP client");
        let listening = tokio::spawn(listen(url.to_owned(), http.clone(), Arc::clone(&page)));
        Self { url: url.to_owned(), http, page, listening }
    }

    /// Returns the numbers so far.
    pub(crate) fn stats(&self) -> WatcherStats {
        lock(&self.page).stats
    }

    /// Checks that what an event called done is done.
    pub(crate) async fn verify_done(&self, ledger: &Ledger) {
        let shown = lock(&self.page).shown.clone();
        let Some(stored) = self.newest(ledger).await else { return };
        for (n, status) in stored {
            // A longer one may have been evicted.
            let stays = n.abs() < ALWAYS_INLINE && shown.get(&n).is_some_and(|shown| shown == "done");
            // A damaged value is queued again, to be repaired.
            if stays && status != "done" && !ledger.is_damaged(n) {
                ledger.violation(format!("taken back: an event said that F({n}) is done, and it is {status}"));
            }
        }
    }

    /// Checks that the page shows what is stored now, within a timeout.
    pub(crate) async fn verify(&self, ledger: &Ledger, timeout: Duration) {
        let start = Instant::now();
        let Some(stored) = self.newest(ledger).await else { return };
        let mut stale = Vec::new();
        let agreed = within(timeout.saturating_sub(start.elapsed()), async || {
            let now = newest(&self.http, &self.url).await?;
            let page = lock(&self.page);
            stale = stored
                .keys()
                // Newer ones may have replaced it on the list.
                .filter_map(|n| Some((n, now.get(n)?)))
                .filter(|(n, status)| page.shown.get(n) != Some(status))
                .map(|(n, status)| format!("stale: a page shows F({n}) as {:?}, and it is {status}", page.shown.get(n)))
                .collect();
            stale.is_empty().then_some(())
        });
        if agreed.await.is_none() {
            stale.into_iter().for_each(|what| ledger.violation(what));
        }
    }

    /// Returns the newest calculations, which can be read without a fault.
    async fn newest(&self, ledger: &Ledger) -> Option<BTreeMap<i64, String>> {
        let stored = within(CATCH_UP_TIMEOUT, async || newest(&self.http, &self.url).await).await;
        if stored.is_none() {
            ledger.violation("stuck: the list cannot be read without a fault".to_owned());
        }
        stored
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

/// Reads events endlessly; like a browser, it reconnects after a second.
async fn listen(url: String, http: reqwest::Client, page: Arc<Mutex<WatchedPage>>) {
    loop {
        let mut request = http.get(format!("{url}/api/events")).header("accept", "text/event-stream");
        if let Some(id) = &lock(&page).last_event_id {
            request = request.header("last-event-id", id);
        }
        if let Ok(response) = request.send().await
            && response.status() == StatusCode::OK
        {
            lock(&page).stats.connections += 1;
            read_events(&url, &http, &page, response).await;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// Reads one connection until it breaks or sends nothing for longer than the interval of comments.
async fn read_events(url: &str, http: &reqwest::Client, page: &Mutex<WatchedPage>, response: reqwest::Response) {
    const IDLE_TIMEOUT: Duration = Duration::from_secs(40);
    let mut chunks = response.bytes_stream();
    let mut text = Vec::new();
    loop {
        if !lock(page).has_loaded {
            load(url, http, page).await;
        }
        let Ok(Some(Ok(chunk))) = tokio::time::timeout(IDLE_TIMEOUT, chunks.next()).await else { return };
        text.extend_from_slice(&chunk);
        while let Some(end) = text.windows(2).position(|two| two == b"\n\n") {
            let block = String::from_utf8(text.drain(..end + 2).collect()).expect("events are text");
            apply(&mut lock(page), &block);
        }
    }
}

/// Applies one event to what the page shows.
fn apply(page: &mut WatchedPage, block: &str) {
    let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    match field("event:") {
        Some("calculation") => {
            let calculation: Value = field("data:").and_then(|data| serde_json::from_str(data).ok()).expect("JSON");
            let index = calculation["index"].as_str().and_then(|index| index.parse().ok()).expect("an index");
            page.shown.insert(index, calculation["status"].as_str().expect("a status").to_owned());
            page.stats.events += 1;
        }
        Some("reset") => {
            page.has_loaded = false;
            page.stats.resets += 1;
        }
        _ => {}
    }
    if let Some(id) = field("id:") {
        page.last_event_id = Some(id.to_owned());
    }
}

/// Reloads the list, until that succeeds.
async fn load(url: &str, http: &reqwest::Client, page: &Mutex<WatchedPage>) {
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

/// Returns the newest calculations with their status.
async fn newest(http: &reqwest::Client, url: &str) -> Option<BTreeMap<i64, String>> {
    let request = http.get(format!("{url}/api/calculations?limit={LISTED}")).timeout(Duration::from_secs(5));
    let list: Value = request.send().await.ok()?.json().await.ok()?;
    let entry = |item: &Value| Some((item["index"].as_str()?.parse().ok()?, item["status"].as_str()?.to_owned()));
    list["items"].as_array()?.iter().map(entry).collect()
}

fn lock(page: &Mutex<WatchedPage>) -> MutexGuard<'_, WatchedPage> {
    page.lock().expect("not poisoned")
}

#[test]
fn an_event_updates_the_page_and_a_reset_reloads_it() {
    let mut page = WatchedPage { has_loaded: true, ..WatchedPage::default() };
    apply(&mut page, "retry: 1000\nid: e-4\n\n");
    apply(&mut page, "event: calculation\ndata: {\"index\":\"-7\",\"status\":\"queued\"}\nid: e-5\n\n");
    apply(&mut page, "event: progress\ndata: {\"index\":\"-7\",\"progress\":0.5}\n\n");
    apply(&mut page, ": alive\n\n");
    assert_eq!(page.shown, BTreeMap::from([(-7, "queued".to_owned())]));
    assert_eq!((page.last_event_id.as_deref(), page.has_loaded), (Some("e-5"), true));
    apply(&mut page, "event: reset\nid: f-1\ndata: {}\n\n");
    assert_eq!((page.last_event_id.as_deref(), page.has_loaded), (Some("f-1"), false));
    assert_eq!(page.stats, WatcherStats { events: 1, resets: 1, connections: 0 });
}
