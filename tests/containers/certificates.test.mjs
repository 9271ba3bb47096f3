// The root certificates of Amazon RDS in the images.
import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

const WARNING_DAYS = 90;

const bundle = await readFile("deploy/certificates/rds-global-bundle.pem", "utf8");
const certificates = bundle.match(/-----BEGIN CERTIFICATE-----[^]*?-----END CERTIFICATE-----/g).map((pem) => new X509Certificate(pem));

test("every certificate is a root of Amazon RDS", () => {
  assert.ok(certificates.length >= 80, `${certificates.length} certificates`);
  for (const certificate of certificates) {
    assert.match(certificate.subject, /^OU=Amazon RDS$/m);
    assert.ok(certificate.ca && certificate.verify(certificate.publicKey), certificate.subject);
  }
});

test(`none expires within ${WARNING_DAYS} days (if one does: deploy/certificates/generate)`, (t) => {
  const dates = certificates.map(({ validTo }) => new Date(validTo)).sort((one, other) => one - other);
  t.diagnostic(`the first expires on ${dates[0].toISOString().slice(0, 10)}`);
  assert.ok(dates[0] - Date.now() > WARNING_DAYS * 86_400_000);
});
