// The development shell has its tools and reaches every service.
import assert from "node:assert/strict";
import { test } from "node:test";

import { compose } from "./stack.mjs";

const inDev = (script) => compose("--profile=tools", "run", "--rm", "--no-TTY", "--no-deps", "dev", "sh", "-ec", script);

test("the shell has the toolchain and the sources, and reaches every service", async () => {
  const said = await inDev(`
    cargo metadata --no-deps --offline --format-version=1 | grep -o '"name":"fibonacci"' | head -n 1
    PGPASSWORD=$(cat "$PGPASSWORD_FILE") psql --tuples-only --no-align --command="select 'record'"
    REDISCLI_AUTH=$(cat "$REDIS_PASSWORD_FILE") redis-cli -h "$REDIS_HOST" --user "$REDIS_USERNAME" ping
    for service in nginx:3050/ client:3000/ api:5000/api/system; do curl --fail --silent --output /dev/null --write-out '%{http_code}\n' "http://$service"; done
  `);
  assert.deepEqual(said.split("\n"), ['"name":"fibonacci"', "record", "PONG", "200", "200", "200"]);
});
