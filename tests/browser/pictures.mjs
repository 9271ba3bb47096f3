// Draws every state at three widths in both themes, compares with the pictures that are kept, and renews those that
// differ: `node pictures.mjs [folder]`. For people to look at: times and fonts differ from machine to machine.
import { mkdir, readFile, writeFile } from "node:fs/promises";

import { start, until } from "./browser.mjs";
import { askElsewhere } from "./stack.mjs";

// Half the size, so that all of them stay below 3 MB.
const PICTURE = { type: "jpeg", quality: 50 };
const SCALE = 0.5;
// The share of pixels that may differ: times, progress, the edges of letters.
const TOLERANCE = 0.005;

const folder = process.argv[2] ?? new URL("../../docs/pictures/states", import.meta.url).pathname;
await mkdir(folder, { recursive: true });

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
  await page.locator(selector).scrollIntoViewIfNeeded();
};
const shows = (page, words) => until(words, async () => (await page.locator("main").innerText()).includes(words));

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
      wrong: refused("forty-two"),
      10: open("/n/10"),
      negative: open("/n/-8"),
      1000: open("/n/1000"),
      "1000-verified": async (page) => {
        await page.goto("/n/1000");
        const field = page.locator("#copy-text");
        await field.fill((await field.inputValue()).replace("7", "8"));
        await page.getByRole("button", { name: "Verify", exact: true }).click();
        await until("it is found", async () => /difference/.test(await page.locator("#verify-result").innerText()));
        await page.locator("#verify-title").scrollIntoViewIfNeeded();
      },
      "1000-pictures": at(open("/n/1000"), "#see ~ div figure:last-child figcaption"),
      million: open("/n/1000000?at=101-150"),
      found: open("/n/1000000?find=271828"),
      unsubmitted: open("/n/77777777"),
      beyond: open("/n/1000000000000000000"),
      googol: open(`/n/1${"0".repeat(100)}`),
      remainder: open("/n/1000?mod=12#remainders"),
      about: open("/about"),
      nowhere: open("/nowhere"),
      api: open("/api/docs"),
      running: async (page) => {
        await submit("9*10^8")(page);
        await page.waitForURL("**/n/900000000");
        await until("work has begun", async () => (await page.getByRole("progressbar").count()) > 0);
      },
      queued: async (page) => {
        await submit("8*10^8")(page);
        await page.waitForURL("**/n/800000000");
        await shows(page, "Waiting");
      },
      cancelled: async (page) => {
        for (const index of [800_000_000, 900_000_000]) {
          await page.goto(`/n/${index}`);
          await page.locator("#cancel").click();
          await shows(page, "Cancelled");
        }
      },
      offline: async (page) => {
        await page.goto("/");
        await page.context().setOffline(true);
        await page.getByRole("textbox").first().fill("12345");
        await page.locator("#card", { hasText: "offline" }).waitFor();
        await page.context().setOffline(false);
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
];

// The share of pixels that differ clearly; 1 if there is no kept picture, or one of another size.
function difference(page, kept, fresh) {
  return page.evaluate(async (pictures) => {
    const draw = async (base64) => {
      const picture = new Image();
      picture.src = `data:image/jpeg;base64,${base64}`;
      await picture.decode();
      const canvas = new OffscreenCanvas(picture.width, picture.height).getContext("2d");
      canvas.drawImage(picture, 0, 0);
      return canvas.getImageData(0, 0, picture.width, picture.height);
    };
    const [a, b] = await Promise.all(pictures.map(draw));
    if (a.width !== b.width || a.height !== b.height) return 1;
    let differing = 0;
    for (let at = 0; at < a.data.length; at += 4) if (Math.abs(a.data[at] - b.data[at]) > 48) differing += 1;
    return (4 * differing) / a.data.length;
  }, [kept, fresh].map((picture) => picture.toString("base64")));
}

let drawn = 0;
for (const { known: indexes, settings, javaScriptEnabled, states } of groups) {
  const { stack, withPage, stop } = await start(settings);
  for (const index of indexes) await askElsewhere(stack.url, index);
  for (const colorScheme of ["light", "dark"]) {
    for (const width of [320, 390, 1280]) {
      const viewport = { width, height: width < 500 ? 844 : 900 };
      const options = { viewport, colorScheme, javaScriptEnabled, reducedMotion: "reduce", deviceScaleFactor: SCALE };
      await withPage(options, async (page) => {
        for (const [name, reach] of Object.entries(states)) {
          await reach(page);
          if (javaScriptEnabled !== false) await page.evaluate(() => document.fonts.ready);
          const path = `${folder}/${name}-${width}-${colorScheme}.jpg`;
          const fresh = await page.screenshot(PICTURE);
          drawn += 1;
          const kept = await readFile(path).catch((error) => (error.code === "ENOENT" ? undefined : Promise.reject(error)));
          let share = 1;
          if (kept) await withPage({}, async (blank) => { share = await difference(blank, kept, fresh); });
          if (share <= TOLERANCE) continue;
          await writeFile(path, fresh);
          console.log(`${kept ? `${(100 * share).toFixed(1)} % differ` : "new"}: ${path}`);
        }
      });
    }
  }
  await stop();
}
console.log(`${drawn} pictures in ${folder}`);
