"""What the tests here read: the templates with CloudFormation's short forms, the bundle, scripts run with a fake `aws`."""
import json
import os
import pathlib
import stat
import subprocess

import yaml

ROOT = pathlib.Path(__file__).parents[2]
# What a digest looks like; nothing is pulled by it.
IMAGES = {f"{role}_IMAGE": f"registry.example/abaci-{role.lower()}@sha256:{index:064x}" for index, role in enumerate(("NGINX", "CLIENT", "API", "WORKER"), 1)}


class Template(yaml.SafeLoader):
    """YAML with `!Ref`, `!Sub` and the rest, which become {"Ref": …}, {"Fn::Sub": …}."""


def short_form(loader, suffix, node):
    build = {yaml.ScalarNode: loader.construct_scalar, yaml.SequenceNode: loader.construct_sequence, yaml.MappingNode: loader.construct_mapping}[type(node)]
    value = build(node) if isinstance(node, yaml.ScalarNode) else build(node, deep=True)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


Template.add_multi_constructor("!", short_form)


def template(name):
    return yaml.load((ROOT / "deploy/aws" / f"{name}.yaml").read_text(encoding="utf-8"), Template)


def run(*command, path=None, **variables):
    """Runs a script from the repository's root without anybody's rights on AWS; `path` comes first on PATH."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "DOCKER_", "ABACI_"))}
    environment["PATH"] = f"{path}:{environment['PATH']}" if path else environment["PATH"]
    return subprocess.run(command, cwd=ROOT, env=environment | variables, capture_output=True, text=True, timeout=120, check=False)


def fake(folder, name, answers):
    """Puts a program on a path of its own that writes its arguments down, a line of JSON a call, and answers by the first
    of `answers` whose key is among them; any other call fails. Gives the file that it writes."""
    calls, program = pathlib.Path(folder, f"{name}.calls"), pathlib.Path(folder, name)
    calls.write_text("", encoding="utf-8")
    program.write_text(f"""#!/usr/bin/env python3
import json, sys
with open({str(calls)!r}, "a") as file:
    file.write(json.dumps(sys.argv[1:]) + "\\n")
for words, answer in {answers!r}.items():
    if words in " ".join(sys.argv[1:]):
        print(answer)
        sys.exit(0)
sys.exit("{name}: no answer to " + " ".join(sys.argv[1:]))
""", encoding="utf-8")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return calls


def calls_of(file):
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
