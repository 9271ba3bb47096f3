// Containers are replaced under load: with the new one started first, and by `docker compose up`.
import assert from "node:assert/strict";
import { after, test } from "node:test";

import { Ledger } from "./ledger.mjs";
import { addresses, compose, containers, docker, eventually, healthy } from "./stack.mjs";

const scaleTo = (service, count) =>
  compose("up", "--detach", "--no-deps", "--no-recreate", `--scale=${service}=${count}`, service);

async function besideTheOld(service) {
  const [old] = await containers(service);
  await scaleTo(service, 2);
  await healthy(service);
  const replacement = (await containers(service)).find(({ Id }) => Id !== old.Id);
  assert.notEqual(addresses(replacement).front, addresses(old).front);
  // Longer than nginx caches a lookup (`valid=1s`).
  await flows(3_000);
  await docker("stop", old.Id);
  await docker("rm", old.Id);
}

async function thePlainWay(service) {
  await compose("up", "--detach", "--no-deps", "--force-recreate", service);
}

let ledger;
const flows = async (ms) => {
  const before = ledger.answered;
  const begun = performance.now();
  await eventually("the stream flows", () => ledger.answered > before + 20 && performance.now() - begun > ms);
};

after(async () => {
  await ledger?.stop();
});

const run = (name, patient, way) => {
  for (const service of ["api", "client"]) {
    test(`${service} is ${name}`, async (t) => {
      await healthy();
      ledger = new Ledger({ patient });
      await flows(1_000);
      await way(service);
      await healthy(service);
      await flows(3_000);
      await ledger.stop();
      t.diagnostic(`${ledger.answered} answered, ${ledger.repeated.length} repeated, ${ledger.failed.length} failed`);
      if (ledger.repeated.length > 0) t.diagnostic([...new Set(ledger.repeated.map((what) => what.replace(/\d{5,}/, "n")))].join("; "));
      assert.deepEqual(ledger.failed, []);
      assert.deepEqual(await ledger.wrong(), []);
    });
  }
};

run("replaced by a new one beside the old: no request fails beyond one retry", false, besideTheOld);
// With a single container there is none for a second or two, so requests are retried after their `Retry-After`.
run("recreated in place: every request succeeds when it is retried", true, thePlainWay);
