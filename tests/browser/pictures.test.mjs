// Every state of the pages breaks no rule of accessibility, and looks as in the picture that is kept of it, in one of its
// six windows.
import assert from "node:assert/strict";
import { test } from "node:test";

import axe from "axe-core";

import { start } from "./browser.mjs";
import { PICTURES_DIR, TOLERANCE, difference, kept } from "./pictures.mjs";
import { WINDOWS, draw } from "./states.mjs";

test("every state looks as in its picture, and breaks no rule of accessibility", { skip: !!process.env.ABACI_TEST_URL }, async (t) => {
  const shares = [];
  const broken = [];
  await draw((place) => [WINDOWS[place % WINDOWS.length]], async ({ name, fresh, page, withPage, isCompared, hasScripts, colorScheme }) => {
    const other = colorScheme === "light" ? "dark" : "light";
    // axe is a script too, and waits for others.
    for (const scheme of hasScripts ? [other, colorScheme] : []) broken.push(...(await brokenRules(page, scheme)).map((rule) => `${name}: ${rule}`));
    if (!isCompared) return;
    const old = await kept(`${PICTURES_DIR}/${name}`);
    assert.ok(old, `there is no picture ${name}: draw it with \`node tests/browser/pictures.mjs\``);
    await withPage({}, async (page) => shares.push({ name, percent: 100 * (await difference(page, old, fresh)) }));
  }, { withSlow: false });
  shares.sort((a, b) => b.percent - a.percent);
  const words = shares.map(({ name, percent }) => `${name}: ${percent.toFixed(2)} %`);
  t.diagnostic(`cells that differ most: ${words.slice(0, 5).join(", ")}`);
  const different = words.filter((_, at) => shares[at].percent > 100 * TOLERANCE);
  assert.deepEqual(broken, []);
  assert.deepEqual(different, [], "look at them, and renew the pictures with `node tests/browser/pictures.mjs`");
});

async function brokenRules(page, colorScheme) {
  await page.emulateMedia({ colorScheme });
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() => window.axe.run());
  return violations.map((rule) => `${colorScheme}: ${rule.id}: ${rule.nodes.map((node) => node.html).join(" ")}`);
}

test("the measure tells states apart", { skip: !!process.env.ABACI_TEST_URL }, async () => {
  const { withPage, stop } = await start();
  await withPage({}, async (page) => {
    for (const [one, other] of [["home", "typing"], ["running", "cancelled"], ["10", "1000"], ["unsubmitted", "evicted"]]) {
      for (const window of ["320-light", "390-dark", "1280-light"]) {
        const pictures = await Promise.all([one, other].map((name) => kept(`${PICTURES_DIR}/${name}-${window}.jpg`)));
        assert.ok((await difference(page, ...pictures)) > TOLERANCE, `${one} and ${other} at ${window}`);
      }
    }
  });
  await stop();
});
