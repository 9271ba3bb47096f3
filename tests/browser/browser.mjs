// A browser over a running Abaci, and what all tests of pages share.
import assert from "node:assert/strict";

import { chromium } from "playwright-core";

import { startStack } from "./stack.mjs";

export const TIMEOUT_MS = 30_000;
/** Another address of this machine. Over plain HTTP, browsers trust only loopback. */
export const PLAIN_HOST = "0.0.0.0";

// Starts both; `stack` can be killed and restarted.
export async function start(settings) {
  const stack = await startStack(settings);
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
      "--disable-component-update", "--disable-sync"],
  });
  return {
    stack,
    withPage: (options, use) => withPage(browser, stack.url, options, use),
    async stop() {
      await browser.close();
      await stack.stop();
    },
  };
}

// A page that fails its test when anything goes wrong in it: a script error, a blocked resource.
async function withPage(browser, baseURL, options, use) {
  const context = await browser.newContext({ baseURL, ...options });
  context.setDefaultTimeout(TIMEOUT_MS);
  const page = await context.newPage();
  const wrong = [];
  page.on("pageerror", (error) => wrong.push(String(error)));
  page.on("console", (message) => {
    // Chromium reports as errors every 4xx that is loaded on purpose, and a header that has no effect over plain HTTP.
    const expected = ["Failed to load resource", "The Cross-Origin-Opener-Policy header has been ignored"];
    if (message.type() === "error" && !expected.some((text) => message.text().startsWith(text))) wrong.push(message.text());
  });
  try {
    await use(page, context);
    assert.deepEqual(wrong, []);
  } finally {
    await context.close();
  }
}

export async function ask(page, text) {
  await page.getByRole("textbox").fill(text);
  await page.getByRole("textbox").press("Enter");
}

// The text as it would be copied: nothing that only the layout adds.
export const textOf = (page) => page.locator("main").evaluate((main) => main.textContent.replace(/\s/g, ""));

export async function until(what, condition) {
  const end = Date.now() + TIMEOUT_MS;
  while (!(await condition())) {
    assert.ok(Date.now() < end, `not within ${TIMEOUT_MS} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
