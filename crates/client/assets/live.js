// Live updates: follows the event stream and fetches the parts of the page that have changed.
//
// HTML is rendered by the server alone; only the progress of a computation is written here, four times a second.
// Values stay strings: F(79) is already above 2^53 and a Number would round it.

const EVERYTHING = Symbol("everything");
const BATCH_MS = 30;
const MAX_REFRESHES_PER_S = 5;
const MAX_SINGLE_ROWS = 3;
const MAX_ROWS = 150;
const TOUCH_REST_MS = 2000;
const RETRY_MS = 4000;
const JOURNEY_MS = 1000;

const template = document.getElementById("words");
const words = Object.fromEntries(template.content.textContent.trim().split("\n").map((line) => line.split("\t")));
const live = () => document.querySelector("[data-live]");
const rowOf = (subject) => document.querySelector(`.row[data-subject="${CSS.escape(subject)}"]`);
const title = document.title;

/** The words of the page, with values set in. */
function word(name, values = {}) {
  return words[name].replace(/\{(\w+)\}/g, (_, key) => values[key]);
}

/** Has a screen reader say something, without moving anything. */
function say(text) {
  document.getElementById("announcer").textContent = text;
}

/** A count as the server writes it: commas from five digits on. */
function count(n) {
  return n < 10_000 ? String(n) : n.toLocaleString("en");
}

// The other scripts of the page run after this one.
window.abaci = { word, say, count };

// --- The stream, which all tabs share. ---

let port;
let connected;

async function openStream() {
  if (port || !wish()) return;
  const url = template.dataset.stream;
  if (window.SharedWorker) {
    port = new SharedWorker(url, { type: "module", name: "abaci" }).port;
  } else {
    const channel = new MessageChannel();
    port = channel.port1;
    (await import(url)).connect(channel.port2);
  }
  port.onmessage = ({ data }) => receive(data);
}

/** What this tab wants to hear: a hidden history wants nothing, a number that is awaited always does. */
function wish() {
  const part = live();
  if (!part) return null;
  const { subject, pending } = part.dataset;
  if (subject) return pending === undefined ? null : { subject };
  return document.hidden ? null : { all: true };
}

async function listen() {
  await openStream();
  port?.postMessage(wish());
}

function receive({ type, data, connected: now, resumed }) {
  const part = live();
  if (!part) return;
  if (type === "connection") return stand(now, resumed);
  if (type === "reset") return stale(EVERYTHING);
  const event = JSON.parse(data);
  if (part.dataset.subject && part.dataset.subject !== event.subject) return;
  if (type === "progress") progress(event);
  else stale(event.subject);
}

function stand(now, resumed) {
  // What happened between rendering and listening, or while the stream was lost, was not received.
  if (now && !(connected && resumed)) stale(EVERYTHING);
  if (connected === false && now) say(word("live-again"));
  if (connected !== false && !now) say(word("connection-lost"));
  connected = now;
  showConnection();
}

function showConnection() {
  const line = document.getElementById("live");
  if (!line || connected === undefined) return;
  line.textContent = word(connected ? "live" : "lost");
  line.dataset.connected = connected;
}

// --- What has changed is fetched: a number at once, rows of the history a few times a second. ---

const changed = new Set();
const refreshedAt = [];
let timer;

function stale(what) {
  if (live()?.dataset.subject) return refreshNumber();
  changed.add(what);
  timer ??= setTimeout(refresh, delay());
}

function delay() {
  const oldest = refreshedAt.at(-MAX_REFRESHES_PER_S);
  return Math.max(BATCH_MS, oldest === undefined ? 0 : oldest + 1000 - performance.now());
}

async function refresh() {
  if (document.hidden) {
    timer = undefined;
    return;
  }
  const what = [...changed];
  changed.clear();
  refreshedAt.push(performance.now());
  refreshedAt.splice(0, refreshedAt.length - MAX_REFRESHES_PER_S);
  let failed = false;
  try {
    if (what.includes(EVERYTHING) || what.length > MAX_SINGLE_ROWS) await refreshHistory();
    else for (const subject of what) await refreshRow(subject);
  } catch {
    // Unavailable. The line above says so if the stream is lost too; either way it is retried.
    changed.add(EVERYTHING);
    failed = true;
  }
  timer = undefined;
  if (changed.size > 0) timer = setTimeout(refresh, failed ? RETRY_MS : delay());
}

// A number has few events, and the last is awaited: none waits for the answer to another.
let asked = 0;
let shown = 0;

async function refreshNumber() {
  const turn = (asked += 1);
  const fresh = await load(live().dataset.fragment + location.search).catch(() => undefined);
  if (turn <= shown) return;
  if (!fresh) return void setTimeout(() => turn > shown && refreshNumber(), RETRY_MS);
  const old = live();
  const { status } = old.dataset;
  // Nothing newer than the end is on its way.
  shown = "pending" in fresh.dataset ? turn : asked;
  swap(old, fresh);
  showConnection();
  announce(fresh, status);
  if ("pending" in fresh.dataset) return;
  document.title = title;
  port?.postMessage(null);
  document.dispatchEvent(new CustomEvent("abaci:number"));
  if (!fresh.querySelector(".journey strong")) setTimeout(refreshJourney, JOURNEY_MS);
}

/** Shows the last times of a number that was read before the API had the event of its end. */
async function refreshJourney() {
  const fresh = await load(live().dataset.fragment).catch(() => undefined);
  const [old, now] = [live(), fresh].map((part) => part?.querySelector("[aria-labelledby=journey]"));
  if (now) old?.replaceWith(now);
}

async function refreshHistory() {
  const old = live();
  const fresh = await load(old.dataset.fragment);
  const before = new Map([...old.querySelectorAll(".row")].map((row) => [row.dataset.subject, row]));
  const arrived = [...fresh.querySelectorAll(".row")].filter((row) => !before.has(row.dataset.subject));
  for (const row of fresh.querySelectorAll(".row")) announce(row, before.get(row.dataset.subject)?.dataset.status);
  if (arrived.length === 0 || mayMove()) {
    swap(old, fresh);
    hold([]);
  } else {
    for (const row of [...fresh.querySelectorAll(".row")]) if (before.has(row.dataset.subject)) swap(before.get(row.dataset.subject), row);
    hold(arrived.map((row) => row.dataset.subject));
  }
}

async function refreshRow(subject) {
  const old = rowOf(subject);
  if (!old && live().dataset.newest !== (subject.startsWith("F(") ? "numbers" : "others")) return;
  const fresh = await load(`/fragments/row/${encodeURIComponent(subject)}`);
  announce(fresh, old?.dataset.status);
  if (old) return swap(old, fresh);
  if (!mayMove()) return hold([...held, subject]);
  const rows = [...document.querySelectorAll(".row")];
  if (rows.length > MAX_ROWS) return refreshHistory();
  // Newest first by when it was first requested; the texts are RFC 3339, which sorts as it reads.
  const older = rows.find((row) => row.dataset.asked < fresh.dataset.asked);
  if (older) older.before(fresh);
  const total = document.getElementById("total");
  if (older && total) total.textContent = count((total.dataset.total = Number(total.dataset.total) + 1));
  else if (rows.length === 0) return refreshHistory();
}

async function load(path) {
  const response = await fetch(path, { headers: { accept: "text/html" }, signal: AbortSignal.timeout(8000) });
  if (!response.ok) throw new Error(`${path} responded ${response.status}`);
  const content = document.createElement("template");
  content.innerHTML = await response.text();
  const part = content.content.firstElementChild;
  if (!part) throw new Error(`${path} responded nothing`);
  return part;
}

/** Replaces a part, and keeps what was typed in it, what its scripts found, and the focus where it was. */
function swap(old, fresh) {
  const focused = old.contains(document.activeElement) ? document.activeElement.id : undefined;
  for (const part of old.querySelectorAll("input[id], textarea[id], [data-found]")) {
    const kept = "found" in part.dataset || part.value !== part.defaultValue;
    if (kept) fresh.querySelector(`#${CSS.escape(part.id)}`)?.replaceWith(part);
  }
  old.replaceWith(fresh);
  if (focused === undefined) return;
  const heir = document.getElementById(focused) ?? fresh.querySelector("h1, a");
  heir?.focus({ preventScroll: true });
}

// --- New rows do not push the list under a finger, a pointer or the focus: they wait for a press. ---

let held = [];
let touchedAt = -TOUCH_REST_MS;
addEventListener("touchstart", () => (touchedAt = performance.now()), { passive: true });

function mayMove() {
  const list = live();
  const busy = list.matches(":hover") || list.contains(document.activeElement) || list.getBoundingClientRect().top < 0;
  return !busy && performance.now() - touchedAt > TOUCH_REST_MS;
}

function hold(subjects) {
  held = [...new Set(subjects)];
  const button = document.getElementById("show-new");
  if (!button) return;
  button.hidden = held.length === 0;
  button.textContent = word(held.length === 1 ? "new-one" : "new-many", { n: held.length });
}

document.getElementById("show-new")?.addEventListener("click", async () => {
  swap(live(), await load(live().dataset.fragment));
  hold([]);
});

// --- Progress, and the end of what this visitor waits for. ---

function progress({ subject, progress: fraction, remaining_ms: leftMs }) {
  const part = live()?.dataset.subject === subject ? live() : rowOf(subject);
  const bar = part?.querySelector("progress");
  // A number that is being fetched gets its bar by that.
  if (!bar) return part && asked === shown ? stale(subject) : undefined;
  const percent = `${Math.floor(100 * Math.min(fraction, 0.99))} %`;
  bar.value = fraction;
  part.querySelector("[data-percent]").textContent = percent;
  part.querySelector("[data-left]").textContent = left(leftMs);
  if (part === live()) document.title = `${percent} · ${title}`;
}

/** The time left, as the server writes it. */
function left(ms) {
  if (ms == null) return "";
  if (ms < 1000) return word("left-soon");
  return ms < 90_000 ? word("left-s", { n: Math.ceil(ms / 1000) }) : word("left-min", { n: Math.ceil(ms / 60_000) });
}

function announce(part, before) {
  const { announcement, subject, status } = part.dataset;
  if (announcement && before !== status && awaited().includes(subject)) say(announcement);
}

function awaited() {
  try {
    return JSON.parse(sessionStorage.getItem("awaited")) ?? [];
  } catch {
    return []; // No storage: the pages of the numbers themselves still announce.
  }
}

function rememberAwaited() {
  const { subject, pending } = live()?.dataset ?? {};
  if (!subject || pending === undefined) return;
  try {
    sessionStorage.setItem("awaited", JSON.stringify([subject, ...awaited().filter((other) => other !== subject)].slice(0, 50)));
  } catch {
    // As above.
  }
}

document.addEventListener("visibilitychange", () => {
  if (!document.hidden && live() && !live().dataset.subject) stale(EVERYTHING);
  listen();
});
// A page kept for the back button must not keep its wish, and has missed something when it returns.
addEventListener("pagehide", () => port?.postMessage(null));
addEventListener("pageshow", ({ persisted }) => {
  if (!persisted) return;
  if (live()) stale(EVERYTHING);
  listen();
});

// --- The state of the system, which has no events. ---

const POLL_MS = 2000;

async function poll() {
  const parts = document.hidden ? [] : [...document.querySelectorAll("[data-poll]")];
  // What is unavailable now may be there at the next poll.
  await Promise.allSettled(parts.map(async (part) => part.replaceWith(await load(part.dataset.poll))));
  setTimeout(poll, POLL_MS);
}

setTimeout(poll, POLL_MS);
rememberAwaited();
listen();
// Short work is done before the stream is open.
if (live() && "pending" in live().dataset) stale(EVERYTHING);
