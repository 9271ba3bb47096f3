// Functions that query and change the running composition.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";

const execute = promisify(execFile);

/** The router's address. */
export const url = process.env.ABACI_TEST_URL ?? `http://127.0.0.1:${process.env.ABACI_PORT ?? 3050}`;

/** Timeout for everything that is slow on a busy machine. */
const TIMEOUT_MS = 60_000;

/** Runs docker and returns its output. */
export async function docker(...words) {
  const { stdout } = await execute("docker", words, { maxBuffer: 64 << 20 });
  return stdout.trimEnd();
}

/** Runs docker compose on the composition under test (ci/containers sets `COMPOSE_PROJECT_NAME` and the rest). */
export function compose(...words) {
  return docker("compose", "--ansi=never", "--progress=quiet", ...words);
}

/** Returns the containers of services, as `docker inspect` prints them; not the one that sets modes and ends. */
export async function containers(...services) {
  const ids = (await compose("ps", "--all", "--quiet", ...services)).split("\n").filter(Boolean);
  return ids.length === 0 ? [] : JSON.parse(await docker("inspect", ...ids)).filter((container) => serviceOf(container) !== "permissions");
}

/** Returns the service of a container. */
export const serviceOf = (container) => container.Config.Labels["com.docker.compose.service"];

/** Returns the addresses of a container, by network without the project's name. */
export function addresses(container) {
  const networks = Object.entries(container.NetworkSettings.Networks);
  return Object.fromEntries(networks.map(([name, { IPAddress }]) => [name.split("_").at(-1), IPAddress]));
}

/** Kills the main process of a container. Unlike `docker kill` this triggers the restart policy. */
export function killProcess(container) {
  process.kill(container.State.Pid, "SIGKILL");
}

/** Retries until the attempt returns something, or fails after the timeout. */
export async function eventually(what, attempt, timeoutMs = TIMEOUT_MS) {
  const end = performance.now() + timeoutMs;
  for (;;) {
    const found = await attempt();
    if (found) return found;
    if (performance.now() > end) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    await pause(100);
  }
}

/** Waits until every container of the services (of all, if none is named) runs and is healthy. */
export function healthy(...services) {
  return eventually(`${services.join(", ") || "everything"} is healthy`, async () => {
    const found = await containers(...services);
    return found.length > 0 && found.every(({ State }) => State.Running && State.Health?.Status === "healthy");
  });
}

/**
 * Waits until the router reaches the api. A recreated container has a new address, which the router finds at its next
 * lookup; until then it returns 502 with `Retry-After: 1`.
 */
export function routed() {
  return eventually("the router reaches the api", async () => {
    const answer = await fetch(`${url}/api/calculations?limit=1`);
    await answer.body?.cancel();
    assert.ok(answer.ok || (answer.status === 502 && answer.headers.get("retry-after") === "1"), `the list answers ${answer.status}`);
    return answer.ok;
  });
}

/** Sends `POST /api/calculations` and returns the response. */
export function submit(index, { wait } = {}) {
  const headers = { "content-type": "application/json", ...(wait && { prefer: `wait=${wait}` }) };
  return fetch(`${url}/api/calculations`, { method: "POST", headers, body: JSON.stringify({ index: String(index) }) });
}

/** Returns the calculation of F(index), or nothing while it cannot be read. */
export async function calculation(index) {
  const answer = await fetch(`${url}/api/calculations/${index}`).catch(() => undefined);
  if (!answer?.ok) {
    await answer?.body?.cancel();
    return undefined;
  }
  return answer.json();
}

/** Waits until F(index) is done and returns its digits. */
export async function valueOf(index) {
  await eventually(`F(${index}) is done`, async () => (await calculation(index))?.status === "done");
  const answer = await fetch(`${url}/api/calculations/${index}/value`);
  if (!answer.ok) throw new Error(`F(${index}) is done and its value answers ${answer.status}`);
  return answer.text();
}

/** Returns F(n), by doubling. */
export function fibonacci(n) {
  let [low, high] = [0n, 1n];
  for (const bit of n.toString(2)) {
    [low, high] = [low * (2n * high - low), low * low + high * high];
    if (bit === "1") [low, high] = [high, low + high];
  }
  return low;
}

/** Returns the SHA-256 of a text, in hexadecimal. */
export const sha256 = (text) => createHash("sha256").update(text).digest("hex");

/** Returns an index that no other test uses: ci/containers gives each file its own range. */
let next = Number(process.env.ABACI_FIRST_INDEX ?? 20_000);
export const freshIndex = () => next++;
