// `docker compose watch` applies edits. ci/containers runs this in a copy of the sources.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { eventually, healthy, url } from "./stack.mjs";

// It takes a quarter of a minute on two idle cores; the timeout allows for a busy machine without a build cache.
const REBUILD_MS = 600_000;

let watch;
let output = "";
const edited = new Map();

async function edit(file, from, to) {
  const before = await readFile(file, "utf8");
  assert.ok(before.includes(from), `${file} has no ${from}`);
  if (!edited.has(file)) edited.set(file, before);
  await writeFile(file, before.replace(from, to));
}

const page = async (path) => {
  const answer = await fetch(`${url}${path}`).catch(() => undefined);
  return answer?.ok ? answer.text() : "";
};
const assetPath = async (kind) => (await page("/")).match(new RegExp(`/assets/${kind}\\.[^"]+`))[0];

before(async () => {
  await healthy();
  // Compose stores the watcher's process id in a file that outlives it. In a new folder there is no stale id.
  const env = { ...process.env, XDG_RUNTIME_DIR: await mkdtemp(join(tmpdir(), "abaci-watch-")) };
  watch = spawn("docker", ["compose", "--ansi=never", "watch", "--no-up"], { env, stdio: ["ignore", "pipe", "pipe"] });
  watch.once("exit", () => rm(env.XDG_RUNTIME_DIR, { recursive: true }));
  for (const stream of [watch.stdout, watch.stderr]) stream.on("data", (text) => (output += text));
  await eventually("watch is running", () => /watch/i.test(output) || watch.exitCode !== null);
  assert.equal(watch.exitCode, null, output);
});

after(async () => {
  const ended = new Promise((resolve) => watch.once("exit", resolve));
  watch.kill("SIGINT");
  await ended;
  for (const [file, content] of edited) await writeFile(file, content);
});

test("an edit of the style is served immediately, and open pages reload", async (t) => {
  const style = await assetPath("style");
  const version = await page("/assets/version");
  assert.ok(version);
  const begun = performance.now();
  await edit("crates/client/assets/style.css", "", ".edited { order: 1; }\n");
  await eventually("the style shows the edit", async () => (await page(style)).startsWith(".edited { order: 1; }"), 5_000);
  t.diagnostic(`${Math.round(performance.now() - begun)} ms`);
  assert.notEqual(await page("/assets/version"), version);
});

test("an edit of a page rebuilds its service", async (t) => {
  const begun = performance.now();
  await edit("crates/client/src/views/words/text.rs", "How it works", "How it is done");
  await eventually("the page shows the edit", async () => (await page("/")).includes("How it is done"), REBUILD_MS)
    .catch((error) => assert.fail(`${error}\n${output}`));
  const took = ((performance.now() - begun) / 1_000).toFixed(1);
  t.diagnostic(`one changed line: ${took} s`);
});
