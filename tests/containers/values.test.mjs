// A value too long for the record: written by a worker, read by the api, through the volume they share.
import assert from "node:assert/strict";
import { test } from "node:test";

import { compose, containers, docker, fibonacci, healthy, sha256, submit, url, valueOf } from "./stack.mjs";

// 208,988 digits.
const INDEX = 1_000_000;

const objects = async () => {
  const [{ Mounts }] = await containers("worker");
  const volume = Mounts.find(({ Destination }) => Destination === "/data").Name;
  const listing = await docker("run", "--rm", `--volume=${volume}:/data:ro`, "--entrypoint=find", "postgres:18", "/data", "-type", "f", "-printf", "%u:%p\n");
  return listing.split("\n");
};

test("a long value goes through the volume, exact, and survives its containers", async () => {
  await healthy();
  assert.ok((await submit(INDEX, { wait: 30 })).ok);
  const digits = await valueOf(INDEX);
  const expected = sha256(String(fibonacciByDoubling(INDEX)));
  assert.equal(sha256(digits), expected);
  const file = (await objects()).find((line) => line.includes(expected));
  assert.match(file ?? "nothing", /^65532:/);

  await compose("up", "--detach", "--no-deps", "--force-recreate", "api", "worker");
  await healthy("api", "worker");
  const answer = await fetch(`${url}/api/calculations/${INDEX}/value`, { headers: { range: "bytes=0-19" } });
  assert.equal(answer.status, 206);
  assert.equal(await answer.text(), digits.slice(0, 20));
});

// The other way is too slow for this one, and small enough to check it.
function fibonacciByDoubling(n) {
  let [low, high] = [0n, 1n];
  for (const bit of n.toString(2)) {
    [low, high] = [low * (2n * high - low), low * low + high * high];
    if (bit === "1") [low, high] = [high, low + high];
  }
  return low;
}

test("the check checks", () => {
  for (const n of [0, 1, 2, 10, 1_000]) assert.equal(fibonacciByDoubling(n), fibonacci(n));
});
