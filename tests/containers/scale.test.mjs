// More workers and fewer again, under load.
import assert from "node:assert/strict";
import { after, test } from "node:test";

import { Ledger } from "./ledger.mjs";
import { compose, containers, eventually, healthy, url } from "./stack.mjs";

const scaleTo = (count) => compose("up", "--detach", "--no-deps", "--no-recreate", `--scale=worker=${count}`, "worker");
const system = async () => (await fetch(`${url}/api/system`)).json();

after(() => scaleTo(1));

test("workers go from one to three and back, and nothing is lost", async (t) => {
  await healthy();
  const ledger = new Ledger({ patient: true });
  t.after(() => ledger.stop());
  for (const count of [3, 1]) {
    await scaleTo(count);
    await eventually(`${count} containers`, async () => (await containers("worker")).filter(({ State }) => State.Running).length === count);
    await healthy("worker");
    await eventually(`the system knows ${count} workers`, async () => (await system()).workers.length === count);
    const accepted = ledger.accepted.length;
    await eventually("the stream flows", () => ledger.accepted.length > accepted + 50);
  }
  await ledger.stop();
  assert.deepEqual(await ledger.wrong(), []);
  assert.deepEqual(ledger.failed, []);
  t.diagnostic(`${ledger.accepted.length} accepted, ${ledger.repeated.length} requests had to be repeated`);
});
