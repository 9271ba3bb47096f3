// One event stream for all tabs of a browser: a shared worker, or a module where there are none.
//
// Browsers open six connections to a host over HTTP/1.1; a stream for each tab would lock the seventh tab out.
// Each tab says what it wants: `{ all: true }`, `{ subject: "F(1000)" }` or nothing. The stream is open while any tab
// wants something, and resumes where it was when the wishes change.

const MAX_SUBJECTS = 50;
const wishes = new Map();
let source;
let path;
let lastId = "";
let retryMs = 1000;
/** Whether the stream is open; undefined until that is known. */
let connected;

export function connect(port) {
  port.onmessage = ({ data }) => {
    if (data) wishes.set(port, data);
    else wishes.delete(port);
    if (data && connected !== undefined) port.postMessage({ type: "connection", connected });
    follow();
  };
}

globalThis.onconnect = ({ ports: [port] }) => connect(port);

function wantedPath() {
  const wanted = [...wishes.values()];
  if (wanted.length === 0) return undefined;
  const subjects = [...new Set(wanted.map(({ subject }) => subject))];
  if (wanted.some(({ all }) => all) || subjects.length > MAX_SUBJECTS) return "/api/events?show=all";
  return `/api/events?${subjects.sort().map((subject) => `subject=${encodeURIComponent(subject)}`).join("&")}`;
}

function follow() {
  const wanted = wantedPath();
  if (wanted === path) return;
  path = wanted;
  source?.close();
  source = undefined;
  if (path) open();
  else [connected, lastId] = [undefined, ""];
}

function open() {
  const resume = lastId && `${path.includes("?") ? "&" : "?"}last_event_id=${encodeURIComponent(lastId)}`;
  const opened = (source = new EventSource(path + resume));
  opened.addEventListener("open", () => {
    retryMs = 1000;
    stand(true, Boolean(resume));
  });
  for (const type of ["calculation", "progress", "reset"]) {
    opened.addEventListener(type, ({ data, lastEventId }) => {
      if (lastEventId) lastId = lastEventId;
      send({ type, data });
    });
  }
  opened.addEventListener("error", () => {
    if (source !== opened) return;
    stand(false);
    // The browser retries by itself unless the server responded with an error.
    if (opened.readyState !== EventSource.CLOSED) return;
    setTimeout(() => source === opened && open(), retryMs);
    retryMs = Math.min(2 * retryMs, 30_000);
  });
}

/** Says whether the stream is open, and whether it has every event since it was open before. */
function stand(now, resumed) {
  connected = now;
  send({ type: "connection", connected, resumed });
}

function send(message) {
  for (const port of wishes.keys()) port.postMessage(message);
}
