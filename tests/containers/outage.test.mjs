// PostgreSQL or Redis is stopped for ten seconds: responses stay correct, and the system recovers.
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";

import { Ledger } from "./ledger.mjs";
import { compose, eventually, freshIndex, healthy, submit, url, valueOf } from "./stack.mjs";

const OUTAGE_MS = 10_000;

async function awayFor(service, meanwhile) {
  await compose("stop", service);
  const begun = performance.now();
  try {
    await meanwhile();
    await pause(Math.max(0, OUTAGE_MS - (performance.now() - begun)));
  } finally {
    await compose("start", service);
  }
}

test("Postgres is away: new calculations are refused and nothing accepted is lost", async (t) => {
  await healthy();
  const ledger = new Ledger({ patient: true });
  t.after(() => ledger.stop());
  await eventually("the stream flows", () => ledger.accepted.length > 20);
  await awayFor("postgres", async () => {
    const refused = await eventually("a refusal", async () => {
      const answer = await submit(freshIndex());
      return answer.status === 503 && answer;
    });
    assert.ok(Number(refused.headers.get("retry-after")) > 0);
    assert.equal((await refused.json()).type, "urn:abaci:problem:unavailable");
  });
  const back = performance.now();
  await healthy();
  t.diagnostic(`healthy ${Math.round(performance.now() - back)} ms after Postgres was started`);
  await ledger.stop();
  assert.deepEqual(await ledger.wrong(), []);
  t.diagnostic(`${ledger.accepted.length} accepted, ${ledger.repeated.length} requests had to be repeated`);
});

test("Redis is away: calculations are accepted, values are read, and all is computed when it is back", async (t) => {
  await healthy();
  const known = freshIndex();
  assert.ok((await submit(known, { wait: 30 })).ok);
  await valueOf(known);
  const accepted = [];
  await awayFor("redis", async () => {
    for (let i = 0; i < 20; i++) {
      const index = freshIndex();
      const answer = await submit(index);
      assert.equal(answer.status, 202, await answer.text());
      accepted.push(index);
      assert.equal((await fetch(`${url}/api/calculations/${known}/value`)).status, 200);
      assert.equal((await fetch(url)).status, 200);
    }
  });
  const back = performance.now();
  for (const index of accepted) await valueOf(index);
  t.diagnostic(`all ${accepted.length} done ${Math.round(performance.now() - back)} ms after Redis was started`);
  await healthy();
});
