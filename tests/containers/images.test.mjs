// What is in the production images, and what is not.
import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { docker, eventually } from "./stack.mjs";

const PROGRAMS = ["api", "client", "worker"];
const MOST_BYTES = 20e6;

// The composition's own: it runs what is shipped.
const imageOf = (service) => `${process.env.COMPOSE_PROJECT_NAME}-${service}`;
const inspect = async (service) => JSON.parse(await docker("image", "inspect", imageOf(service)))[0];

// Every file of the image, `./` cut off.
async function filesOf(service) {
  const id = await docker("create", imageOf(service));
  const folder = await mkdtemp(join(tmpdir(), "abaci-image-"));
  try {
    await docker("export", "--output", join(folder, "image.tar"), id);
    const { stdout } = await run("tar", "-tf", join(folder, "image.tar"));
    return stdout.split("\n").filter(Boolean);
  } finally {
    await docker("rm", "--force", id);
    await rm(folder, { recursive: true });
  }
}

async function run(program, ...words) {
  const { execFile } = await import("node:child_process");
  const { promisify } = await import("node:util");
  return promisify(execFile)(program, words, { maxBuffer: 64 << 20 });
}

for (const service of PROGRAMS) {
  test(`${service} is one small program without a shell, its certificates and an empty folder`, async (t) => {
    const { Size } = await inspect(service);
    t.diagnostic(`${(Size / 1e6).toFixed(1)} MB`);
    assert.ok(Size <= MOST_BYTES, `${Size} bytes`);
    // What the engine itself puts there: /dev, /proc, /sys, .dockerenv and the names.
    const engines = /^(dev|proc|sys|\.dockerenv|etc\/(hostname|hosts|mtab|resolv\.conf)|etc\/?$)/;
    const ours = (await filesOf(service)).filter((file) => !engines.test(file) && !file.endsWith("/"));
    assert.deepEqual(ours.sort(), ["abaci", "etc/ssl/certs/ca-certificates.crt", "etc/ssl/certs/rds-global-bundle.pem"]);
  });

  test(`${service} says who it is, runs as nobody in particular and checks its own health`, async () => {
    const { Config } = await inspect(service);
    assert.equal(Config.User, "65532:65532");
    assert.equal(Config.StopSignal, "SIGTERM");
    assert.deepEqual(Config.Healthcheck.Test, ["CMD", "/abaci", "healthcheck"]);
    assert.equal(Config.Labels["org.opencontainers.image.title"], "Abaci");
    assert.ok(Config.Env.includes("SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt"));
  });
}

test("one image alone can write its data, becomes healthy and ends in order when told", async () => {
  const id = await docker("run", "--detach", "--cap-drop=ALL", imageOf("api"), "serve");
  try {
    await eventually("it is healthy", async () => {
      const [{ State }] = JSON.parse(await docker("inspect", id));
      assert.ok(State.Running, `ended with ${State.ExitCode}: ${await docker("logs", id)}`);
      return State.Health.Status === "healthy";
    });
    const before = performance.now();
    await docker("stop", "--time=30", id);
    const [{ State }] = JSON.parse(await docker("inspect", id));
    assert.equal(State.ExitCode, 0);
    assert.ok(performance.now() - before < 10_000, "it waited to be killed");
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

// By what the certificates that the build was given would be recognised: the door's mark, and a line of each
// that the base image does not have itself.
async function certificatesOfThisNetwork() {
  if (!process.env.ABACI_CA_FILE) return [];
  const given = await readFile(process.env.ABACI_CA_FILE, "utf8");
  const [mark] = given.split("\n");
  assert.match(mark, /^# development-only/);
  const official = await docker("run", "--rm", "--entrypoint=cat", "rust:1.95-slim-bookworm", "/etc/ssl/certs/ca-certificates.crt");
  const known = new Set(certificatesIn(official).map(fingerprint));
  // Not the first lines of its text: those are much alike in certificates of one issuer.
  return [mark, ...certificatesIn(given).filter((pem) => !known.has(fingerprint(pem))).map((pem) => pem.split("\n").at(-4))];
}

const certificatesIn = (text) => text.match(/-----BEGIN CERTIFICATE-----[^]*?-----END CERTIFICATE-----/g) ?? [];
const fingerprint = (pem) => new X509Certificate(pem).fingerprint256;

// Layers are tar files in a tar file, none compressed, so a text in a file is a text in the archive.
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

test("the context of the build is what the images are made of, and nothing else", async () => {
  const ignore = await readFile("deploy/images/Dockerfile.dockerignore", "utf8");
  const lines = ignore.split("\n").filter((line) => line && !line.startsWith("#"));
  assert.equal(lines[0], "*");
  for (const name of await readdir("deploy/compose/secrets")) {
    assert.ok(!lines.some((line) => line.startsWith("!") && `deploy/compose/secrets/${name}`.startsWith(line.slice(1))), name);
  }
});
