"""Docker, by its command line, and where the rehearsal keeps things."""
import os
import subprocess

import boto3

STATE = os.environ["REHEARSAL_STATE"]
NETWORK = "rehearsal-vpc"
ENDPOINT = os.environ["AWS_ENDPOINT_URL"]
METADATA = os.environ["REHEARSAL_METADATA_URL"]
REGION = os.environ["AWS_REGION"]


class Failed(Exception):
    """A command that ended with another status than 0; its last lines are the text."""


def client(service):
    """A client of the rehearsal's own AWS: what happens behind one call asks others, as it does there."""
    return boto3.client(service, endpoint_url=ENDPOINT, region_name=REGION, aws_access_key_id="rehearsal", aws_secret_access_key="rehearsal")


def run(*command, stdin=None, timeout=300):
    """What the command printed on standard output; a failure is raised with both outputs' end."""
    done = subprocess.run(command, input=stdin, capture_output=True, text=not isinstance(stdin, bytes), timeout=timeout, check=False)
    if done.returncode:
        text = done.stdout + done.stderr
        raise Failed((text if isinstance(text, str) else text.decode(errors="replace")).strip()[-1500:])
    return done.stdout


def remove(*containers):
    """Removes containers that may or may not be there."""
    subprocess.run(["docker", "rm", "--force", "--volumes", *containers], capture_output=True, check=False)


def secret_file(name, text):
    """A file in the rehearsal's state that its owner alone can read."""
    path = os.path.join(STATE, name)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    return path
