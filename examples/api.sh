#!/usr/bin/env bash
# The API with curl, against a running system.
#   examples/api.sh [URL]      URL is http://localhost:3050 if it is left out
set -euo pipefail
url=${1:-http://localhost:3050}
json='Content-Type: application/json'

echo "== Submit, and wait up to 10 s for the value"
curl -sS --fail-with-body "$url/api/calculations" -H "$json" -H 'Prefer: wait=10' -d '{"index": "1000"}'

echo; echo "== Submit without waiting, and poll"
curl -sS --fail-with-body --output /dev/null "$url/api/calculations" -H "$json" -d '{"index": "100000"}'
until curl -sS --fail-with-body "$url/api/calculations/100000" | grep --quiet '"status":"done"'; do sleep 0.2; done

echo "== The exact digits: how many, the first ten, and the last ten"
curl -sS --fail-with-body "$url/api/calculations/100000/value" | wc -c
curl -sS --fail-with-body -r 0-9 "$url/api/calculations/100000/value"; echo
curl -sS --fail-with-body -r -10 "$url/api/calculations/100000/value"; echo

echo "== Many at once: a range, and lines; all are accepted, or none"
curl -sS --fail-with-body "$url/api/calculations/batch" -H "$json" -d '{"from": "1", "to": "3"}'
seq 4 6 | curl -sS --fail-with-body "$url/api/calculations/batch" -H 'Content-Type: application/x-ndjson' --data-binary @-

echo "== Facts about F(10^20), without computing it"
curl -sS --fail-with-body "$url/api/numbers/100000000000000000000?first=30&last=30&modulus=1000"

echo; echo "== Are these the digits of F(100)?"
echo 354224848179261915075 | curl -sS --fail-with-body "$url/api/verify?index=100" -H 'Content-Type: text/plain' --data-binary @-

echo; echo "== An error says what was given and what is allowed"
curl -sS "$url/api/calculations" -H "$json" -d '{"index": "1e6"}'
echo
