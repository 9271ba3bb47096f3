// The card that describes an index while it is typed, and the keys of the page.

const PAUSE_MS = 60;
const form = document.querySelector("form[data-card]");
const field = form?.querySelector("input");
const card = form && document.getElementById(form.dataset.card);
let request;
let timer;

field?.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(describe, PAUSE_MS);
});

async function describe() {
  request?.abort();
  const text = field.value.trim();
  if (!text) return show("");
  request = new AbortController();
  const { signal } = request;
  try {
    const response = await fetch(`/card?index=${encodeURIComponent(text)}`, { signal });
    const html = response.ok ? await response.text() : "";
    if (!signal.aborted) show(html);
  } catch {
    // Aborted by the next key, or offline: then nothing is said about the number.
    if (!signal.aborted) show("", abaci.word("offline"));
  }
}

function show(html, text) {
  card.innerHTML = html;
  if (text) card.textContent = text;
  card.toggleAttribute("data-open", card.hasChildNodes());
}

form?.addEventListener("focusout", ({ relatedTarget }) => {
  if (form.matches(".compact") && !form.contains(relatedTarget)) card.removeAttribute("data-open");
});
field?.addEventListener("focus", () => card.toggleAttribute("data-open", card.hasChildNodes()));

addEventListener("keydown", (event) => {
  const { key, target } = event;
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (key === "Escape" && form?.contains(target)) return show("");
  if (target.closest?.("input, textarea, select, dialog, [contenteditable]")) return;
  if (key === "/" && field) {
    event.preventDefault();
    field.focus();
    field.select();
  }
  if (key === "?") document.getElementById("keys")?.showModal();
  // In the digits, the arrows scroll.
  if (target.closest?.("#lines")) return;
  if (key === "ArrowLeft") document.getElementById("before")?.click();
  if (key === "ArrowRight") document.getElementById("after")?.click();
});
