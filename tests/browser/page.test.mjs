// The page as a person meets it: asks, watches, reads; with a keyboard, on a phone, in the dark, without scripts.
import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { after, before, test } from "node:test";

import axe from "axe-core";
import { chromium } from "playwright-core";

import { askElsewhere, startStack } from "./stack.mjs";

const PATIENCE_MS = 30_000;
const F100 = "354224848179261915075";

let stack;
let browser;

before(async () => {
  stack = await startStack();
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM,
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
      "--disable-component-update", "--disable-sync"],
  });
});

after(async () => {
  await browser?.close();
  await stack?.stop();
});

// A page that fails its test when anything goes wrong in it: a script error, a blocked resource.
async function withPage(options, use) {
  const context = await browser.newContext({ baseURL: stack.url, ...options });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  const wrong = [];
  page.on("pageerror", (error) => wrong.push(String(error)));
  page.on("console", (message) => {
    // Chromium reports every 4xx it loads on purpose as an error; those are not faults of the page.
    if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) wrong.push(message.text());
  });
  try {
    await use(page, context);
    assert.deepEqual(wrong, []);
  } finally {
    await context.close();
  }
}

async function ask(page, text) {
  await page.getByRole("textbox").fill(text);
  await page.getByRole("textbox").press("Enter");
}

// The text as it would be copied: nothing that only the layout adds.
const textOf = (page) => page.locator("main").evaluate((main) => main.textContent.replace(/\s/g, ""));

async function until(what, condition) {
  const end = Date.now() + PATIENCE_MS;
  while (!(await condition())) {
    assert.ok(Date.now() < end, `not within ${PATIENCE_MS} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

test("a person asks for F(100) and reads it", () =>
  withPage({}, async (page) => {
    await page.goto("/");
    await ask(page, "100");
    await page.waitForURL("**/n/100");
    await until("the value is shown", async () => (await textOf(page)).includes(F100));
    assert.match(await page.title(), /F\(100\)/);
  }));

test("an expression is understood", () =>
  withPage({}, async (page) => {
    await page.goto("/");
    await ask(page, "10^2 + 1");
    await page.waitForURL("**/n/101");
  }));

test("F(1,000,000) is watched until it arrives and downloads whole", () =>
  withPage({}, async (page) => {
    await page.goto("/");
    await ask(page, "1 000 000");
    await page.waitForURL("**/n/1000000");
    await until("its length is shown", async () => (await textOf(page)).includes("208988"));
    const download = page.waitForEvent("download");
    await page.getByRole("link", { name: /download/i }).click();
    const stream = await (await download).createReadStream();
    let length = 0;
    for await (const chunk of stream) length += chunk.length;
    assert.equal(length, 208988);
  }));

test("what others ask for appears without a reload", () =>
  withPage({}, async (page) => {
    await page.goto("/");
    await page.evaluate(() => { window.notReloaded = true; });
    await askElsewhere(stack.url, 321);
    await until("the new index is listed", async () => (await textOf(page)).includes("F(321)"));
    assert.equal(await page.evaluate(() => window.notReloaded), true);
  }));

test("long work shows a progress bar that moves, and can be cancelled", () =>
  withPage({}, async (page) => {
    await page.goto("/");
    await ask(page, "9*10^8");
    await page.waitForURL("**/n/900000000");
    const bar = page.getByRole("progressbar").first();
    const value = async () => Number((await bar.getAttribute("value")) ?? 0);
    await until("the bar moves", async () => (await bar.count()) > 0 && (await value()) > 0);
    const earlier = await value();
    await until("it moves on", async () => (await value()) > earlier);
    await page.getByRole("button", { name: /withdraw|cancel/i }).click();
    await until("it is cancelled", async () => /cancelled/i.test(await page.locator("main").innerText()));
  }));

test("what cannot be read is explained beside the field, and the text stays", () =>
  withPage({}, async (page) => {
    await page.goto("/");
    await ask(page, "forty-two");
    const alert = page.getByRole("alert");
    await alert.waitFor();
    assert.match(await alert.innerText(), /f/i);
    const field = page.getByRole("textbox");
    assert.equal(await field.inputValue(), "forty-two");
    assert.equal(await field.getAttribute("aria-invalid"), "true");
    const described = await field.getAttribute("aria-describedby");
    assert.ok(described?.split(" ").length > 0);
  }));

test("an empty form is explained too, and the next visitor is served", () =>
  withPage({}, async (page) => {
    await page.goto("/");
    await page.locator("form").first().evaluate((form) => { form.noValidate = true; });
    await ask(page, "");
    await page.getByRole("alert").waitFor();
    await ask(page, "7");
    await page.waitForURL("**/n/7");
  }));

test("it works without scripts: submit, see, read", () =>
  withPage({ javaScriptEnabled: false }, async (page) => {
    await page.goto("/");
    await ask(page, "3000000");
    await page.waitForURL("**/n/3000000");
    // The page refreshes itself; nothing is clicked.
    await page.getByRole("link", { name: /download/i }).waitFor();
    await page.goto("/");
    assert.ok((await textOf(page)).includes("F(3000000)"));
  }));

test("it works with the keyboard alone", () =>
  withPage({}, async (page) => {
    await page.goto("/");
    let reached = false;
    for (let presses = 0; presses < 10 && !reached; presses += 1) {
      await page.keyboard.press("Tab");
      reached = await page.evaluate(() => document.activeElement?.getAttribute("name") === "index");
    }
    assert.ok(reached, "the field is reached with Tab");
    await page.keyboard.type("89");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.waitForURL("**/n/89");
  }));

test("nothing sticks out on a phone", () =>
  withPage({ viewport: { width: 320, height: 640 }, isMobile: true }, async (page) => {
    await askElsewhere(stack.url, 4000);
    await askElsewhere(stack.url, 100000);
    for (const path of ["/", "/n/4000", "/n/100000", "/about", "/nowhere"]) {
      await page.goto(path);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.equal(wide, 0, path);
    }
  }));

test("no rule of accessibility is broken, in light and in dark", async () => {
  await askElsewhere(stack.url, 1000);
  await askElsewhere(stack.url, 100000);
  for (const colorScheme of ["light", "dark"]) {
    await withPage({ colorScheme, bypassCSP: true }, async (page) => {
      for (const path of ["/", "/?index=abc", "/n/1000", "/n/100000", "/n/999999", "/about", "/nowhere"]) {
        await page.goto(path);
        await page.evaluate(axe.source);
        const { violations } = await page.evaluate(() => window.axe.run());
        const found = violations.map((rule) => `${rule.id}: ${rule.nodes.map((node) => node.html).join(" ")}`);
        assert.deepEqual(found, [], `${path} in ${colorScheme}`);
      }
    });
  }
});

test("a page that lost the system says so, and is live again when it is back", { skip: !!process.env.ABACI_TEST_URL }, () =>
  withPage({}, async (page) => {
    await page.goto("/");
    const standing = () => page.locator("#live").innerText();
    await until("it is live", async () => (await standing()) === "Live");
    await stack.kill();
    await until("it says so", async () => /not live/i.test(await standing()));
    await stack.restart();
    await askElsewhere(stack.url, 654);
    await until("it is live again", async () => (await standing()) === "Live");
    await until("it caught up", async () => (await textOf(page)).includes("F(654)"));
  }));

// For people: ABACI_SCREENSHOTS=folder keeps pictures of every page in every dress.
test("pictures", { skip: !process.env.ABACI_SCREENSHOTS }, async () => {
  const folder = process.env.ABACI_SCREENSHOTS;
  await mkdir(folder, { recursive: true });
  for (const index of [10, 90, -8, 1000, 100000, 1000000, 5000000]) await askElsewhere(stack.url, index);
  const dresses = [
    ["desktop-light", { viewport: { width: 1280, height: 900 }, colorScheme: "light" }],
    ["desktop-dark", { viewport: { width: 1280, height: 900 }, colorScheme: "dark" }],
    ["phone-light", { viewport: { width: 390, height: 844 }, colorScheme: "light" }],
    ["phone-dark", { viewport: { width: 390, height: 844 }, colorScheme: "dark" }],
    ["desktop-noscript", { viewport: { width: 1280, height: 900 }, javaScriptEnabled: false }],
  ];
  for (const [dress, options] of dresses) {
    await withPage(options, async (page) => {
      for (const [name, path] of [["home", "/"], ["short", "/n/1000"], ["long", "/n/1000000"], ["never", "/n/77777"], ["about", "/about"]]) {
        await page.goto(path);
        await page.screenshot({ path: `${folder}/${dress}-${name}.png`, fullPage: false });
      }
      await page.goto("/");
      await ask(page, "forty-two");
      await page.getByRole("alert").waitFor();
      await page.screenshot({ path: `${folder}/${dress}-error.png` });
      await page.goto("/");
      await ask(page, "9*10^8");
      await page.waitForURL("**/n/900000000");
      await until("work has begun", async () => (await page.getByRole("progressbar").count()) > 0);
      await page.screenshot({ path: `${folder}/${dress}-running.png` });
    });
  }
});
