// The content of the production images.
import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { docker, eventually, fibonacci } from "./stack.mjs";

const PROGRAMS = ["serve", "api", "client", "worker"];
const MAX_BYTES = 24e6;

// The composition runs the production images.
const imageOf = (service) => `${process.env.COMPOSE_PROJECT_NAME}-${service}`;
const inspect = async (service) => JSON.parse(await docker("image", "inspect", imageOf(service)))[0];

// Returns the path of every file in the image, without `./`.
async function filesOf(service) {
  const id = await docker("create", imageOf(service));
  const folder = await mkdtemp(join(tmpdir(), "abaci-image-"));
  try {
    await docker("export", "--output", join(folder, "image.tar"), id);
    const { stdout } = await run("tar", "-tf", join(folder, "image.tar"));
    return stdout.split("\n").filter(Boolean);
  } finally {
    await docker("rm", "--force", "--volumes", id);
    await rm(folder, { recursive: true });
  }
}

async function run(program, ...words) {
  const { execFile } = await import("node:child_process");
  const { promisify } = await import("node:util");
  return promisify(execFile)(program, words, { maxBuffer: 64 << 20 });
}

for (const service of PROGRAMS) {
  test(`${service} contains a small executable, certificates, an empty folder and no shell`, async (t) => {
    const { Size } = await inspect(service);
    t.diagnostic(`${(Size / 1e6).toFixed(1)} MB`);
    assert.ok(Size <= MAX_BYTES, `${Size} bytes`);
    // The engine adds /dev, /proc, /sys, .dockerenv and the files of names.
    const engines = /^(dev|proc|sys|\.dockerenv|etc\/(hostname|hosts|mtab|resolv\.conf)|etc\/?$)/;
    const ours = (await filesOf(service)).filter((file) => !engines.test(file) && !file.endsWith("/"));
    assert.deepEqual(ours.sort(), ["abaci", "etc/ssl/certs/ca-certificates.crt", "etc/ssl/certs/rds-global-bundle.pem"]);
  });

  test(`${service} has labels, a numeric user and a health check`, async () => {
    const { Config } = await inspect(service);
    assert.equal(Config.User, "65532:65532");
    assert.equal(Config.StopSignal, "SIGTERM");
    assert.deepEqual(Config.Healthcheck.Test, ["CMD", "/abaci", "healthcheck"]);
    assert.equal(Config.Labels["org.opencontainers.image.title"], "Abaci");
    assert.ok(Config.Env.includes("SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt"));
  });
}

test("the router contains nginx and what its start needs, under 40 MB", async (t) => {
  const { Size, Config } = await inspect("nginx");
  t.diagnostic(`${(Size / 1e6).toFixed(1)} MB`);
  assert.ok(Size <= 40e6, `${Size} bytes`);
  assert.equal(Config.User, "101:101");
  assert.deepEqual(Config.Healthcheck.Test, ["CMD", "nc", "-w", "2", "127.0.0.1", "3050"]);
  const files = (await filesOf("nginx")).filter((file) => !file.endsWith("/"));
  for (const file of ["usr/sbin/nginx", "usr/bin/envsubst", "bin/busybox", "router/run", "router/nginx.conf"]) assert.ok(files.includes(file), file);
  assert.deepEqual(files.filter((file) => /apt|dpkg|perl|bash$/.test(file)), []);
});

test("one container on a read-only root computes a value, and stops gracefully on SIGTERM", async () => {
  const id = await docker("run", "--detach", "--read-only", "--cap-drop=ALL", "--health-interval=1s", "--publish=127.0.0.1:0:3050", imageOf("serve"));
  try {
    await eventually("it is healthy", async () => {
      const [{ State }] = JSON.parse(await docker("inspect", id));
      assert.ok(State.Running, `ended with ${State.ExitCode}: ${await docker("logs", id)}`);
      return State.Health.Status === "healthy";
    });
    const address = await docker("port", id, "3050/tcp");
    const submitted = await fetch(`http://${address}/api/calculations`, {
      method: "POST", headers: { "content-type": "application/json", prefer: "wait=20" }, body: JSON.stringify({ index: "1000" }),
    });
    assert.equal((await submitted.json()).value, String(fibonacci(1000)));
    const before = performance.now();
    await docker("stop", "--time=30", id);
    const [{ State }] = JSON.parse(await docker("inspect", id));
    assert.equal(State.ExitCode, 0);
    assert.ok(performance.now() - before < 10_000, "it did not stop within 10 s");
  } finally {
    await docker("rm", "--force", "--volumes", id);
  }
});

test("no secret is in any layer", async () => {
  const secrets = [
    ...["postgres-password", "redis-password"].map((name) => join("deploy/compose/secrets", name)),
  ];
  const needles = await Promise.all(secrets.map(async (file) => (await readFile(file, "utf8")).trim()));
  needles.push(...(await certificatesOfThisNetwork()));
  for (const service of [...PROGRAMS, "nginx"]) {
    const folder = await mkdtemp(join(tmpdir(), "abaci-layers-"));
    try {
      const archive = join(folder, "image.tar");
      await docker("save", "--output", archive, imageOf(service));
      assert.deepEqual(await found(archive, needles), [], service);
      const history = await docker("history", "--no-trunc", "--format={{.CreatedBy}}", imageOf(service));
      for (const needle of needles) assert.ok(!history.includes(needle), `history of ${service}`);
    } finally {
      await rm(folder, { recursive: true });
    }
  }
});

// Lines that identify the build's certificates: the mark of ci/containers, and a line of each certificate that the base
// image does not have.
async function certificatesOfThisNetwork() {
  if (!process.env.ABACI_CA_FILE) return [];
  const given = await readFile(process.env.ABACI_CA_FILE, "utf8");
  const [mark] = given.split("\n");
  assert.match(mark, /^# development-only/);
  const official = await docker("run", "--rm", "--entrypoint=cat", "rust:1.95-slim-bookworm", "/etc/ssl/certs/ca-certificates.crt");
  const known = new Set(certificatesIn(official).map(fingerprint));
  // Not the first lines: certificates of one issuer share them.
  return [mark, ...certificatesIn(given).filter((pem) => !known.has(fingerprint(pem))).map((pem) => pem.split("\n").at(-4))];
}

const certificatesIn = (text) => text.match(/-----BEGIN CERTIFICATE-----[^]*?-----END CERTIFICATE-----/g) ?? [];
const fingerprint = (pem) => new X509Certificate(pem).fingerprint256;

// Layers are uncompressed tar files in a tar file, so a text in a file is a text in the archive.
async function found(archive, needles) {
  const longest = Math.max(...needles.map((needle) => needle.length));
  const hits = new Set();
  let rest = Buffer.alloc(0);
  for await (const chunk of createReadStream(archive, { highWaterMark: 1 << 20 })) {
    const text = Buffer.concat([rest, chunk]);
    for (const needle of needles) if (text.includes(needle)) hits.add(needle);
    rest = text.subarray(-longest);
  }
  return [...hits];
}

test("the build context leaves out the secrets", async () => {
  const ignore = await readFile("deploy/images/Dockerfile.dockerignore", "utf8");
  const lines = ignore.split("\n").filter((line) => line && !line.startsWith("#"));
  assert.equal(lines[0], "*");
  for (const name of await readdir("deploy/compose/secrets")) {
    assert.ok(!lines.some((line) => line.startsWith("!") && `deploy/compose/secrets/${name}`.startsWith(line.slice(1))), name);
  }
});
