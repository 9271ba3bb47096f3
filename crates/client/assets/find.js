// Finds digits: asks the server to search one part of the value after the other, until they are found.

let search;

const parts = () => {
  const box = document.getElementById("found");
  return { box, text: box.querySelector("p"), bar: box.querySelector("progress"),
    next: document.getElementById("find-next"), stop: document.getElementById("find-stop") };
};

function state({ text, next, busy = false }) {
  const found = parts();
  found.box.hidden = false;
  found.box.querySelector("a")?.remove();
  found.text.textContent = text;
  found.bar.hidden = found.stop.hidden = !busy;
  found.next.hidden = !next;
  found.next.onclick = next;
  found.stop.onclick = () => search.abort();
}

async function find(digits, from) {
  search?.abort();
  const { signal } = (search = new AbortController());
  const { value } = document.querySelector("[data-viewer]").dataset;
  let to = from;
  parts().bar.value = 0;
  state({ text: abaci.word("find-busy"), busy: true });
  try {
    for (let place = from; place; ) {
      const response = await fetch(`${value}/find?digits=${digits}&from=${place}`, { signal });
      if (response.status === 429 || response.status === 503) {
        await pause(Number(response.headers.get("retry-after")) || 1, signal);
        continue;
      }
      if (!response.ok) throw new Error(`responded ${response.status}`);
      const found = await response.json();
      [place, to] = [found.next, found.to];
      if (found.position) return arrive(digits, found);
      parts().bar.value = to / found.count;
    }
    state({ text: abaci.word(from === 1 ? "find-absent" : "find-absent-after", { from: abaci.count(from) }) });
  } catch {
    if (search.signal !== signal) return; // Another search has begun.
    state({ text: signal.aborted ? abaci.word("find-stopped", { to: abaci.count(to) }) : abaci.word("offline") });
  }
}

function arrive(digits, { position, next }) {
  const to = position + digits.length - 1;
  state({ text: abaci.word("find-found", { place: abaci.count(position) }), next: next && (() => find(digits, next)) });
  history.replaceState(null, "", `?at=${position}-${to}#digits`);
  abaci.viewer.mark(position, to);
}

function pause(seconds, signal) {
  return new Promise((resolve, reject) => {
    setTimeout(resolve, seconds * 1000);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

document.addEventListener("submit", (event) => {
  // Where all digits are on the page, the server marks them.
  if (event.target.id !== "find-form" || !abaci.viewer?.pane) return;
  const digits = event.target.find.value.replace(/[\s,]/g, "");
  if (!/^\d+$/.test(digits)) return;
  event.preventDefault();
  find(digits, 1);
});
