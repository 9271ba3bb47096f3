// A stream of requests that records what was accepted, and checks at the end that all of it is done.
import { setTimeout as pause } from "node:timers/promises";

import { fibonacci, freshIndex, submit, url, valueOf } from "./stack.mjs";

/** Submits new indexes and reads the page and known values, several at a time, until it is stopped. */
export class Ledger {
  /** Indexes whose submission was answered with 2xx. */
  accepted = [];
  /** Requests that succeeded, at the first attempt or the second. */
  answered = 0;
  /** Requests that had to be repeated once. */
  repeated = [];
  /** Requests that failed twice. */
  failed = [];

  #stopped = false;
  #running;

  /** `patient` retries until it succeeds: for outages in which 503 is right. */
  constructor({ callers = 4, patient = false } = {}) {
    this.patient = patient;
    this.#running = Array.from({ length: callers }, () => this.#call());
  }

  /** Stops the stream and waits for its last requests. */
  async stop() {
    this.#stopped = true;
    await Promise.all(this.#running);
    return this;
  }

  /** Waits until everything accepted is done, and compares every value. Returns the differences. */
  async wrong() {
    const wrong = [];
    for (const index of this.accepted) {
      if ((await valueOf(index)) !== String(fibonacci(index))) wrong.push(index);
    }
    return wrong;
  }

  async #call() {
    while (!this.#stopped) {
      const index = freshIndex();
      if (await this.#once(`POST ${index}`, () => submit(index))) this.accepted.push(index);
      await this.#once("GET /", () => fetch(url));
      await this.#once("GET list", () => fetch(`${url}/api/calculations?limit=5`));
    }
  }

  // Retries once, after the `Retry-After` of the response.
  async #once(what, request) {
    for (let attempt = 1; ; attempt++) {
      const { problem, retryAfterS } = await this.#try(request);
      if (!problem) {
        this.answered++;
        return true;
      }
      if (this.patient ? this.#stopped : attempt === 2) {
        this.failed.push(`${what}: ${problem}`);
        return false;
      }
      if (attempt === 1) this.repeated.push(`${what}: ${problem}`);
      await pause(retryAfterS * 1_000);
    }
  }

  async #try(request) {
    try {
      const answer = await request();
      await answer.arrayBuffer();
      if (answer.ok) return {};
      return { problem: String(answer.status), retryAfterS: Number(answer.headers.get("retry-after") ?? 1) };
    } catch (error) {
      return { problem: error.cause?.code ?? String(error), retryAfterS: 1 };
    }
  }
}
