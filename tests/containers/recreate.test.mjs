// Containers are replaced under load: by a new one before the old one goes, and the plain way.
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
  // Half a resolver's lifetime more than it takes to be known (`valid=2s` in nginx).
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

for (const service of ["api", "client"]) {
  for (const way of [besideTheOld, thePlainWay]) {
    const how = way === besideTheOld ? "a new one beside the old" : "itself made anew";
    test(`${service} is replaced by ${how}: no request fails beyond one retry`, async (t) => {
      await healthy();
      ledger = new Ledger();
      await flows(1_000);
      await way(service);
      await healthy(service);
      await flows(3_000);
      await ledger.stop();
      t.diagnostic(`${ledger.answered} answered, ${ledger.repeated.length} repeated once, ${ledger.failed.length} failed`);
      if (ledger.repeated.length > 0) t.diagnostic([...new Set(ledger.repeated.map((what) => what.replace(/\d{5,}/, "n")))].join("; "));
      assert.deepEqual(ledger.failed, []);
      assert.deepEqual(await ledger.wrong(), []);
    });
  }
}
