// Every state of the pages, and how it is reached. `draw` takes a picture of each.
import { start, until } from "./browser.mjs";
import { askElsewhere } from "./stack.mjs";

// Half the size, so that all of them stay below 4 MB.
const PICTURE = { type: "jpeg", quality: 50 };
const SCALE = 0.5;

/** The windows in which each state is drawn. */
export const WINDOWS = ["light", "dark"].flatMap((colorScheme) => [320, 390, 1280].map((width) => ({ width, colorScheme })));

const open = (path) => (page) => page.goto(path);
const type = (text) => async (page) => {
  await page.goto("/");
  await page.getByRole("textbox").first().fill(text);
  await page.locator("#card[data-open]").waitFor();
};
const submit = (text) => async (page) => {
  await page.goto("/");
  await page.getByRole("textbox").first().fill(text);
  await page.getByRole("textbox").first().press("Enter");
};
const refused = (text) => async (page) => {
  await submit(text)(page);
  await page.getByRole("alert").waitFor();
};
const at = (reach, selector) => async (page) => {
  await reach(page);
  await scrollTo(page, selector);
};
// What is laid out on the way moves what is scrolled to.
const scrollTo = (page, selector) => {
  let last;
  return until(`${selector} stays where it is`, async () => {
    const before = last;
    last = await page.locator(selector).evaluate((element) => new Promise((then) => {
      element.scrollIntoView({ block: "center" });
      requestAnimationFrame(() => requestAnimationFrame(() => then(element.getBoundingClientRect().top)));
    }));
    return last === before;
  });
};
const shows = (page, words) => until(words, async () => (await page.locator("main").innerText()).includes(words));
// Submits long work, unless this browser is waiting for it.
const wait = (index) => async (page) => {
  await page.goto(`/n/${index}`);
  if ((await page.locator("#cancel").count()) > 0) return;
  await submit(String(index))(page);
  await page.waitForURL(`**/n/${index}`);
};
const cancel = (index) => async (page) => {
  await page.goto(`/n/${index}`);
  if ((await page.locator("#cancel").count()) > 0) await page.locator("#cancel").click();
};
const press = (name, selector, expected) => async (page) => {
  await page.goto("/n/1000");
  await page.getByRole("button", { name, exact: true }).click();
  await until("it is checked", async () => expected.test(await page.locator(selector).innerText()));
  await scrollTo(page, selector);
};

const known = [10, 90, -8, 1000, 100_000, 1_000_000, 5_000_000];
const groups = [
  {
    known,
    states: {
      home: open("/"),
      largest: open("/?show=largest"),
      typing: type("10^18"),
      ambiguous: type("1.000"),
      "asked-back": refused("1.000"),
      "typing-small": type("90"),
      "typing-wrong": type("x"),
      wrong: refused("forty-two"),
      10: open("/n/10"),
      negative: open("/n/-8"),
      1000: open("/n/1000"),
      "1000-checked": press("Check in this browser", "#check-result", /^Right/),
      "1000-dare": press("Change a digit, and check", "#check-result", /Wrong/),
      "1000-verified": async (page) => {
        await page.goto("/n/1000");
        const field = page.locator("#copy-text");
        await field.fill((await field.inputValue()).replace("7", "8"));
        await page.getByRole("button", { name: "Verify", exact: true }).click();
        await until("it is found", async () => /difference/.test(await page.locator("#verify-result").innerText()));
        await scrollTo(page, "#verify-result");
      },
      "1000-pictures": at(open("/n/1000"), "#see ~ div figure:last-child figcaption"),
      million: open("/n/1000000?at=101-150"),
      found: open("/n/1000000?find=31415"),
      unsubmitted: open("/n/77777777"),
      beyond: open("/n/1000000000000000000"),
      googol: open(`/n/1${"0".repeat(100)}`),
      remainder: open("/n/1000?mod=12#remainders"),
      "large-modulus": at(open("/n/1000?mod=10%5E18"), "#remainders ~ form"),
      lucas: open("/n/L(1000000)"),
      about: open("/about"),
      nowhere: open("/nowhere"),
      api: open("/api/docs"),
      "api-operation": async (page) => {
        await page.goto("/api/docs#get-calculations-index");
        // The face may arrive after the jump to the operation, and makes what is above it lower.
        await page.evaluate(() => document.fonts.ready);
        await page.locator("#get-calculations-index").evaluate((operation) => operation.scrollIntoView());
      },
      problems: open("/api/problems"),
      problem: open("/api/problems/index-out-of-range"),
      "seven-tabs": async (page) => {
        const tabs = [];
        while (tabs.length < 6) tabs.push(await page.context().newPage());
        for (const tab of tabs) await tab.goto("/");
        await page.goto("/");
        await isLive(page);
        await Promise.all(tabs.map((tab) => tab.close()));
      },
      offline: async (page) => {
        await page.goto("/");
        await isLive(page);
        await page.context().setOffline(true);
        await page.getByRole("textbox").first().fill("12345");
        await page.locator("#card", { hasText: "offline" }).waitFor();
        await page.context().setOffline(false);
      },
    },
  },
  {
    known: [],
    states: {
      running: async (page) => {
        await wait(900_000_000)(page);
        await until("work has begun", async () => (await page.getByRole("progressbar").count()) > 0);
      },
      queued: async (page) => {
        for (const index of [950_000_000, 800_000_000]) await wait(index)(page);
        await shows(page, "in the queue of long work");
      },
      cancelled: async (page) => {
        for (const index of [800_000_000, 900_000_000, 950_000_000]) await cancel(index)(page);
        await wait(850_000_000)(page);
        await page.locator("#cancel").click();
        await shows(page, "Cancelled");
      },
    },
  },
  {
    known,
    javaScriptEnabled: false,
    states: { "plain-home": open("/"), "plain-million": open("/n/1000000?find=271828#digits") },
  },
  // Not all three values fit.
  { known: [1_000_000, 1_100_000, 1_120_000], settings: { ABACI_STORE_BYTES: "480kB" }, states: { evicted: open("/n/1000000") } },
  {
    known: [],
    settings: { ABACI_RATE: "1" },
    states: {
      "rate-limited": async (page) => {
        // Leaves a debt, so that the next is refused.
        await page.request.post("/api/calculations", { data: { index: "900000000" } });
        await refused("8*10^8")(page);
      },
    },
  },
  {
    // Accepted, and then never computed: the system starts again with less memory.
    prepare: async (stack) => {
      const index = JSON.stringify({ index: "900000000" });
      await fetch(`${stack.url}/api/calculations`, { method: "POST", headers: { "content-type": "application/json" }, body: index });
      await stack.kill();
      await stack.restart({ ABACI_WORKER_MEMORY_BYTES: "100MB" });
    },
    states: {
      failed: async (page) => {
        await page.goto("/n/900000000");
        await shows(page, "Failed");
      },
    },
  },
  {
    // Chromium paints the place of the scroll bar beside an open dialog in one of two colours.
    known: [10],
    isCompared: false,
    states: {
      keys: async (page) => {
        await page.goto("/n/10");
        await page.keyboard.press("?");
      },
    },
  },
  // Takes minutes on a busy machine.
  { known: [1_000_000_000], isSlow: true, states: { billion: open("/n/1000000000") } },
];

const isLive = (page) => until("it is live", async () => (await page.locator("#live").allInnerTexts()).every((text) => text === "Live"));

/**
 * Draws every state in the windows that `choose` returns for its place in the list and its name. `picture` gets the name
 * of each, its picture, the page, whether it has scripts, and whether the picture is the same at each run; `unchanged`
 * gets the page before its times are replaced.
 */
export async function draw(choose, picture, { withSlow = true, unchanged = () => {} } = {}) {
  let place = 0;
  for (const { known = [], settings, javaScriptEnabled = true, prepare, isCompared = true, isSlow = false, states } of groups) {
    if (isSlow && !withSlow) continue;
    const all = Object.entries(states).map(([name, reach]) => ({ name, reach, windows: choose(place++, name) }));
    if (all.every(({ windows }) => windows.length === 0)) continue;
    const { stack, withPage, stop } = await start(settings);
    try {
      for (const index of known) while ((await askElsewhere(stack.url, index)).status !== "done");
      await prepare?.(stack);
      for (const window of WINDOWS) {
        const chosen = all.filter(({ windows }) => windows.includes(window));
        const { width, colorScheme } = window;
        const viewport = { width, height: width < 500 ? 844 : 900 };
        const options = { viewport, colorScheme, javaScriptEnabled, reducedMotion: "reduce", deviceScaleFactor: SCALE };
        if (chosen.length > 0) await withPage(options, async (page) => {
          await page.route("**/assets/style*.css", waitForFace);
          for (const { name, reach } of chosen) {
            await reach(page);
            if (javaScriptEnabled) {
              await page.evaluate(() => document.fonts.ready);
              await isLive(page);
            }
            const file = `${name}-${width}-${colorScheme}.jpg`;
            await unchanged({ name: file, page, withPage });
            await page.evaluate(freeze);
            await picture({ name: file, fresh: await page.screenshot(PICTURE), page, withPage, isCompared, hasScripts: javaScriptEnabled, colorScheme });
          }
        });
      }
    } finally {
      await stop();
    }
  }
}

/** A page that gets its face late is drawn without it. A picture never is. */
async function waitForFace(route) {
  const response = await route.fetch();
  const body = (await response.text()).replaceAll("font-display: optional", "font-display: block");
  await route.fulfill({ response, body });
}

/** Replaces what differs at each run, also in what is drawn later: times, durations, progress, ids. */
function freeze() {
  const words = [
    [/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC/g, "2026-11-27 12:00:00 UTC"],
    [/(under|about) [\d.]+ (s|min) left/g, "about 12 s left"],
    [/(under[ \u00a0]1|\b\d+(\.\d+)?)[ \u00a0](ms|s)\b(?! left)/g, "12 ms"],
    [/\b\d+ %/g, "42 %"],
    [/\b\d+\.\d\/s/g, "0.1/s"],
    [/requested (once|\d+ times)/g, "requested once"],
    [/number \d+ in the queue.*/g, "number 1 in the queue of long work now, and 1 is being computed."],
    [/^Digit [\d,]+ changed from \d to \d/g, "Digit 100 changed from 4 to 7"],
  ];
  const replace = () => {
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      const { currentNode: node } = texts;
      const { localName } = node.parentElement;
      let text = node.data;
      for (const [pattern, fixed] of words) text = text.replace(pattern, fixed);
      if (localName === "code") text = text.replace(/^[0-9a-f]{16}$/, "0123456789abcdef");
      if (localName === "dd") text = text.replace(/^(\d+\.\d|–)$/, "0.1");
      if (localName === "pre") text = text.replace(/127\.0\.0\.1:\d+/g, "127.0.0.1:3050");
      if (text !== node.data) node.data = text;
    }
    for (const left of document.querySelectorAll("[data-left]")) left.textContent ||= "about 12 s left";
    for (const bar of document.querySelectorAll("progress:not([hidden])")) if (bar.value !== 0.42) bar.value = 0.42;
  };
  replace();
  new MutationObserver(replace).observe(document.body, { childList: true, subtree: true, characterData: true, attributes: true });
}
