// What a container may do, read from the kernel where it can be and not only from what was asked for.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

import { containers, docker, serviceOf } from "./stack.mjs";

const SERVICES = ["api", "client", "nginx", "postgres", "redis", "worker"];

const running = await containers();

test("these services run, and no other", () => {
  assert.deepEqual([...new Set(running.map(serviceOf))].sort(), SERVICES);
});

for (const container of running) {
  const service = serviceOf(container);
  const status = async () => Object.fromEntries((await readFile(`/proc/${container.State.Pid}/status`, "utf8"))
    .split("\n").map((line) => line.split(":\t")).filter(([name]) => name));

  test(`${service} is not root, has no capability and can gain none`, async () => {
    const { Uid, Gid, CapEff, CapPrm, CapBnd, NoNewPrivs } = await status();
    assert.ok(Uid.split("\t").every((id) => id !== "0"), `uid ${Uid}`);
    assert.ok(Gid.split("\t").every((id) => id !== "0"), `gid ${Gid}`);
    assert.deepEqual([CapEff, CapPrm, CapBnd], Array(3).fill("0000000000000000"));
    assert.equal(NoNewPrivs.trim(), "1");
  });

  test(`${service} has a root that cannot be written`, async () => {
    const mounts = (await readFile(`/proc/${container.State.Pid}/mountinfo`, "utf8")).trim().split("\n").map((line) => line.split(" "));
    const root = mounts.find((mount) => mount[4] === "/");
    assert.ok(root[5].split(",").includes("ro"), root.join(" "));
  });

  test(`${service} has a limit of memory and of processes`, () => {
    assert.ok(container.HostConfig.Memory > 0);
    assert.ok(container.HostConfig.PidsLimit > 0);
  });

  test(`${service} ${service === "nginx" ? "alone is published, on loopback" : "is not published"}`, () => {
    const published = Object.values(container.HostConfig.PortBindings ?? {}).flat();
    const port = process.env.ABACI_PORT ?? "3050";
    assert.deepEqual(published, service === "nginx" ? [{ HostIp: "127.0.0.1", HostPort: port }] : []);
  });

  // The entry point of the official image reads Postgres's from its file into its own environment.
  if (service === "postgres") continue;
  test(`${service} has no password in its environment or on its command line`, async () => {
    const words = await readFile(`/proc/${container.State.Pid}/cmdline`, "utf8") + (await readFile(`/proc/${container.State.Pid}/environ`, "utf8"));
    assert.ok(!words.includes("development-only"));
  });
}

for (const [service, setting] of [["api", "ABACI_PUBLIC_URL=https://abaci.example"], ["api", "PGSSLMODE=verify-full"], ["worker", "REDIS_TLS=true"]]) {
  test(`${service} does not start with these passwords in production, which ${setting} is`, async () => {
    const image = running.find((container) => serviceOf(container) === service).Config.Image;
    const secrets = ["postgres", "redis"].flatMap((name) => [
      `--volume=${process.cwd()}/deploy/compose/secrets/${name}-password:/run/secrets/${name}_password:ro`,
      `--env=${name === "redis" ? "REDIS" : "PG"}PASSWORD_FILE=/run/secrets/${name}_password`,
    ]);
    const refused = docker("run", "--rm", "--network=none", ...secrets, "--env=PGHOST=postgres", "--env=PGSSLMODE=disable", "--env=REDIS_HOST=redis",
      `--env=${setting}`, image);
    await assert.rejects(refused, ({ code, stderr }) => code === 2 && /PASSWORD/.test(stderr) && !stderr.includes("development-only-"));
  });
}
