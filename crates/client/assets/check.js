// The check in this browser: residues of the digits on the page, and of F(n) found here by another way.
//
// The residue of the digits reads them from the first to the last. The residue of F(n) comes from doubling the index,
// with numbers below the modulus only. Both agree for every digit right, and by chance with odds of 1 to 2^180.

const CHUNK_DIGITS = 216;
const CHUNK = 10n ** BigInt(CHUNK_DIGITS);

/** F(n) modulo m by doubling, for any whole n. */
function residueOfIndex(n, m) {
  const size = n < 0n ? -n : n;
  let [a, b] = [0n, 1n];
  for (const bit of size.toString(2)) {
    const twice = (a * (2n * b - a + m)) % m;
    const next = (a * a + b * b) % m;
    [a, b] = bit === "1" ? [next, (twice + next) % m] : [twice, next];
  }
  return n < 0n && n % 2n === 0n && a > 0n ? m - a : a;
}

/** The residues of digits that come in pieces: one by the product of all moduli, from which the others follow. */
class DigitResidues {
  constructor(moduli) {
    this.moduli = moduli;
    this.product = moduli.reduce((product, modulus) => product * modulus, 1n);
    this.residue = 0n;
    this.rest = "";
    this.count = 0;
    this.counts = Array(10).fill(0);
  }
  push(digits) {
    const text = this.rest + digits;
    const end = text.length - (text.length % CHUNK_DIGITS);
    for (let at = 0; at < end; at += CHUNK_DIGITS) this.fold(BigInt(text.slice(at, at + CHUNK_DIGITS)), CHUNK);
    this.rest = text.slice(end);
    this.count += digits.length;
  }
  /** Counts how often each digit occurs. */
  tally(digits) {
    for (let at = 0; at < digits.length; at += 1) this.counts[digits.charCodeAt(at) - 48] += 1;
  }
  fold(value, scale) {
    this.residue = (this.residue * scale + value) % this.product;
  }
  finish(negative) {
    if (this.rest) this.fold(BigInt(this.rest), 10n ** BigInt(this.rest.length));
    const residues = this.moduli.map((modulus) => [this.residue % modulus, modulus]);
    return residues.map(([residue, modulus]) => (negative && residue > 0n ? modulus - residue : residue));
  }
}

async function* readDigits({ value, count }) {
  const lines = [...document.querySelectorAll("#lines .groups-of-ten")].map((line) => line.textContent).join("");
  const shown = lines.replace("-", "");
  if (shown.length === Number(count)) return yield shown;
  const response = await fetch(value);
  if (!response.ok) throw new Error(`${value} responded ${response.status}`);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) yield piece.value.replace("-", "");
}

async function check(plant) {
  const viewer = document.querySelector("[data-viewer]");
  const result = document.getElementById("check-result");
  const { index, count } = viewer.dataset;
  const moduli = [...document.querySelectorAll("[data-modulus]")].map((cell) => BigInt(cell.textContent));
  const place = plant ? Math.floor(Math.random() * Number(count)) + 1 : 0;
  let planted = "";
  result.dataset.found = "";
  result.textContent = abaci.word("checking");
  try {
    let ms = 0;
    const residues = new DigitResidues(moduli);
    for await (let digits of readDigits(viewer.dataset)) {
      const at = place - 1 - residues.count;
      if (at >= 0 && at < digits.length) {
        const [old, fresh] = [digits[at], String((Number(digits[at]) + 1 + Math.floor(Math.random() * 9)) % 10)];
        digits = digits.slice(0, at) + fresh + digits.slice(at + 1);
        planted = `${abaci.word("check-dare", { place: abaci.count(place), old, new: fresh })} `;
      }
      const started = performance.now();
      residues.push(digits);
      ms += performance.now() - started;
      residues.tally(digits);
    }
    const started = performance.now();
    const found = residues.finish("negative" in viewer.dataset);
    const bad = found.filter((residue, i) => residue !== residueOfIndex(BigInt(index), moduli[i])).length;
    ms += performance.now() - started;
    const values = { count: abaci.count(residues.count), ms: Math.max(1, Math.round(ms)), n: index, bad };
    result.textContent = planted + abaci.word(bad ? "check-wrong" : "check-right", values);
    result.dataset.right = bad === 0;
    const counts = document.getElementById("digit-counts");
    if (!counts || bad > 0) return;
    counts.dataset.found = "";
    counts.textContent = residues.counts.map((count, digit) => `${digit}: ${abaci.count(count)}`).join(" · ");
  } catch {
    result.textContent = abaci.word("check-failed");
  }
}

// --- A copy of the digits, as text or as a file of any size, is verified by the API. ---

async function verify(form, body) {
  const result = document.getElementById("verify-result");
  result.dataset.found = "";
  result.textContent = abaci.word("verify-busy");
  delete result.dataset.right;
  try {
    const response = await fetch(form.dataset.verify, { method: "POST", body, headers: { "content-type": "text/plain" } });
    const answer = await response.json();
    if (!response.ok) return (result.textContent = answer.detail ?? answer.title);
    result.replaceChildren(...verdict(form.dataset.name, answer));
    result.dataset.right = answer.right;
  } catch {
    result.textContent = abaci.word("offline");
  }
}

/** The words of the server. */
function* verdict(name, { right, digits, residues, negative, malformed_at: malformed, first_difference_at: difference }) {
  if (right) return yield abaci.word("verify-right", { name, digits: abaci.count(Number(digits.expected)) });
  yield abaci.word("verify-wrong", { name });
  if (malformed) {
    yield ` ${abaci.word("verify-malformed", { place: abaci.count(malformed) })}`;
  } else {
    const [found, expected] = [digits.found, digits.expected].map((count) => abaci.count(Number(count)));
    if (found !== expected) yield ` ${abaci.word("verify-digits", { found, expected })}`;
    const bad = residues.filter((residue) => residue.found !== residue.expected).length;
    if (bad) yield ` ${abaci.word("verify-residues", { bad, count: residues.length })}`;
  }
  if (!difference) return;
  const place = Math.max(1, difference - (negative.expected ? 1 : 0));
  const link = document.createElement("a");
  link.href = `?at=${place}#digits`;
  link.textContent = abaci.word("verify-place", { place: abaci.count(place) });
  yield " ";
  yield link;
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.id !== "verify-form") return;
  event.preventDefault();
  verify(form, form.text.value.replace(/[\s,]/g, ""));
});

document.addEventListener("change", ({ target }) => {
  if (target.id === "copy-file" && target.files[0]) verify(target.form, target.files[0]);
});

function prepare() {
  for (const [id, plant] of [["check", false], ["dare", true]]) {
    const button = document.getElementById(id);
    if (!button) continue;
    button.hidden = false;
    button.addEventListener("click", () => check(plant));
  }
  const choose = document.querySelector(".file");
  if (choose) choose.hidden = false;
}

document.addEventListener("abaci:number", prepare);
prepare();
