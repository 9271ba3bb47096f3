"""The rehearsal's AWS: moto, with Elastic Beanstalk, RDS and ElastiCache that really run something, and the
instances' metadata. Listens on the address of a Docker network, which only this machine and its containers reach.

    python -m rehearsal.server ADDRESS PORT METADATA_PORT
"""
import datetime
import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import run_simple

from rehearsal import stacks
from rehearsal.calls import Calls
from rehearsal.engine import REGION
from rehearsal.rights import Guard


ROLE = "iam/security-credentials/"


def credentials():
    """Of the instance's role, as IMDS gives them; rights.py knows the key."""
    ends = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=6)
    return json.dumps({
        "Code": "Success", "Type": "AWS-HMAC", "AccessKeyId": "rehearsal-instance", "SecretAccessKey": "rehearsal", "Token": "rehearsal",
        "LastUpdated": f"{ends - datetime.timedelta(hours=6):%Y-%m-%dT%H:%M:%SZ}", "Expiration": f"{ends:%Y-%m-%dT%H:%M:%SZ}",
    })


class Metadata(BaseHTTPRequestHandler):
    """IMDSv2 of every instance, by a prefix each: /i-…/latest/…"""

    def do_PUT(self):
        self.answer("token" if self.path.endswith("/latest/api/token") and self.headers.get("X-aws-ec2-metadata-token-ttl-seconds") else None)

    def do_GET(self):
        instance, _, path = self.path.lstrip("/").partition("/latest/meta-data/")
        known = {"instance-id": instance, "placement/region": REGION, ROLE: "instance", f"{ROLE}instance": credentials()}
        self.answer(known.get(path) if self.headers.get("X-aws-ec2-metadata-token") == "token" else None)

    def answer(self, text):
        self.send_response(200 if text else 404)
        self.end_headers()
        self.wfile.write((text or "").encode())

    def log_message(self, *_):
        pass


def main():
    address, port, metadata_port = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    stacks.install()
    threading.Thread(target=ThreadingHTTPServer((address, metadata_port), Metadata).serve_forever, daemon=True).start()
    run_simple(address, port, Guard(Calls(DomainDispatcherApplication(create_backend_app))), threaded=True, use_reloader=False)


if __name__ == "__main__":
    main()
