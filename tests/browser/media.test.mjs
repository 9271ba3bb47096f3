// Forced colours, print and reduced motion: nothing that a reader needs disappears, and nothing moves or is wasted.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { ask, start, until } from "./browser.mjs";
import { askElsewhere } from "./stack.mjs";

const MILLION = 1_000_000;

let system;
let withPage;

before(async () => {
  system = await start();
  ({ withPage } = system);
  for (const index of [1000, MILLION]) await askElsewhere(system.stack.url, index);
});

after(() => system?.stop());

/** The names of the visible elements that a selector finds and a condition, a function of one, does not hold for. */
const failing = (page, selector, condition) =>
  page.locator(selector).evaluateAll((all, text) => {
    const holds = new Function(`return ${text}`)();
    const visible = all.filter((element) => element.checkVisibility() && !element.matches(".unseen"));
    if (visible.length === 0) return ["none is visible"];
    return visible.filter((element) => !holds(element)).map((element) => element.outerHTML.slice(0, 120));
  }, String(condition));

/** The colours of an element half-way down, at shares of its width: styles do not say how parts of a bar are drawn. */
async function colours(element, shares) {
  const picture = (await element.screenshot()).toString("base64");
  // The pages do not allow images that are data.
  const blank = await element.page().context().newPage();
  const found = await blank.evaluate(async ([picture, shares]) => {
    const image = new Image();
    image.src = `data:image/png;base64,${picture}`;
    await image.decode();
    const canvas = new OffscreenCanvas(image.width, image.height).getContext("2d");
    canvas.drawImage(image, 0, 0);
    return shares.map((share) => [...canvas.getImageData(image.width * share, image.height / 2, 1, 1).data]);
  }, [picture, shares]);
  await blank.close();
  return found;
}

for (const colorScheme of ["light", "dark"]) {
  test(`with forced colours, ${colorScheme}, controls have edges and marks are seen`, () =>
    withPage({ forcedColors: "active", colorScheme }, async (page) => {
      const isBordered = (element) => {
        const { borderTopWidth, borderTopColor } = getComputedStyle(element);
        const canvas = getComputedStyle(document.body).backgroundColor;
        return parseFloat(borderTopWidth) > 0 && borderTopColor !== canvas && borderTopColor !== "rgba(0, 0, 0, 0)";
      };
      await page.goto("/");
      assert.deepEqual(await failing(page, ".field, button:not(.link), .inline input", isBordered), []);
      await until("it is live", async () => (await page.locator("#live").innerText()) === "Live");
      const dot = await page.locator("#live").evaluate((line) => {
        const { borderTopWidth, borderTopColor } = getComputedStyle(line, "::before");
        return [parseFloat(borderTopWidth) > 0, borderTopColor !== getComputedStyle(document.body).backgroundColor];
      });
      assert.deepEqual(dot, [true, true], "the dot that says that the page is live");

      await page.goto(`/n/${MILLION}?find=31415`);
      assert.deepEqual(await failing(page, ".field, .viewer, .chips a, button:not(.link), textarea, .viewer-head input", isBordered), []);
      const stands = (element) => getComputedStyle(element).backgroundColor !== getComputedStyle(document.body).backgroundColor;
      assert.deepEqual(await failing(page, "#lines mark", stands), []);
      assert.deepEqual(await failing(page, "#lines .marked", (line) => parseFloat(getComputedStyle(line).outlineWidth) > 0 && getComputedStyle(line).outlineStyle !== "none"), []);

      await page.evaluate(() => {
        const line = Object.assign(document.createElement("p"), { className: "progress" });
        line.append(Object.assign(document.createElement("progress"), { value: 0.5 }));
        document.getElementById("number").prepend(line);
      });
      const [done, rest] = await colours(page.getByRole("progressbar").first(), [0.25, 0.75]);
      assert.notDeepEqual(done, rest, "the done part of a bar and the rest");

      await page.goto("/about");
      const isDrawn = (shape) => [getComputedStyle(shape).stroke, getComputedStyle(shape).fill].includes(getComputedStyle(document.body).color);
      assert.deepEqual(await failing(page, "svg.system .box, #race .bar", isDrawn), []);
    }));
}

test("a page is printed in ink on white, without controls and empty sheets", () =>
  withPage({ colorScheme: "dark" }, async (page) => {
    for (const index of [1000, MILLION]) {
      await page.goto(`/n/${index}`);
      await until("the digits are shown", async () => (await page.locator("#lines .line").count()) > 4);
      await page.emulateMedia({ media: "print" });
      const seen = await page.locator("header.top nav, form, button, .actions, .chips, .viewer-foot, #verify, .live, footer .keys").evaluateAll(
        (all) => all.filter((element) => element.checkVisibility()).map((element) => element.outerHTML.slice(0, 120)));
      assert.deepEqual(seen, []);
      assert.deepEqual(await failing(page, "h1, .sentence, #lines .line, [data-modulus], figure svg", () => true), []);
      const clipped = await page.locator("#lines").evaluate((box) => box.scrollHeight - box.clientHeight);
      assert.ok(clipped <= 1, `${clipped} pixels of digits are cut off`);
      const [ink, paper] = await page.evaluate(() => [getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]);
      assert.deepEqual([ink, paper], ["rgb(0, 0, 0)", "rgb(255, 255, 255)"]);
      const pdf = (await page.pdf({ format: "A4" })).toString("latin1");
      const count = pdf.match(/\/Type \/Page\b/g).length;
      assert.ok(count <= 4, `F(${index}) takes ${count} sheets`);
      await page.emulateMedia({ media: "screen" });
    }
  }));

test("with reduced motion nothing moves, and what would move is drawn still", () =>
  withPage({ reducedMotion: "reduce" }, async (page) => {
    await page.goto("/");
    await ask(page, "2900001");
    await page.waitForURL("**/n/2900001");
    await page.locator("ol.journey", { hasText: "in all" }).waitFor();
    for (const path of ["/n/2900001", "/about"]) {
      await page.goto(path);
      await page.locator(".still").first().waitFor({ state: "attached" });
      const moving = await page.evaluate(() => [
        ...document.getAnimations().map(({ effect }) => effect.target?.outerHTML.slice(0, 120)),
        ...[...document.querySelectorAll(".moves")].filter((shape) => shape.checkVisibility()).map((shape) => shape.outerHTML.slice(0, 120)),
      ]);
      assert.deepEqual(moving, [], path);
      assert.deepEqual(await failing(page, ".still", (shape) => shape.getBBox().width > 0), [], path);
    }
  }));
