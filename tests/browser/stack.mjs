// A running Abaci with a data directory of its own, or the one that ABACI_TEST_URL names.
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

export async function startStack(settings = {}) {
  if (process.env.ABACI_TEST_URL) {
    return { url: process.env.ABACI_TEST_URL.replace(/\/$/, ""), stop: async () => {} };
  }
  const data = await mkdtemp(join(tmpdir(), "abaci-browser-"));
  let running = await launch(data, "127.0.0.1:0", settings);
  return {
    url: running.url,
    // Ends the process as a power switch would.
    async kill() {
      running.child.kill("SIGKILL");
      await running.ended;
    },
    // Starts it again with the same data, at the same address.
    async restart(changed = {}) {
      running = await launch(data, new URL(this.url).host, { ...settings, ...changed });
    },
    async stop() {
      await this.kill();
      await rm(data, { recursive: true });
    },
  };
}

async function launch(data, listen, settings) {
  const child = spawn(process.env.ABACI_BIN ?? new URL("../../target/debug/abaci", import.meta.url).pathname, ["serve"], {
    env: {
      ...process.env,
      ABACI_LISTEN: listen,
      ABACI_INTERNAL_LISTEN: "127.0.0.1:0",
      ABACI_DATA_DIR: data,
      ABACI_LOG: "warn",
      ...settings,
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const url = await new Promise((resolve, reject) => {
    child.once("exit", (code) => reject(new Error(`abaci ended with ${code} before it answered`)));
    createInterface({ input: child.stdout }).on("line", (line) => {
      const found = line.match(/http:\/\/[^\s/]+/);
      if (found) resolve(found[0]);
    });
  });
  return { child, url, ended };
}

// Asks over the API, as another visitor would, and waits for the value.
export async function askElsewhere(url, index) {
  const answer = await fetch(`${url}/api/calculations`, {
    method: "POST",
    headers: { "content-type": "application/json", prefer: "wait=30" },
    body: JSON.stringify({ index: String(index) }),
  });
  if (!answer.ok) throw new Error(`F(${index}) was refused with ${answer.status}`);
  return answer.json();
}
