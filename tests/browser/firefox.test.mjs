// The same pages in Firefox: submit, watch, cancel, seven tabs; with keys alone, and without an error of a script.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { startFirefox } from "./firefox.mjs";
import { askElsewhere, startStack } from "./stack.mjs";

const ENTER = "\uE007";
const F100 = "354224848179261915075";

let stack;
let firefox;

before(async () => {
  [stack, firefox] = await Promise.all([startStack(), startFirefox()]);
});

after(async () => {
  await firefox?.stop();
  await stack?.stop();
});

test("in Firefox a person asks for F(100) and reads it", async () => {
  const page = await firefox.newPage();
  await page.goto(`${stack.url}/`);
  await page.type("/100");
  await page.until("it is described", `document.getElementById("card").textContent.includes("${F100}")`);
  await page.type(ENTER);
  await page.until("its page is open", `location.pathname === "/n/100"`);
  await page.until("the value is shown", `document.getElementById("lines")?.textContent === "${F100}"`);
  await page.until("it can be checked", `document.getElementById("check").hidden === false`);
  await page.value(`document.getElementById("check").click()`);
  await page.until("it is checked", `document.getElementById("check-result").textContent.startsWith("Right")`);
  assert.deepEqual(firefox.errors, []);
});

test("in Firefox long work is watched and cancelled", async () => {
  const page = await firefox.newPage();
  await page.goto(`${stack.url}/`);
  await page.type(`/9*10^8${ENTER}`);
  await page.until("its page is open", `location.pathname === "/n/900000000"`);
  const bar = `document.querySelector("#number progress")?.value`;
  await page.until("the bar moves", `${bar} > 0`);
  const earlier = await page.value(bar);
  await page.until("it moves on", `${bar} > ${earlier}`);
  await page.value(`document.getElementById("cancel").focus()`);
  await page.type(ENTER);
  await page.until("it is cancelled", `document.querySelector("main")?.textContent.includes("Cancelled")`);
  assert.deepEqual(firefox.errors, []);
});

test("in Firefox seven tabs are live on one stream", async () => {
  const pages = [];
  while (pages.length < 7) {
    const page = await firefox.newPage();
    await page.goto(`${stack.url}/`);
    pages.push(page);
  }
  await askElsewhere(stack.url, 777);
  for (const page of pages) {
    await page.activate();
    await page.until("it is listed", `document.querySelector("main")?.textContent.includes("F(777)")`);
    await page.until("it is live", `document.getElementById("live").textContent === "Live"`);
  }
  assert.deepEqual(firefox.errors, []);
});
