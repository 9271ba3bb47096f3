// Uses the types that openapi-typescript generates, with openapi-fetch: the argument is the URL of a running system.
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import createClient from "openapi-fetch";
import type { components, paths } from "./schema.d.ts";

const client = createClient<paths>({ baseUrl: process.argv[2] });

function fibonacci(n: number): string {
  let [a, b] = [0n, 1n];
  for (let k = 0; k < n; k++) [a, b] = [b, a + b];
  return String(a);
}

async function wait(index: string): Promise<components["schemas"]["Calculation"]> {
  for (const deadline = Date.now() + 60_000; Date.now() < deadline; await sleep(50)) {
    const { data } = await client.GET("/api/calculations/{index}", { params: { path: { index } } });
    if (data?.status === "done") return data;
  }
  throw new Error(`F(${index}) is not done`);
}

const submitted = await client.POST("/api/calculations", { body: { index: "10009" } });
assert.equal(submitted.data?.subject, "F(10009)");
const calculation = await wait("10009");
const digits = fibonacci(10009);
assert.equal(calculation.digits, digits.length);
assert.equal(calculation.last_digits, digits.slice(-20));

const path = { index: "10009" };
const value = await client.GET("/api/calculations/{index}/value", { params: { path }, parseAs: "text" });
assert.equal(value.data, digits);
const part = await client.GET("/api/calculations/{index}/value", {
  params: { path, header: { range: "bytes=5-9" } },
  parseAs: "text",
});
assert.deepEqual([part.response.status, part.data], [206, digits.slice(5, 10)]);

const waited = await client.POST("/api/calculations", {
  params: { header: { prefer: "wait=30" } },
  body: { index: "301" },
});
assert.equal(waited.data?.value, fibonacci(301));

const batch = await client.POST("/api/calculations/batch", { body: { from: "1", to: "5" }, parseAs: "text" });
const lines: string[] = batch.data!.trim().split("\n");
assert.deepEqual(lines.map((line) => JSON.parse(line).index), ["1", "2", "3", "4", "5"]);

const facts = await client.GET("/api/numbers/{n}", {
  params: { path: { n: "10".repeat(20) }, query: { first: 5, modulus: "1000" } },
});
assert.deepEqual([facts.data?.first_digits.length, facts.data?.periods?.[0]?.modulus], [5, 1000]);

const { data, error, response } = await client.POST("/api/calculations", { body: { index: "1.5" } });
assert.deepEqual([data, response.status, error?.type], [undefined, 422, "urn:abaci:problem:index-not-integer"]);
const missing = await client.GET("/api/calculations/{index}", { params: { path: { index: "10010" } } });
assert.equal(missing.error?.status, 404);
console.log("the TypeScript client submitted, waited, and read values, ranges, facts and problems");
