// Measures the pages in Chromium: first content, weight and shift, and how soon a value is shown.
import { parseArgs } from "node:util";

import { start } from "../tests/browser/browser.mjs";
import { askElsewhere } from "../tests/browser/stack.mjs";

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "30" }, long: { type: "string", default: "300000000" } },
});
const rounds = Number(values.rounds);
const MILLION = 1_000_000;

let stack;
let withPage;

function summary(samples, unit = "ms") {
  const sorted = samples.toSorted((a, b) => a - b);
  const rank = (share) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)].toFixed(0);
  return `median ${rank(0.5)} ${unit}, 99 % ${rank(0.99)} ${unit}, least ${rank(0)} ${unit} (${sorted.length} samples)`;
}

// A new browser opens each page, and then again from another page, still with nothing cached. The first time includes the
// start of a process for the site.
async function loading() {
  for (const path of ["/", "/n/10", "/n/1000", `/n/${MILLION}`, "/n/1000000000000000000", "/about"]) {
    const [first, again, bytes, scripts, shifts] = [[], [], [], [], []];
    for (let round = 0; round < rounds; round += 1) {
      await withPage({}, async (page, context) => {
        const sizes = await weigh(page, context);
        await page.addInitScript(() => {
          window.shift = 0;
          new PerformanceObserver((list) => {
            for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shift += entry.value;
          }).observe({ type: "layout-shift", buffered: true });
        });
        await page.goto(path, { waitUntil: "load" });
        await page.waitForTimeout(500);
        const { paint, shift } = await look(page);
        first.push(paint);
        shifts.push(shift);
        bytes.push(sizes.all);
        scripts.push(sizes.script);
        await page.goto("/nowhere");
        await page.goto(path, { waitUntil: "load" });
        await page.waitForTimeout(200);
        again.push((await look(page)).paint);
      });
    }
    console.log(`${path}: ${Math.max(...bytes)} bytes, scripts ${Math.max(...scripts)}; shift at most ${Math.max(...shifts).toFixed(4)}`);
    console.log(`  first content in a new browser: ${summary(first)}`);
    console.log(`  first content from another page: ${summary(again)}`);
  }
}

const look = (page) => page.evaluate(() => ({
  paint: performance.getEntriesByName("first-contentful-paint")[0].startTime,
  shift: window.shift,
}));

async function weigh(page, context) {
  const session = await context.newCDPSession(page);
  await session.send("Network.enable");
  await session.send("Network.setCacheDisabled", { cacheDisabled: true });
  const types = new Map();
  const sizes = { all: 0, script: 0 };
  session.on("Network.responseReceived", ({ requestId, type }) => types.set(requestId, type));
  session.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
    sizes.all += encodedDataLength;
    if (types.get(requestId) === "Script") sizes.script += encodedDataLength;
  });
  return sizes;
}

const submit = async (page, index) => {
  await page.goto("/");
  await page.getByRole("textbox").fill(String(index));
  await page.getByRole("textbox").press("Enter");
  await page.waitForURL(`**/n/${index}`);
};

/** When the digits are in the page and painted, and when the parts of the page were fetched before. */
const shown = (page) => page.evaluate(() => new Promise((resolve) => {
  const look = () => {
    if (!document.querySelector("[data-viewer]")) return;
    const inserted = Date.now();
    const { timeOrigin } = performance;
    const fetched = performance.getEntriesByType("resource").filter(({ name }) => name.includes("/fragment")).at(-1);
    requestAnimationFrame(() => setTimeout(() => resolve({
      inserted,
      painted: Date.now(),
      asked: fetched && timeOrigin + fetched.startTime,
      answered: fetched && timeOrigin + fetched.responseEnd,
    })));
  };
  new MutationObserver(look).observe(document, { childList: true, subtree: true });
  look();
}));

const finishedAt = async (index) => Date.parse((await (await fetch(`${stack.url}/api/calculations/${index}`)).json()).finished_at);

// A page that is open and live while its number is computed.
async function long() {
  const [done, asked, answered, painted] = [[], [], [], []];
  for (let round = 0; round < rounds; round += 1) {
    const index = Number(values.long) + round;
    await withPage({}, async (page) => {
      await submit(page, index);
      const times = await shown(page);
      const finished = await finishedAt(index);
      // Otherwise it was done before the page was there.
      if (!times.asked || times.asked < finished - 5) return;
      done.push(times.inserted - finished);
      asked.push(times.asked - finished);
      answered.push(times.answered - times.asked);
      painted.push(times.painted - times.inserted);
    });
  }
  console.log(`F(${values.long}) and further ones, from \`finished_at\` to digits in the page: ${summary(done)}`);
  console.log(`  to the request for them: ${summary(asked)}`);
  console.log(`  their answer: ${summary(answered)}`);
  console.log(`  from insertion to painted: ${summary(painted)}`);
}

// From the press of the key to the digits.
async function short() {
  for (const first of [1000, 100_000, 2_000_000]) {
    const samples = [];
    for (let round = 1; round <= rounds; round += 1) {
      await withPage({}, async (page) => {
        const index = first + round;
        await page.goto("/");
        await page.getByRole("textbox").fill(String(index));
        await page.waitForTimeout(200);
        const pressed = Date.now();
        await page.getByRole("textbox").press("Enter");
        await page.waitForURL(`**/n/${index}`, { waitUntil: "commit" });
        samples.push((await shown(page)).inserted - pressed);
      });
    }
    console.log(`F(${first}) and further ones, from Enter to digits in the page: ${summary(samples)}`);
  }
}

const system = await start();
({ stack, withPage } = system);
try {
  for (const index of [1000, MILLION]) await askElsewhere(stack.url, index);
  await loading();
  await long();
  await short();
} finally {
  await system.stop();
}
