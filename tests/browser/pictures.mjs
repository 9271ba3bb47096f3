// Draws every state at three widths in both themes, and renews the kept pictures that differ: `node pictures.mjs [folder]`.
// Three of them are in README.md and docs/design.md too, at full size and with their real times.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";

import { WINDOWS, draw } from "./states.mjs";

// The share of cells that may differ: edges of letters, and faces that are not the pages' own.
export const TOLERANCE = 0.02;
export const PICTURES_DIR = new URL("../../docs/pictures/states", import.meta.url).pathname;

/** The pictures of the folder above, and the states they show. */
const FULL_SIZE = { "home-1280-light.jpg": "home.png", "million-1280-light.jpg": "number.png", "beyond-390-light.jpg": "beyond.png" };

async function fullSize(page) {
  const { width, height } = page.viewportSize();
  const session = await page.context().newCDPSession(page);
  const { data } = await session.send("Page.captureScreenshot", { clip: { x: 0, y: 0, width, height, scale: 1 } });
  return Buffer.from(data, "base64");
}

/** The kept picture, if there is one. */
export const kept = (path) => readFile(path).catch((error) => (error.code === "ENOENT" ? undefined : Promise.reject(error)));

/** The share of cells of 8 × 8 pixels whose colour differs clearly; 1 for a picture of another size. */
export function difference(page, one, other) {
  return page.evaluate(async (pictures) => {
    const CELL = 8;
    const CLEARLY = 12;
    const read = async (base64) => {
      const picture = new Image();
      picture.src = `data:image/jpeg;base64,${base64}`;
      await picture.decode();
      const { width, height } = picture;
      const canvas = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
      canvas.drawImage(picture, 0, 0);
      const { data } = canvas.getImageData(0, 0, width, height);
      const [columns, rows] = [Math.ceil(width / CELL), Math.ceil(height / CELL)];
      const sums = new Float64Array(4 * columns * rows);
      for (let y = 0, at = 0; y < height; y += 1) {
        for (let x = 0; x < width; x += 1, at += 4) {
          const cell = 4 * (Math.floor(y / CELL) * columns + Math.floor(x / CELL));
          for (let part = 0; part < 3; part += 1) sums[cell + part] += data[at + part];
          sums[cell + 3] += 1;
        }
      }
      return { width, height, sums };
    };
    const [a, b] = await Promise.all(pictures.map(read));
    if (a.width !== b.width || a.height !== b.height) return 1;
    let differing = 0;
    for (let cell = 0; cell < a.sums.length; cell += 4) {
      const parts = [0, 1, 2].map((part) => Math.abs(a.sums[cell + part] - b.sums[cell + part]) / a.sums[cell + 3]);
      if (Math.max(...parts) > CLEARLY) differing += 1;
    }
    return (4 * differing) / a.sums.length;
  }, [one, other].map((picture) => picture.toString("base64")));
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const { values, positionals } = parseArgs({
    options: { help: { type: "boolean", short: "h" }, only: { type: "string", multiple: true } },
    allowPositionals: true,
  });
  const folder = positionals[0] ?? PICTURES_DIR;
  if (values.help) {
    console.log(`node pictures.mjs [--only state]... [folder]: draws every state of the pages, or those that are named, and renews the
pictures in the folder that differ (${PICTURES_DIR})`);
    process.exit();
  }
  await mkdir(folder, { recursive: true });
  let drawn = 0;
  const choose = (place, state) => (values.only?.includes(state) ?? true ? WINDOWS : []);
  const renew = async (name, fresh, withPage) => {
    drawn += 1;
    const old = await kept(`${folder}/${name}`);
    let share = 1;
    if (old) await withPage({}, async (page) => { share = await difference(page, old, fresh); });
    if (share <= TOLERANCE / 4) return;
    await writeFile(`${folder}/${name}`, fresh);
    console.log(`${old ? `${(100 * share).toFixed(1)} % differ` : "new"}: ${name}`);
  };
  await draw(choose, ({ name, fresh, withPage }) => renew(name, fresh, withPage), {
    unchanged: async ({ name, page, withPage }) => {
      if (FULL_SIZE[name] && !positionals[0]) await renew(`../${FULL_SIZE[name]}`, await fullSize(page), withPage);
    },
  });
  console.log(`${drawn} pictures in ${folder}`);
}
