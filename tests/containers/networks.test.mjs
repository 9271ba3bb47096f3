// Which container reaches which, tried from inside each container's network, by name and by address.
import assert from "node:assert/strict";
import { test } from "node:test";

import { addresses, containers, docker, serviceOf } from "./stack.mjs";

// Any image with bash works: it joins the network of the container under test.
const PROBE = "postgres:18";

const PORTS = { "client": 3000, "api": 5000, "postgres": 5432, "redis": 6379 };
const REACHES = {
  nginx: ["client", "api"],
  client: ["client", "api"],
  api: ["client", "api", "postgres", "redis"],
  worker: ["api", "postgres", "redis"],
};

const running = await containers();
const first = (service) => running.find((container) => serviceOf(container) === service);

async function reaches(from, target, port) {
  const command = `timeout 2 bash -c 'exec 3<>/dev/tcp/${target}/${port}'`;
  try {
    await inNetworkOf(from, command);
    return true;
  } catch {
    return false;
  }
}

const inNetworkOf = (container, command, ...options) =>
  docker("run", "--rm", ...options, `--network=container:${container.Id}`, "--entrypoint=sh", PROBE, "-c", command);

for (const [from, expected] of Object.entries(REACHES)) {
  test(`${from} reaches ${expected.join(", ")} and no other`, async () => {
    const targets = Object.entries(PORTS).map(async ([service, port]) => {
      const names = [service, ...Object.values(addresses(first(service))).filter(Boolean)];
      const tries = await Promise.all(names.map((name) => reaches(first(from), name, port)));
      return { service, any: tries.some(Boolean), byName: tries[0] };
    });
    const found = await Promise.all(targets);
    assert.deepEqual(found.filter(({ any }) => any).map(({ service }) => service), expected);
    assert.deepEqual(found.filter(({ byName }) => byName).map(({ service }) => service), expected);
  });
}

test("worker, Postgres and Redis are only on a network without a route to the outside", async () => {
  for (const service of ["worker", "postgres", "redis"]) {
    const networks = Object.values(first(service).NetworkSettings.Networks).map(({ NetworkID }) => NetworkID);
    const described = JSON.parse(await docker("network", "inspect", ...networks));
    // The engine's firewall drops packets that leave such a network; there is no outside host to test with.
    assert.deepEqual(described.map(({ Internal }) => Internal), [true], service);
  }
});

test("Postgres rejects connections without the password", async () => {
  await assert.rejects(inNetworkOf(first("worker"), "PGPASSWORD=wrong psql -h postgres -U abaci -c 'select 1'"), /password authentication failed/);
});

test("Redis has one user, limited to Abaci's keys and without administration", async () => {
  const redis = first("redis");
  const ask = (...words) => docker("exec", redis.Id, "valkey-cli", ...words);
  assert.match(await ask("get", "abaci:x"), /NOAUTH/);
  const own = ["--user", "abaci", "--pass", "development-only-redis", "--no-auth-warning"];
  assert.match(await ask("--user", "abaci", "--pass", "wrong", "--no-auth-warning", "get", "abaci:x"), /WRONGPASS|NOAUTH/);
  assert.equal(await ask(...own, "ping"), "PONG");
  assert.match(await ask(...own, "get", "theirs:x"), /NOPERM/);
  for (const command of ["flushall", "config get dir", "shutdown", "acl list", "keys *"]) {
    assert.match(await ask(...own, ...command.split(" ")), /NOPERM/, command);
  }
});
