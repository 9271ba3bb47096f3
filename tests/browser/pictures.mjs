// Draws every state at three widths in both themes: `node pictures.mjs [folder]`. For people to look at.
import { mkdir } from "node:fs/promises";

import { start, until } from "./browser.mjs";
import { askElsewhere } from "./stack.mjs";

const folder = process.argv[2] ?? "../../target/pictures";
await mkdir(folder, { recursive: true });
const { stack, withPage, stop } = await start();
for (const index of [10, 90, -8, 1000, 100_000, 1_000_000, 5_000_000]) await askElsewhere(stack.url, index);

const open = (path) => (page) => page.goto(path);
const type = (text) => async (page) => {
  await page.goto("/");
  await page.getByRole("textbox").fill(text);
  await page.locator("#card[data-open]").waitFor();
};
const submit = (text) => async (page) => {
  await page.goto("/");
  await page.getByRole("textbox").fill(text);
  await page.getByRole("textbox").press("Enter");
};
const states = {
  home: open("/"),
  typing: type("10^18"),
  ambiguous: type("1.000"),
  "asked-back": async (page) => { await submit("1.000")(page); await page.getByRole("alert").waitFor(); },
  wrong: async (page) => { await submit("forty-two")(page); await page.getByRole("alert").waitFor(); },
  "10": open("/n/10"),
  negative: open("/n/-8"),
  "1000": open("/n/1000"),
  million: open("/n/1000000?at=101-150"),
  unsubmitted: open("/n/77777777"),
  beyond: open("/n/1000000000000000000"),
  googol: open(`/n/1${"0".repeat(100)}`),
  remainder: open("/n/1000?mod=12#remainders"),
  running: async (page) => {
    await submit("9*10^8")(page);
    await page.waitForURL("**/n/900000000");
    await until("work has begun", async () => (await page.getByRole("progressbar").count()) > 0);
  },
  cancelled: async (page) => {
    await page.goto("/n/900000000");
    await page.locator("#cancel").click();
    await until("it is cancelled", async () => /Cancelled/.test(await page.locator("main").innerText()));
  },
  about: open("/about"),
  nowhere: open("/nowhere"),
  api: open("/api/docs"),
};

for (const [theme, colorScheme] of [["light", "light"], ["dark", "dark"]]) {
  for (const width of [320, 390, 1280]) {
    const viewport = { width, height: width < 500 ? 844 : 900 };
    await withPage({ viewport, colorScheme, reducedMotion: "reduce" }, async (page) => {
      for (const [name, reach] of Object.entries(states)) {
        await reach(page);
        await page.evaluate(() => document.fonts.ready);
        await page.screenshot({ path: `${folder}/${name}-${width}-${theme}.png`, fullPage: name === "1000" });
      }
    });
  }
}
await stop();
console.log(`${Object.keys(states).length * 6} pictures in ${folder}`);
