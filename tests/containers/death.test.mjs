// Kills each container in turn, under load: it restarts and nothing accepted is lost.
import assert from "node:assert/strict";
import { test } from "node:test";

import { Ledger } from "./ledger.mjs";
import { containers, eventually, healthy, killProcess } from "./stack.mjs";

for (const service of ["worker", "api", "client", "nginx", "redis", "postgres"]) {
  test(`${service} is killed and restarts, and nothing accepted is lost`, async (t) => {
    await healthy();
    const ledger = new Ledger({ patient: true });
    t.after(() => ledger.stop());
    const [before] = await containers(service);
    await eventually("the stream flows", () => ledger.accepted.length > 20);
    const killed = performance.now();
    killProcess(before);
    await eventually(`${service} runs again`, async () => {
      const [now] = await containers(service);
      return now.State.Running && now.State.Pid !== before.State.Pid && now.RestartCount > before.RestartCount;
    });
    await healthy();
    t.diagnostic(`healthy again after ${Math.round(performance.now() - killed)} ms`);
    const accepted = ledger.accepted.length;
    await eventually("the stream flows again", () => ledger.accepted.length > accepted + 20);
    await ledger.stop();
    assert.deepEqual(await ledger.wrong(), []);
    t.diagnostic(`${ledger.accepted.length} accepted, ${ledger.repeated.length} requests had to be repeated`);
  });
}
