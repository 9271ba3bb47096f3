// The page as a person meets it: submits, watches, reads; with a keyboard, on a phone, in the dark, without scripts.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { ask, start, textOf, until } from "./browser.mjs";
import { askElsewhere } from "./stack.mjs";

const F100 = "354224848179261915075";

let system;
let stack;
let withPage;

before(async () => {
  system = await start();
  ({ stack, withPage } = system);
});

after(() => system?.stop());

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
    await until("its length is shown", async () => (await textOf(page)).includes("208,988"));
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

test("another subject appears in the list of those", () =>
  withPage({}, async (page) => {
    await page.goto("/?show=others");
    const rows = page.locator(".row");
    await page.locator("#live[data-connected=true]").waitFor();
    const total = async () => Number(await page.locator("#total").getAttribute("data-total"));
    const before = await total();
    for (const [subject, number] of [["L(23)", 325], ["L(1003)", 326]]) {
      await askElsewhere(stack.url, number);
      const body = JSON.stringify({ subject });
      await fetch(`${stack.url}/api/calculations`, { method: "POST", headers: { "content-type": "application/json" }, body });
      await rows.first().getByRole("link", { name: subject, exact: true }).waitFor();
    }
    for (const [at, digits] of [/411721143906…481841300629/, /64079/].entries()) {
      await until("its digits are shown", async () => digits.test(await rows.nth(at).textContent()));
    }
    assert.equal(await total(), before + 2);
  }));

test("a stream that was closed is opened again, with what happened meanwhile", () =>
  withPage({}, async (page) => {
    await page.goto("/");
    const isLive = () => page.locator("#live[data-connected=true]").waitFor();
    const hide = (hidden) => page.evaluate((hidden) => {
      Object.defineProperty(document, "hidden", { configurable: true, value: hidden });
      document.dispatchEvent(new Event("visibilitychange"));
    }, hidden);
    // The worker of the stream stays while a tab is hidden, and ends with the page.
    const ways = [[() => hide(true), () => hide(false)], [() => page.goto("/about"), () => page.goBack()]];
    for (const [at, [leave, comeBack]] of ways.entries()) {
      await isLive();
      await leave();
      await askElsewhere(stack.url, 330 + at);
      await comeBack();
      await until("it is listed", async () => (await textOf(page)).includes(`F(${330 + at})`));
      await isLive();
      await askElsewhere(stack.url, 340 + at);
      await until("it is live", async () => (await textOf(page)).includes(`F(${340 + at})`));
    }
  }));

test("what was computed between rendering and listening appears too", () =>
  withPage({}, async (page) => {
    let release;
    const held = new Promise((resolve) => { release = resolve; });
    await page.route("**/assets/page.*.js", async (route) => {
      await held;
      await route.continue();
    });
    await page.goto("/", { waitUntil: "commit" });
    await page.getByRole("heading", { level: 1 }).waitFor();
    const typed = page.getByLabel("Find");
    await typed.fill("321");
    await typed.blur();
    // New rows wait while the beginning of the list is out of view.
    await page.evaluate(() => scrollTo(0, 0));
    await askElsewhere(stack.url, 322);
    const calculation = async () => (await fetch(`${stack.url}/api/calculations/322`)).json();
    await until("it is done", async () => (await calculation()).status === "done");
    release();
    await until("it is listed", async () => (await textOf(page)).includes("F(322)"));
    assert.equal(await typed.inputValue(), "321", "what was typed stays");
  }));

test("the history lists what is mine, the largest, and from an index on, with scripts and without", async () => {
  for (const n of [321, 322, 70_000]) await askElsewhere(stack.url, n);
  for (const javaScriptEnabled of [true, false]) {
    await withPage({ javaScriptEnabled }, async (page) => {
      await page.goto("/");
      await ask(page, "2026");
      await page.waitForURL("**/n/2026");
      const rows = () => page.locator(".row").evaluateAll((all) => all.map((row) => Number(row.dataset.subject.slice(2, -1))));
      await page.goto("/");
      assert.ok((await rows()).length > 3);
      await page.getByRole("link", { name: "Mine" }).click();
      await page.waitForURL("**/?show=mine");
      assert.deepEqual(await rows(), [2026]);
      await page.getByRole("link", { name: "Largest" }).click();
      await page.waitForURL("**/?show=largest");
      const largest = await rows();
      assert.deepEqual(largest, largest.toSorted((a, b) => Math.abs(b) - Math.abs(a)));
      await page.getByLabel("Find").fill("321");
      await page.getByRole("button", { name: "Show" }).click();
      await page.waitForURL("**/?from=321");
      assert.deepEqual((await rows()).slice(0, 2), [321, 322]);
    });
  }
});

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

test("what was typed and found stays when another tab cancels the work", () =>
  withPage({}, async (page, context) => {
    await page.goto("/");
    await ask(page, "950000000");
    await page.waitForURL("**/n/950000000");
    await page.locator("#copy-text").fill("55");
    await page.getByRole("button", { name: "Verify", exact: true }).click();
    const verdict = page.locator("#verify-result");
    await until("it is verified", async () => /^No/.test(await verdict.innerText()));
    const other = await context.newPage();
    await other.goto("/n/950000000");
    await other.locator("#cancel").click();
    await until("it is cancelled", async () => /cancelled/i.test(await page.locator("main").innerText()));
    assert.equal(await page.locator("#copy-text").inputValue(), "55");
    assert.match(await verdict.innerText(), /^No/);
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
    for (const path of ["/", "/n/4000", "/n/100000", "/about", "/nowhere", "/api/docs", "/api/problems/index-missing"]) {
      await page.goto(path);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.equal(wide, 0, path);
    }
  }));

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
