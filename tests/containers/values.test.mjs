// A value too long for a row is written by a worker and read by the api through their shared volume.
import assert from "node:assert/strict";
import { test } from "node:test";

import { compose, containers, docker, fibonacci, healthy, routed, sha256, submit, url, valueOf } from "./stack.mjs";

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
  const expected = sha256(String(fibonacci(INDEX)));
  assert.equal(sha256(digits), expected);
  const file = (await objects()).find((line) => line.includes(expected));
  assert.match(file ?? "nothing", /^65532:/);

  await compose("up", "--detach", "--no-deps", "--force-recreate", "api", "worker");
  await healthy("api", "worker");
  await routed();
  const answer = await fetch(`${url}/api/calculations/${INDEX}/value`, { headers: { range: "bytes=0-19" } });
  assert.equal(answer.status, 206);
  assert.equal(await answer.text(), digits.slice(0, 20));
});

test("the expected values are right", () => {
  let [low, high] = [0n, 1n];
  for (let n = 0; n < 1_000; n++) {
    assert.equal(fibonacci(n), low);
    [low, high] = [high, low + high];
  }
});
