// The page of a number: typed, read, checked, and kept light, quick and still.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { after, before, test } from "node:test";

import { PLAIN_HOST, start, textOf, until } from "./browser.mjs";
import { askElsewhere } from "./stack.mjs";

const BUDGET_BYTES = 60_000;
const SCRIPT_BUDGET_BYTES = 20_000;
const MILLION = 1_000_000;

let system;
let url;
let withPage;

before(async () => {
  system = await start();
  ({ withPage } = system);
  url = system.stack.url;
  for (const index of [1000, MILLION]) await askElsewhere(url, index);
});

after(() => system?.stop());

const digitsOn = (page) => page.locator("#lines .groups-of-ten").allTextContents().then((lines) => lines.join(""));

async function digitsOf(index, from, to) {
  const response = await fetch(`${url}/api/calculations/${index}/value`, { headers: { range: `bytes=${from - 1}-${to - 1}` } });
  return response.text();
}

test("what is typed is described at once, and beyond the limit the description is the answer", () =>
  withPage({}, async (page) => {
    await page.goto("/");
    const field = page.getByRole("textbox");
    await field.fill("10^6");
    await page.locator("#card", { hasText: "208,988 digits" }).waitFor();
    await field.fill("1e18");
    await page.locator("#card", { hasText: "208,987,640,249,978,734 digits" }).waitFor();
    await field.press("Enter");
    await page.waitForURL("**/n/1000000000000000000");
    assert.match(await textOf(page), /2628978818679220467407506489160042807743.*toolargetocomputehere/);
  }));

test("what can be read in two ways is asked back, with a button for each", () =>
  withPage({}, async (page) => {
    await page.goto("/");
    await page.getByRole("textbox").fill("1.000");
    await page.locator("#card").getByRole("button", { name: "F(1000)" }).click();
    await page.waitForURL("**/n/1000");
  }));

test("another number is one key away", () =>
  withPage({}, async (page) => {
    await page.goto("/n/10");
    await page.keyboard.press("/");
    await page.keyboard.type("12");
    await page.keyboard.press("Enter");
    await page.waitForURL("**/n/12");
    await page.keyboard.press("ArrowRight");
    await page.waitForURL("**/n/13");
    await page.keyboard.press("ArrowLeft");
    await page.waitForURL("**/n/12");
    assert.equal(await page.getByRole("heading", { level: 1 }).getAttribute("aria-label"), "F of 12");
  }));

test("a million digits are read at any place, and only what is on the screen is fetched", () =>
  withPage({}, async (page) => {
    const ranges = [];
    page.on("request", (request) => request.url().endsWith("/value") && ranges.push(request.headers().range));
    await page.goto(`/n/${MILLION}`);
    await until("the first digits are shown", async () => (await digitsOn(page)).startsWith("1953282128"));
    await page.getByLabel("Go to digit").fill("150,001");
    await page.getByRole("button", { name: "Go" }).click();
    const expected = await digitsOf(MILLION, 150_001, 150_500);
    await until("the digits of the place are shown", async () => (await digitsOn(page)).startsWith(expected));
    assert.equal(await page.locator("#lines .place").first().textContent(), "150001");
    await page.locator("#lines").evaluate((box) => box.scrollTo(0, box.scrollHeight));
    const end = await digitsOf(MILLION, 208_939, 208_988);
    await until("the last digits are shown", async () => (await digitsOn(page)).endsWith(end));
    assert.ok(ranges.length <= 6, `${ranges}`);
  }));

test("a link leads to its digits, with scripts and without", async () => {
  for (const javaScriptEnabled of [true, false]) {
    await withPage({ javaScriptEnabled }, async (page) => {
      await page.goto(`/n/${MILLION}?at=10101-10150`);
      const expected = await digitsOf(MILLION, 10_101, 10_150);
      await until("the digits are shown", async () => (await digitsOn(page)).startsWith(expected));
      assert.equal(await page.locator("#lines .marked .place").first().textContent(), "10101");
      if (javaScriptEnabled) return;
      await page.getByRole("link", { name: "Next →" }).click();
      assert.equal(await digitsOn(page), await digitsOf(MILLION, 15_101, 20_100));
    });
  }
});

test("digits are found anywhere in a number, one place after the other, with scripts and without", async () => {
  const value = await digitsOf(MILLION, 1, 208_988);
  const first = value.indexOf("31415") + 1;
  const second = value.indexOf("31415", first) + 1;
  for (const javaScriptEnabled of [true, false]) {
    await withPage({ javaScriptEnabled }, async (page) => {
      await page.goto(`/n/${MILLION}`);
      await page.getByLabel("Find digits").fill("31,415");
      await page.getByRole("button", { name: "Find", exact: true }).click();
      for (const place of [first, second]) {
        await page.locator("#found", { hasText: `Found at digit ${place.toLocaleString("en")}.` }).waitFor();
        await until("the digits are shown", async () => (await digitsOn(page)).includes(value.slice(place - 1, place + 4)));
        assert.equal(await page.locator("#lines mark").allTextContents().then((marks) => marks.join("")), "31415");
        await page.locator("#found :visible", { hasText: "Find the next" }).click();
      }
    });
  }
});

test("a search goes through a long number part by part, and can be stopped", () =>
  withPage({}, async (page) => {
    // More than the 8 MiB that one request reads.
    const index = 41_000_000;
    await askElsewhere(url, index);
    const last = await digitsOf(index, 8_500_001, 8_500_020);
    await page.goto(`/n/${index}`);
    await page.getByLabel("Find digits").fill(last);
    await page.getByLabel("Find digits").press("Enter");
    await page.locator("#found", { hasText: "Found at digit 8,500,001." }).waitFor();
    await until("the digits are shown", async () => (await digitsOn(page)).includes(last));
    let asked = 0;
    await page.route("**/find?*", (route) => (++asked === 1 ? route.continue() : undefined));
    await page.getByLabel("Find digits").press("Enter");
    await until("the second part is asked for", async () => asked === 2);
    assert.ok((await page.locator("#found").getByRole("progressbar").getAttribute("value")) > 0.9);
    await page.getByRole("button", { name: "Stop" }).click();
    await page.locator("#found", { hasText: "Stopped at digit 8,388,608." }).waitFor();
  }));

test("digits are copied whole", () =>
  withPage({ permissions: ["clipboard-read", "clipboard-write"] }, async (page) => {
    for (const [index, length] of [[1000, 209], [MILLION, 208_988]]) {
      await page.goto(`/n/${index}`);
      await page.getByRole("button", { name: "Copy" }).click();
      await page.getByRole("button", { name: "Copied" }).waitFor();
      const copied = await page.evaluate(() => navigator.clipboard.readText());
      assert.equal(copied.length, length);
      assert.equal(copied, await digitsOf(index, 1, length));
    }
  }));

test("digits are copied over plain HTTP too", () =>
  withPage({ permissions: ["clipboard-read", "clipboard-write"] }, async (page, context) => {
    const plain = new URL(`${url}/n/1000`);
    plain.hostname = PLAIN_HOST;
    await page.goto(plain.href);
    assert.equal(await page.evaluate(() => isSecureContext), false);
    await page.getByRole("button", { name: "Copy" }).click();
    await page.getByRole("button", { name: "Copied" }).waitFor();
    const trusted = await context.newPage();
    await trusted.goto("/");
    assert.equal(await trusted.evaluate(() => navigator.clipboard.readText()), await digitsOf(1000, 1, 209));
  }));

test("selected digits are copied without places and line breaks", () =>
  withPage({ permissions: ["clipboard-read", "clipboard-write"] }, async (page) => {
    for (const index of [1000, MILLION]) {
      await page.goto(`/n/${index}`);
      await until("the digits are shown", async () => (await digitsOn(page)).length >= 209);
      // From the sixth digit to the tenth of the third line.
      await page.locator("#lines").evaluate((box) => {
        const group = (line) => box.querySelectorAll(".line")[line].querySelector(".groups-of-ten > span").lastChild;
        getSelection().setBaseAndExtent(group(0), 5, group(2), 10);
      });
      await page.keyboard.press("Control+C");
      assert.equal(await page.evaluate(() => navigator.clipboard.readText()), await digitsOf(index, 6, 110));
    }
  }));

test("the browser checks the digits, and catches one that was changed", (t) =>
  withPage({}, async (page) => {
    const moreThanMillionDigits = 5_000_000;
    await askElsewhere(url, moreThanMillionDigits);
    for (const index of [10, 1000, -1000, MILLION, moreThanMillionDigits]) {
      await page.goto(`/n/${index}`);
      const result = page.locator("#check-result");
      await page.getByRole("button", { name: "Check in this browser" }).click();
      await until("it is checked", async () => /^Right/.test(await result.innerText()));
      t.diagnostic(`F(${index}): ${await result.innerText()}`);
      if (index === MILLION) {
        const value = await digitsOf(index, 1, 208_988);
        const counts = [..."0123456789"].map((digit) => `${digit}: ${(value.split(digit).length - 1).toLocaleString("en")}`);
        assert.equal(await page.locator("#digit-counts").innerText(), counts.join(" · "));
      }
      await page.getByRole("button", { name: /change a digit/i }).click();
      await until("the change is caught", async () => /differ in 3 of 3/.test(await result.innerText()));
      t.diagnostic(await result.innerText());
    }
  }));

test("a copy is verified, as text and as a file, and a changed digit is found", () =>
  withPage({}, async (page) => {
    await page.goto("/n/1000");
    const field = page.getByLabel("The digits of F(1000)");
    const digits = await field.inputValue();
    assert.equal(digits, await digitsOf(1000, 1, 209));
    const verdict = page.locator("#verify-result");
    await page.getByRole("button", { name: "Verify", exact: true }).click();
    await until("it is verified", async () => /^Yes.* all 209 digits/.test(await verdict.innerText()));
    await field.fill(`${digits.slice(0, 99)}${(Number(digits[99]) + 1) % 10}${digits.slice(100)}`);
    await page.getByRole("button", { name: "Verify", exact: true }).click();
    await until("it is found", async () => /^No.* differs in 3 of 3 residues.* at digit 100\.$/.test(await verdict.innerText()));

    await page.goto(`/n/${MILLION}`);
    const value = await digitsOf(MILLION, 1, 208_988);
    const file = (text) => ({ name: "copy.txt", mimeType: "text/plain", buffer: Buffer.from(text) });
    await page.locator("#copy-file").setInputFiles(file(`${value}\n`));
    await until("it is verified", async () => /^Yes.* all 208,988 digits/.test(await verdict.innerText()));
    await page.locator("#copy-file").setInputFiles(file(value.slice(0, -1)));
    await until("it is found", async () => /208,987 digits instead of 208,988/.test(await verdict.innerText()));
  }));

test("seven tabs are live on one stream, and the eighth can submit", () =>
  withPage({}, async (first, context) => {
    await first.goto("/");
    const pages = [first];
    while (pages.length < 7) pages.push(await context.newPage());
    for (const page of pages) await page.goto("/");
    const eighth = await context.newPage();
    await eighth.goto("/");
    await eighth.getByRole("textbox").fill("777");
    await eighth.getByRole("textbox").press("Enter");
    await eighth.waitForURL("**/n/777");
    for (const page of pages) {
      await page.bringToFront();
      await until("it is listed", async () => (await textOf(page)).includes("F(777)"));
      await until("it is live", async () => (await page.locator("#live").innerText()) === "Live");
    }
  }));

test("new rows wait while a pointer is on the list", () =>
  withPage({}, async (page) => {
    await page.goto("/");
    await until("it is live", async () => (await page.locator("#live").innerText()) === "Live");
    await page.locator(".rows").hover();
    await askElsewhere(url, 4321);
    const button = page.getByRole("button", { name: "1 new calculation" });
    await button.waitFor();
    assert.ok(!(await textOf(page)).includes("F(4321)"));
    await button.click();
    await until("it is listed", async () => (await textOf(page)).includes("F(4321)"));
  }));

test("a value is shown when it is done", (t) =>
  withPage({}, async (page) => {
    const delays = [];
    for (const index of [3_100_001, 3_100_002, 3_100_003, 3_100_004, 3_100_005]) {
      await page.goto("/");
      await page.getByRole("textbox").fill(String(index));
      await page.getByRole("textbox").press("Enter");
      await page.waitForURL(`**/n/${index}`);
      const shown = await page.evaluate(() => new Promise((resolve) => {
        const look = () => document.querySelector("[data-viewer]") && resolve(Date.now());
        new MutationObserver(look).observe(document.body, { childList: true, subtree: true });
        look();
      }));
      const { finished_at: finished } = await (await fetch(`${url}/api/calculations/${index}`)).json();
      delays.push(shown - Date.parse(finished));
    }
    delays.sort((a, b) => a - b);
    t.diagnostic(`from done to shown: ${delays.join(", ")} ms`);
  }));

test("a submitted number goes through the drawing with its times, on its page and on that of the system", () =>
  withPage({}, async (page) => {
    await page.goto("/");
    await page.getByRole("textbox").fill("2800001");
    await page.getByRole("textbox").press("Enter");
    await page.waitForURL("**/n/2800001");
    const times = () => page.locator("ol.journey").innerText();
    await until("it went all the way", async () => /in all/.test(await times()));
    const { queued_at, announced_at } = await (await fetch(`${url}/api/calculations/2800001`)).json();
    const total = Date.parse(announced_at) - Date.parse(queued_at);
    const shown = (await times()).match(/([\d.]+) (ms|s)\s+in all/);
    assert.ok(Math.abs(Number(shown[1]) * (shown[2] === "s" ? 1000 : 1) - total) <= 10, `${shown[0]}, not ${total} ms`);
    const dot = page.locator("svg.wide .dot.moves");
    const places = new Set();
    await until("the dot moves", async () => places.add(await dot.evaluate((circle) => circle.cx.animVal.value)).size > 2);
    await page.goto("/about");
    await page.locator("#system", { hasText: "F(2800001)" }).waitFor();
    assert.match(await times(), /in all/);
  }));

test("the race runs at the speed of each program", () =>
  withPage({}, async (page) => {
    await page.goto("/about");
    await page.getByRole("button", { name: "Start the race" }).click();
    await page.waitForURL("**/n/1000000000");
    await until("it is computed", async () => (await page.locator("#cancel").count()) > 0 && (await page.getByRole("progressbar").count()) > 0);
    await until("GMP is on its way", () => page.locator("#race .moves").nth(1).evaluate((bar) => bar.width.animVal.value > 0));
    await page.locator("#cancel").click();
    await page.getByText("Cancelled before it was computed.").waitFor();
  }));

test("without scripts what is too expensive for the page is a calculation that one starts from it", () =>
  withPage({ javaScriptEnabled: false }, async (page) => {
    await page.goto("/n/50000");
    await page.getByRole("button", { name: "Compute φ to 20,898 places" }).click();
    await page.waitForURL("**/n/Phi(20898)");
    await until("it is computed", async () => {
      await page.reload();
      return (await page.locator("main").textContent()).includes("1618033988");
    });
  }));

test("the period of a large modulus is shown", () =>
  withPage({}, async (page) => {
    await page.goto("/n/50000?mod=10%5E18");
    assert.match(await page.locator("#remainders ~ p").textContent(), /= 1,500,000,000,000,000,000 numbers/);
  }));

test("a page is light, and nothing on it shifts", async (t) => {
  for (const path of ["/", "/n/10", "/n/1000", `/n/${MILLION}`, "/n/1000000000000000000", "/n/L(1000)", "/?show=largest", "/about"]) {
    await withPage({}, async (page, context) => {
      const session = await context.newCDPSession(page);
      await session.send("Network.enable");
      const types = new Map();
      const bytes = { all: 0, script: 0 };
      session.on("Network.responseReceived", ({ requestId, type, response }) => {
        types.set(requestId, response.url.endsWith("/assets/version") ? "Poll" : type);
      });
      session.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
        // In development a page asks twice a second whether it has changed, so that its network is never idle.
        if (types.get(requestId) === "Poll") return;
        bytes.all += encodedDataLength;
        if (types.get(requestId) === "Script") bytes.script += encodedDataLength;
      });
      await page.addInitScript(() => {
        window.shift = 0;
        new PerformanceObserver((list) => {
          for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shift += entry.value;
        }).observe({ type: "layout-shift", buffered: true });
      });
      await page.goto(path, { waitUntil: "load" });
      await page.evaluate(() => document.fonts.ready);
      // What is fetched after the page has loaded counts too.
      await page.waitForTimeout(1_000);
      const { shift, paint } = await page.evaluate(() => ({
        shift: window.shift,
        paint: performance.getEntriesByName("first-contentful-paint")[0]?.startTime,
      }));
      t.diagnostic(`${path}: ${bytes.all} bytes, scripts ${bytes.script}, first content ${Math.round(paint)} ms, shift ${shift.toFixed(4)}`);
      assert.ok(bytes.all < BUDGET_BYTES, `${path}: ${bytes.all} bytes`);
      assert.ok(bytes.script < SCRIPT_BUDGET_BYTES, `${path}: ${bytes.script} bytes of scripts`);
      assert.ok(shift < 0.01, `${path}: ${shift}`);
    });
  }
});

test("the page of another subject follows its events, and its value is checked in Python", () =>
  withPage({}, async (page) => {
    // A tab that follows every subject shares the stream.
    const other = await page.context().newPage();
    await other.goto("/");
    await page.goto("/n/L(20000000)");
    await page.locator("#again").click();
    await page.waitForURL(/\/n\/L\(20000000\)$/);
    await page.evaluate(() => { window.notReloaded = true; });
    await until("it has residues", async () => (await page.locator("[data-residue]").count()) === 3);
    assert.equal(await page.evaluate(() => window.notReloaded), true);
    const residue = await page.locator("[data-residue]").first().textContent();
    const program = await page.locator("#python").textContent();
    assert.equal(execFileSync("python3", ["-c", program], { encoding: "utf8" }).trim(), residue);

    await page.goto("/n/L(900000000)");
    await page.locator("#again").click();
    const bar = page.getByRole("progressbar").first();
    const value = async () => Number((await bar.getAttribute("value")) ?? 0);
    await until("the bar moves", async () => (await bar.count()) > 0 && (await value()) > 0);
    const earlier = await value();
    await page.evaluate(() => { window.notReloaded = true; });
    await until("it moves on", async () => (await value()) > earlier);
    await page.getByRole("button", { name: "Cancel" }).click();
    await until("it is cancelled", async () => /cancelled/i.test(await page.locator("main").innerText()));
  }));
