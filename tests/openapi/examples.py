"""Runs the commands on the pages of the API with a server, and compares what it answers with what the pages show.

    examples.py URL            compares
    examples.py URL --renew    writes the answers into examples.txt

What differs at each run, such as times and tokens, is replaced by the same words.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

EXAMPLES = Path(__file__).parents[2] / "crates/api/src/docs/examples.txt"
LONGEST_LINES, LONGEST_LINE = 30, 320
REPLACEMENTS = [
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "2026-11-27T12:00:00Z"),
    (r'("(request_id|traceparent|token)": ")[^"]*"', r'\g<1>6c1f0a52d3b94e87"'),
    (r'("\w+_(ms|per_s)": )(null|[\d.]+)', r"\g<1>1"),
    (r'("(?:queued|started|announced)_at": )(null|"[^"]*")', r'\g<1>"2026-11-27T12:00:00Z"'),
    (r'("(attempt|waiting|claimed)": )\d+', r"\g<1>1"),
    # What waits in a lane at that moment.
    (r'("next": )\[[^\]]*\]', r"\g<1>[]"),
    # Drawn at random for each request.
    (r'("prime": ")\d{19}"', r'\g<1>2305843009213693951"'),
    (r'("calculation_status": )"queued"', r'\g<1>"running"'),
    (r'("id": ")[^"]*"', r'\g<1>host-1234-5a6b7"'),
    (r"\bid: \S+", "id: 941753f5131874ce-13"),
]


def main():
    url, renew = sys.argv[1], "--renew" in sys.argv
    sections, wrong = [], 0
    for section in EXAMPLES.read_text().split("## ")[1:]:
        name, *lines = section.rstrip().split("\n")
        commands = [line for line in lines if line.startswith("$ ")]
        expected = "\n".join(line for line in lines if not line.startswith("$ "))
        found = answer(commands, url) if commands else expected
        if found != expected and not renew:
            wrong += 1
            print(f"{name}: expected\n{expected}\ngot\n{found}\n")
        sections.append("\n".join([f"## {name}", *commands, found]))
    if renew:
        EXAMPLES.write_text("\n\n".join(sections) + "\n")
    return wrong > 0


def answer(commands, url):
    host = url.removeprefix("http://")
    script = "\n".join(command[2:] for command in commands).replace("localhost:3050", host)
    # An event stream is ended by the time limit in its command (28).
    run = subprocess.run(["bash", "-c", script], capture_output=True, text=True)
    if run.returncode not in (0, 28):
        sys.exit(f"{script}\nended with {run.returncode}: {run.stderr}")
    text = run.stdout.strip()
    try:
        text = json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except ValueError:
        pass
    for pattern, replacement in REPLACEMENTS:
        text = re.sub(pattern, replacement, text)
    text = text.replace(host, "localhost:3050")
    lines = [line if len(line) <= LONGEST_LINE else f"{line[:LONGEST_LINE]} …" for line in text.split("\n")]
    return "\n".join(lines if len(lines) <= LONGEST_LINES else [*lines[:LONGEST_LINES], "…"])


if __name__ == "__main__":
    sys.exit(main())
