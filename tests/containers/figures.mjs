// Prints throughput and the memory of each container, idle and under load. To compare without containers:
//
//   ci/distributed node tests/containers/figures.mjs
import { setTimeout as pause } from "node:timers/promises";

import { Ledger } from "./ledger.mjs";
import { compose, containers, docker, healthy, serviceOf } from "./stack.mjs";

const LOAD_MS = 10_000;

async function memory() {
  const running = await containers();
  const names = new Map(running.map((container) => [container.Id.slice(0, 12), serviceOf(container)]));
  const lines = await docker("stats", "--no-stream", "--format={{.ID}} {{.MemUsage}}", ...names.keys());
  return new Map(lines.split("\n").map((line) => [names.get(line.slice(0, 12)), line.slice(13).split(" / ")[0]]));
}

async function load(halfway = async () => undefined) {
  const ledger = new Ledger({ callers: 16 });
  const begun = performance.now();
  await pause(LOAD_MS / 2);
  const seen = await halfway();
  await pause(LOAD_MS / 2);
  await ledger.stop();
  const perSecond = (count) => Math.round((count * 1_000) / (performance.now() - begun));
  console.log(`16 callers, by node: ${perSecond(ledger.answered)} requests/s, of which ${perSecond(ledger.accepted.length)} new indexes/s`);
  console.log(`${ledger.repeated.length} repeated, ${ledger.failed.length} failed`);
  return seen;
}

if (process.env.ABACI_TEST_URL) {
  await load();
} else {
  // Recreated, so that earlier tests have no effect on the memory.
  await compose("up", "--detach", "--force-recreate", "--wait");
  await healthy();
  const idle = await memory();
  const loaded = await load(memory);
  console.log("memory          idle        under load");
  for (const [service, bytes] of [...idle].sort()) console.log(service.padEnd(14), bytes.padEnd(11), loaded.get(service));
}
