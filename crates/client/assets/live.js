// Live updates: listens to the event stream and fetches the parts of the page that have changed.
//
// HTML is rendered by the server alone; here only the progress of a computation is written, four times a
// second. Indexes and values stay strings: F(79) is already above 2^53 and a Number would round it.

const EVERYTHING = Symbol("everything");
const QUIET_MS = 1000;
const FEW = 3;
const TOO_MANY_ROWS = 150;

const live = () => document.querySelector("[data-live]");
const rowOf = (index) => document.querySelector(`.row[data-index="${CSS.escape(index)}"]`);
const title = document.title;

let source;
/** Whether the stream is open; undefined until that is known. */
let connected;
let retryMs = 1000;

function connect() {
  const events = live()?.dataset.events;
  if (!events) return;
  source = new EventSource(events);
  source.addEventListener("open", () => {
    // What happened between rendering and listening, or while we did not listen, was not heard.
    if (connected === false || document.querySelector("[data-status=queued], [data-status=running]")) stale(EVERYTHING);
    retryMs = 1000;
    standing(true);
  });
  source.addEventListener("calculation", (event) => stale(JSON.parse(event.data).index));
  source.addEventListener("progress", (event) => progress(JSON.parse(event.data)));
  source.addEventListener("reset", () => stale(EVERYTHING));
  source.addEventListener("error", () => {
    standing(false);
    // The browser tries again by itself unless the server answered with an error.
    if (source.readyState !== EventSource.CLOSED) return;
    setTimeout(connect, retryMs);
    retryMs = Math.min(2 * retryMs, 30_000);
  });
}

function disconnect() {
  source?.close();
  connected = undefined;
}

function standing(now) {
  if (connected === false && now) say("Live again.");
  if (connected !== false && !now) say("The connection is lost; trying again.");
  connected = now;
  showStanding();
}

/** Says truthfully whether the page is live. */
function showStanding() {
  const line = document.getElementById("live");
  if (!line || connected === undefined) return;
  line.textContent = connected ? "Live" : "Not live, retrying";
  line.dataset.connected = connected;
}

/** Reads something out, without moving anything. */
function say(text) {
  const announcer = document.getElementById("announcer");
  if (announcer) announcer.textContent = text;
}

// --- What has changed is fetched: at once when it is quiet, then once a second at most. ---

const changed = new Set();
let timer;
let fetchedAt = -QUIET_MS;

function stale(what) {
  changed.add(what);
  timer ??= setTimeout(refresh, Math.max(20, fetchedAt + QUIET_MS - performance.now()));
}

async function refresh() {
  // A list nobody looks at can wait; a single number is worth hearing of in the background.
  if (document.hidden && !live()?.dataset.index) {
    timer = undefined;
    return;
  }
  const what = [...changed];
  changed.clear();
  try {
    if (live()?.dataset.index || what.includes(EVERYTHING) || what.length > FEW) await refreshAll();
    else for (const index of what) await refreshRow(index);
  } catch {
    // Out of reach. Said in the line above if the stream is gone too; either way it is tried again.
    changed.add(EVERYTHING);
  }
  fetchedAt = performance.now();
  timer = undefined;
  if (changed.size > 0) timer = setTimeout(refresh, QUIET_MS * (changed.has(EVERYTHING) ? 4 : 1));
}

async function refreshAll() {
  const old = live();
  const fresh = await load(old.dataset.fragment);
  const before = new Map([...old.querySelectorAll(".row")].map((row) => [row.dataset.index, row.dataset.status]));
  const own = old.dataset.index && { index: old.dataset.index, status: old.dataset.status };
  swap(old, fresh);
  showStanding();
  if (own) {
    announce(fresh, own.status);
    document.title = title;
    if (!fresh.dataset.events) disconnect();
  }
  for (const row of fresh.querySelectorAll(".row")) announce(row, before.get(row.dataset.index));
  showCopy();
}

async function refreshRow(index) {
  const old = rowOf(index);
  if (!old && !("newest" in live().dataset)) return;
  const fresh = await load(`/fragments/row/${encodeURIComponent(index)}`);
  if (old) {
    const { status } = old.dataset;
    swap(old, fresh);
    announce(fresh, status);
    return;
  }
  const rows = [...document.querySelectorAll(".row")];
  if (rows.length > TOO_MANY_ROWS) return refreshAll();
  // Newest first by when it was first asked; the texts are RFC 3339, which sorts as it reads.
  const older = rows.find((row) => row.dataset.asked < fresh.dataset.asked);
  if (older) older.before(fresh);
  else if (rows.length === 0) return refreshAll();
  announce(fresh);
}

async function load(path) {
  const answer = await fetch(path, { headers: { accept: "text/html" }, signal: AbortSignal.timeout(8000) });
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}`);
  const template = document.createElement("template");
  template.innerHTML = await answer.text();
  const part = template.content.firstElementChild;
  if (!part) throw new Error(`${path} answered nothing`);
  return part;
}

/** Replaces a part and keeps the focus where it was. */
function swap(old, fresh) {
  const focused = old.contains(document.activeElement) ? document.activeElement.id : undefined;
  old.replaceWith(fresh);
  if (focused === undefined) return;
  const heir = document.getElementById(focused) ?? fresh.querySelector("h1, a");
  heir?.focus({ preventScroll: true });
}

function progress({ index, progress: fraction, remaining_ms: leftMs }) {
  const part = live()?.dataset.index === index ? live() : rowOf(index);
  const bar = part?.querySelector("progress");
  if (!bar) return stale(index);
  const percent = `${Math.floor(100 * Math.min(fraction, 0.99))} %`;
  bar.value = fraction;
  part.querySelector("[data-percent]").textContent = percent;
  part.querySelector("[data-left]").textContent = left(leftMs);
  if (part === live()) document.title = `${percent} · ${title}`;
}

/** What is left, in the words of the server. */
function left(ms) {
  if (ms == null) return "";
  if (ms < 1000) return "under 1 s left";
  return ms < 90_000 ? `about ${Math.ceil(ms / 1000)} s left` : `about ${Math.ceil(ms / 60_000)} min left`;
}

// --- Only the end of what this visitor waits for is read out. ---

function announce(part, before) {
  const { announcement, index, status } = part.dataset;
  if (announcement && before !== status && awaited().includes(index)) say(announcement);
}

function awaited() {
  try {
    return JSON.parse(sessionStorage.getItem("awaited")) ?? [];
  } catch {
    return []; // No storage: the pages of the numbers themselves still speak.
  }
}

function rememberAwaited() {
  const { index, events } = live()?.dataset ?? {};
  if (!index || !events) return;
  try {
    sessionStorage.setItem("awaited", JSON.stringify([index, ...awaited().filter((n) => n !== index)].slice(0, 50)));
  } catch {
    // As above.
  }
}

function showCopy() {
  for (const button of document.querySelectorAll("[data-copy]")) button.hidden = !navigator.clipboard;
}

document.addEventListener("click", async ({ target }) => {
  const button = target.closest?.("[data-copy]");
  if (!button) return;
  const words = button.textContent;
  try {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    button.textContent = "Copied";
    say("Copied.");
  } catch {
    button.textContent = "Not allowed here";
  }
  setTimeout(() => (button.textContent = words), 2000);
});

document.addEventListener("visibilitychange", () => {
  if (!document.hidden && changed.size > 0) stale(EVERYTHING);
});
// A page kept for the back button must not keep its connection, and has missed something when it returns.
addEventListener("pagehide", disconnect);
addEventListener("pageshow", ({ persisted }) => {
  if (!persisted) return;
  if (live()) stale(EVERYTHING);
  connect();
});

rememberAwaited();
showCopy();
connect();
