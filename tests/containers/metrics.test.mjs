// Prometheus finds every process, and its rules evaluate.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";

import { compose, docker, eventually, freshIndex, healthy, submit } from "./stack.mjs";

const port = process.env.ABACI_METRICS_PORT ?? 9090;
const ask = async (path) => (await fetch(`http://127.0.0.1:${port}/api/v1/${path}`)).json();

before(async () => {
  await compose("--profile=metrics", "up", "--detach", "--no-deps", "prometheus");
  await healthy("prometheus");
});

after(() => compose("--profile=metrics", "rm", "--stop", "--force", "--volumes", "prometheus"));

test("the rules pass their tests", async () => {
  const folder = `${process.cwd()}/deploy/compose/prometheus`;
  await docker("run", "--rm", `--volume=${folder}:/rules:ro`, "--workdir=/rules", "--entrypoint=promtool",
    "prom/prometheus:v3.5.3", "test", "rules", "rules.test.yml");
});

test("api, client and worker are found and answer", async () => {
  await eventually("all are up", async () => {
    const { data } = await ask("targets?state=active");
    const up = data.activeTargets.filter(({ health }) => health === "up").map(({ labels }) => labels.job);
    return ["api", "client", "worker"].every((job) => up.includes(job));
  });
});

test("the metrics in the rules are exported", async () => {
  const { data } = await ask("rules");
  const rules = data.groups.flatMap(({ rules }) => rules);
  assert.ok(rules.length >= 8);
  assert.deepEqual(rules.filter(({ health }) => health === "err"), []);
  assert.ok((await submit(freshIndex(), { wait: 30 })).ok);
  // Counters of errors appear with the first error.
  const wanted = ["up", "abaci_api_accepted_total", "abaci_http_requests_total", "abaci_worker_jobs_total", "abaci_worker_queue_wait_seconds_bucket"];
  await eventually(`${wanted.join(", ")} are scraped`, async () => {
    const { data: names } = await ask("label/__name__/values");
    return wanted.every((name) => names.includes(name));
  });
});

test("no panel of the dashboard is empty", async () => {
  const dashboard = JSON.parse(await readFile("deploy/compose/grafana/dashboard.json", "utf8"));
  const panels = dashboard.panels.filter(({ type }) => type !== "row");
  assert.ok(panels.length >= 15);
  // A rate needs two scrapes with something in between.
  assert.ok((await submit(freshIndex(), { wait: 30 })).ok);
  for (const { title, targets } of panels) for (const { expr } of targets) {
    const query = encodeURIComponent(expr.replaceAll("$__rate_interval", "1m"));
    await eventually(`${title}: ${expr} has samples`, async () => {
      const { status, error, data } = await ask(`query?query=${query}`);
      assert.equal(status, "success", error);
      return data.result.length > 0;
    });
  }
});
