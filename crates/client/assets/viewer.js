// The viewer of digits: scrolls through any number of them, and fetches only what is on the screen.
//
// The server renders the first page of lines. If there are more, the box gets the height of all lines (or as much as
// browsers can scroll) and the lines in view are written into it, from ranges of the value that are kept for a while.

const LINE = 50;
const CHUNK = 5000;
const MAX_CHUNKS = 40;
const MAX_VISIBLE = 21;
const MAX_HEIGHT_PX = 8_000_000;
const MAX_COPY = 5_000_000;

class Viewer {
  constructor(section) {
    this.section = section;
    this.box = section.querySelector("#lines");
    const { count, index, negative, from, value, marked } = section.dataset;
    Object.assign(this, { count: Number(count), index, negative: negative !== undefined, value, chunks: new Map() });
    const shown = [...this.box.querySelectorAll(".groups-of-ten")].map((line) => line.textContent).join("").replace("-", "");
    this.copyButton(shown);
    this.box.addEventListener("copy", copySelection);
    if (shown.length === this.count || !value) return;
    // No more than the box can show, which is laid out in half the time.
    for (const line of [...this.box.children].slice(MAX_VISIBLE)) line.remove();
    this.rowPx = this.box.querySelector(".line").getBoundingClientRect().height;
    this.rows = Math.ceil(this.count / LINE);
    this.visible = Math.ceil(this.box.clientHeight / this.rowPx) + 1;
    this.heightPx = Math.min(this.rows * this.rowPx, MAX_HEIGHT_PX);
    this.marked = marked?.split("-").map(Number);
    this.keep(Number(from), shown);
    const spacer = document.createElement("div");
    this.pane = document.createElement("div");
    spacer.className = "all-lines";
    this.pane.className = "pane";
    spacer.append(this.pane);
    // The height is a property of the script's making, which the policy allows; an attribute it would not.
    spacer.style.height = `${this.heightPx}px`;
    this.box.replaceChildren(spacer);
    this.box.classList.add("scrolls");
    document.getElementById("digit-pages")?.remove();
    this.box.addEventListener("scroll", () => this.draw(), { passive: true });
    section.querySelector("#at")?.form.addEventListener("submit", (event) => this.go(event));
    this.show(Number(from));
  }

  /** Keeps digits that came with the page, by chunks that are whole. */
  keep(from, digits) {
    for (let at = (CHUNK - ((from - 1) % CHUNK)) % CHUNK; at < digits.length; at += CHUNK) {
      const piece = digits.slice(at, at + CHUNK);
      const first = from + at;
      if (piece.length === CHUNK || first + piece.length > this.count) this.chunks.set((first - 1) / CHUNK, piece);
    }
  }

  show(place) {
    const row = Math.floor((Math.min(Math.max(place, 1), this.count) - 1) / LINE);
    const top = row / Math.max(1, this.rows - this.visible + 1);
    this.box.scrollTop = top * (this.heightPx - this.box.clientHeight);
    this.draw(row);
  }

  go(event) {
    event.preventDefault();
    const place = parseInt(event.target.at.value.replace(/\D/g, ""), 10);
    if (!(place >= 1 && place <= this.count)) {
      event.target.at.setCustomValidity(`1–${abaci.count(this.count)}`);
      event.target.at.reportValidity();
      event.target.at.setCustomValidity("");
      return;
    }
    history.replaceState(null, "", `?at=${place}#digits`);
    this.mark(place, place);
  }

  mark(from, to) {
    this.marked = [from, to];
    this.show(from);
  }

  draw(row) {
    const share = this.box.scrollTop / Math.max(1, this.heightPx - this.box.clientHeight);
    const first = row ?? Math.round(share * Math.max(0, this.rows - this.visible + 1));
    this.first = Math.min(first, Math.max(0, this.rows - this.visible + 1));
    this.write();
    const [from, to] = [this.first * LINE, Math.min((this.first + this.visible) * LINE, this.count) - 1];
    for (let chunk = Math.floor(from / CHUNK); chunk <= Math.floor(to / CHUNK); chunk += 1) this.fetch(chunk);
  }

  write() {
    const lines = [];
    for (let row = this.first; row < Math.min(this.first + this.visible, this.rows); row += 1) lines.push(this.line(row * LINE));
    this.pane.replaceChildren(...lines);
    const last = Math.min((this.first + this.visible - 1) * LINE, this.count);
    const values = { from: abaci.count(this.first * LINE + 1), to: abaci.count(last), count: abaci.count(this.count) };
    document.getElementById("digits-range").textContent = abaci.word("range", values);
  }

  line(from) {
    const line = document.createElement("p");
    const place = document.createElement("a");
    const to = Math.min(from + LINE, this.count);
    // The marked digits of this line, from 0.
    const [start, end] = this.marked ? [this.marked[0] - 1 - from, this.marked[1] - from] : [LINE, 0];
    const isMarked = start < to - from && end > 0;
    line.className = isMarked ? "line marked" : "line";
    const inDigits = isMarked && (start > 0 || end < to - from);
    place.className = "place";
    place.href = `?at=${from + 1}-${to}#digits`;
    place.textContent = from + 1;
    const groups = document.createElement("span");
    groups.className = "groups-of-ten";
    const chunk = this.chunks.get(Math.floor(from / CHUNK));
    const digits = chunk?.slice(from % CHUNK, (from % CHUNK) + LINE) ?? "·".repeat(to - from);
    if (from === 0 && this.negative) groups.append("-");
    for (let at = 0; at < digits.length; at += 10) {
      const group = document.createElement("span");
      const ten = digits.slice(at, at + 10);
      const [first, last] = inDigits ? [start - at, end - at].map((place) => Math.min(Math.max(place, 0), ten.length)) : [0, 0];
      group.append(ten.slice(0, first));
      if (first < last) group.append(Object.assign(document.createElement("mark"), { textContent: ten.slice(first, last) }));
      group.append(ten.slice(Math.max(first, last)));
      groups.append(group);
    }
    line.append(place, groups);
    return line;
  }

  async fetch(chunk) {
    if (this.chunks.has(chunk)) return;
    this.chunks.set(chunk, undefined);
    const [from, to] = [chunk * CHUNK, Math.min((chunk + 1) * CHUNK, this.count) - 1];
    const sign = this.negative ? 1 : 0;
    try {
      const response = await fetch(this.value, { headers: { range: `bytes=${from + sign}-${to + sign}` } });
      if (response.status !== 206) throw new Error(`responded ${response.status}`);
      this.chunks.set(chunk, await response.text());
      // The oldest go first: a Map keeps the order of insertion.
      if (this.chunks.size > MAX_CHUNKS) this.chunks.delete(this.chunks.keys().next().value);
      this.write();
    } catch {
      this.chunks.delete(chunk);
      abaci.say(abaci.word("offline"));
    }
  }

  copyButton(shown) {
    const button = this.section.querySelector("#copy");
    if (!button || this.count > MAX_COPY) return;
    button.hidden = false;
    button.addEventListener("click", async () => {
      const words = button.textContent;
      button.textContent = abaci.word("copying");
      const sign = this.negative ? "-" : "";
      const whole = shown.length === this.count ? sign + shown : await fetch(this.value).then((r) => (r.ok ? r.text() : ""));
      button.textContent = abaci.word(whole && (await copy(whole)) ? "copied" : "cannot-copy");
      abaci.say(button.textContent);
      setTimeout(() => (button.textContent = words), 2000);
    });
  }
}

/** Copies selected digits as they stand in the value, without places and line breaks. */
function copySelection(event) {
  const selection = getSelection();
  let digits = "";
  // Firefox leaves places out by several ranges.
  for (let at = 0; at < selection.rangeCount; at += 1) {
    const part = selection.getRangeAt(at).cloneContents();
    for (const place of part.querySelectorAll(".place")) place.remove();
    digits += part.textContent;
  }
  // A dot stands for a digit that has not arrived.
  if (!/^-?\d+$/.test(digits)) return;
  event.clipboardData.setData("text/plain", digits);
  event.preventDefault();
}

/** Copies a text; over plain HTTP there is only the old way. */
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    area.className = "unseen";
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}

function prepare() {
  const section = document.querySelector("[data-viewer]");
  abaci.viewer = section && new Viewer(section);
}

document.addEventListener("abaci:number", prepare);
prepare();
