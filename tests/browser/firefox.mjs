// Drives Debian's Firefox by WebDriver BiDi, which it speaks itself. Playwright needs a newer Firefox, and Debian has no
// geckodriver.
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

import WebSocket from "ws";

import { until } from "./browser.mjs";

/** Starts Firefox without a window. `errors` gets everything that goes wrong in its pages. */
export async function startFirefox() {
  const profile = await mkdtemp(join(tmpdir(), "abaci-firefox-"));
  const child = spawn(process.env.FIREFOX ?? "firefox-esr", ["--headless", "--no-remote", "--profile", profile,
    "--remote-debugging-port", "0"], { stdio: ["ignore", "ignore", "pipe"] });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const url = await new Promise((resolve, reject) => {
    child.once("exit", (code) => reject(new Error(`Firefox ended with ${code} before it answered`)));
    createInterface({ input: child.stderr }).on("line", (line) => {
      const found = line.match(/WebDriver BiDi listening on (\S+)/);
      if (found) resolve(found[1]);
    });
  });
  const errors = [];
  const { send, close } = await connect(`${url}/session`, (event) => {
    if (event.level === "error") errors.push(event.text);
  });
  await send("session.new", { capabilities: {} });
  await send("session.subscribe", { events: ["log.entryAdded"] });
  return {
    errors,
    async newPage() {
      const { context } = await send("browsingContext.create", { type: "tab" });
      return new Page(send, context);
    },
    async stop() {
      await send("browser.close", {});
      close();
      await ended;
      await rm(profile, { recursive: true });
    },
  };
}

async function connect(url, onLog) {
  const socket = new WebSocket(url);
  await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
  const waiting = new Map();
  let id = 0;
  socket.on("message", (data) => {
    const message = JSON.parse(data);
    if (message.type === "event") return onLog(message.params);
    const { resolve, reject } = waiting.get(message.id);
    waiting.delete(message.id);
    if (message.type === "error") reject(new Error(`${message.error}: ${message.message}`));
    else resolve(message.result);
  });
  const send = (method, params) => new Promise((resolve, reject) => {
    waiting.set((id += 1), { resolve, reject });
    socket.send(JSON.stringify({ id, method, params }));
  });
  return { send, close: () => socket.close() };
}

class Page {
  constructor(send, context) {
    Object.assign(this, { send, context });
  }

  goto(url) {
    return this.send("browsingContext.navigate", { context: this.context, url, wait: "complete" });
  }

  activate() {
    return this.send("browsingContext.activate", { context: this.context });
  }

  /** Returns the value of an expression in the page: a text, a number or a truth value. */
  async value(expression) {
    const parameters = { expression, target: { context: this.context }, awaitPromise: true, resultOwnership: "none" };
    const { result, exceptionDetails } = await this.send("script.evaluate", parameters);
    if (exceptionDetails) throw new Error(exceptionDetails.text);
    return result.value;
  }

  /** Waits until an expression is true. */
  until(what, expression) {
    return until(what, () => this.value(`Boolean(${expression})`));
  }

  /** Presses the keys of a text one after the other; `\uE007` is Enter. */
  type(text) {
    const actions = [...text].flatMap((value) => [{ type: "keyDown", value }, { type: "keyUp", value }]);
    return this.send("input.performActions", { context: this.context, actions: [{ type: "key", id: "keys", actions }] });
  }
}
