// Verifies a copy of the digits, as text or as a file of any size, and says where it differs.

async function verify(form, body) {
  const result = document.getElementById("verify-result");
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
  const choose = document.querySelector(".file");
  if (choose) choose.hidden = false;
}

document.addEventListener("abaci:number", prepare);
prepare();
