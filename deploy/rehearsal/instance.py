"""One instance of the platform "Docker running on Amazon Linux 2023": a container with the hooks' tools, which
starts the bundle's containers on this machine's engine.

The order of a deployment is the platform's: unpack, .env, prebuild hooks, pull, predeploy hooks, stop the old
containers, start the new, postdeploy hooks. Up to the stop a failure leaves the old ones untouched. Where only
environment properties change the order is the same, and the hooks are those of `confighooks`.
"""
import io
import json
import os
import tarfile
import time
import urllib.request
import zipfile

from rehearsal.engine import ENDPOINT, METADATA, NETWORK, STATE, Failed, client, remove, run

OVERRIDE = """\
services:
  nginx:
    ports: !override {ports}
    networks: {{ front: {{}}, vpc: {{ aliases: ["{name}.instances.rehearsal.internal"] }} }}
  api: &backends
    networks: {{ front: {{}}, vpc: {{}} }}
    environment:
      AWS_ENDPOINT_URL: {endpoint}
      AWS_METADATA_ENDPOINT: {metadata}
    volumes:
      # In the place of Amazon's roots: the authority that signed the rehearsal's servers.
      - {state}/tls/ca.pem:/etc/ssl/certs/rds-global-bundle.pem:ro
      - {state}/tls/ca.pem:/etc/ssl/certs/ca-certificates.crt:ro
  worker: *backends
  migrate: *backends
networks:
  vpc: {{ external: true, name: {network} }}
"""


class Instance:
    """An instance that was started; `deploy` puts a version on it."""

    def __init__(self, environment_name, public_port=None):
        reservation = client("ec2").run_instances(
            ImageId="ami-12c6146b", MinCount=1, MaxCount=1,
            TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": "elasticbeanstalk:environment-name", "Value": environment_name}]}],
        )
        self.instance_id = reservation["Instances"][0]["InstanceId"]
        self.name = f"rehearsal-{self.instance_id}"
        self.public_port = public_port
        self.label = None
        run("docker", "run", "--detach", "--name", self.name, "--network", "host", "--volume", "/var/run/docker.sock:/var/run/docker.sock",
            "--volume", f"{STATE}/tls:{STATE}/tls:ro", *self._environment(), "rehearsal-instance")

    def _environment(self):
        settings = {
            "AWS_ENDPOINT_URL": ENDPOINT,
            "AWS_EC2_METADATA_SERVICE_ENDPOINT": f"{METADATA}/{self.instance_id}",
            # This machine does more than an instance's metadata service.
            "AWS_METADATA_SERVICE_TIMEOUT": "10", "AWS_METADATA_SERVICE_NUM_ATTEMPTS": "5",
            "COMPOSE_PROJECT_NAME": self.name, "ABACI_PROJECT": self.name, "ABACI_TRIAL_PROJECT": f"{self.name}-trial",
        }
        return [word for name, value in settings.items() for word in ("--env", f"{name}={value}")]

    def deploy(self, label, bundle, properties, log, hooks="hooks"):
        """Puts a version on the instance. `Failed` says at which step it ended, and leaves what the platform leaves."""
        self._exec("rm -rf /var/app/staging && mkdir -p /var/app/staging /var/app")
        self._copy_in(bundle, properties)
        try:
            self._hooks(f"{hooks}/prebuild", log)
            self._exec("cd /var/app/staging && docker compose pull --quiet")
            self._hooks(f"{hooks}/predeploy", log)
        except Failed as failure:
            self._exec("rm -rf /var/app/staging")
            raise Failed(f"before the old containers were touched: {failure}") from failure
        begun = time.monotonic()
        self._exec("if [ -d /var/app/current ]; then cd /var/app/current && docker compose down; fi")
        self._exec("rm -rf /var/app/current && mv /var/app/staging /var/app/current && cd /var/app/current && docker compose up --detach")
        log(f"{self.instance_id}: replaced the containers in {time.monotonic() - begun:.1f} s")
        self._hooks(f"{hooks}/postdeploy", log, folder="/var/app/current")
        self.label = label

    def _copy_in(self, bundle, properties):
        override = OVERRIDE.format(
            name=self.instance_id, ports=json.dumps([f"127.0.0.1:{self.public_port}:3050"] if self.public_port else []),
            endpoint=ENDPOINT, metadata=f"{METADATA}/{self.instance_id}", state=STATE, network=NETWORK)
        env = "".join(f"{name}={value}\n" for name, value in sorted(properties.items()))
        files = {"docker-compose.override.yml": (override.encode(), 0o644), ".env": (env.encode(), 0o600)}
        with zipfile.ZipFile(io.BytesIO(bundle)) as unpacked:
            for entry in unpacked.infolist():
                files[entry.filename] = (unpacked.read(entry), entry.external_attr >> 16 & 0o777)
        self._put("/var/app/staging", files)
        self._put("/opt/elasticbeanstalk", {"environment": (env.encode(), 0o600)})

    def _put(self, folder, files):
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w") as tar:
            for path, (content, mode) in files.items():
                entry = tarfile.TarInfo(path)
                entry.size, entry.mode = len(content), mode
                tar.addfile(entry, io.BytesIO(content))
        run("docker", "cp", "-", f"{self.name}:{folder}", stdin=archive.getvalue())

    def _hooks(self, stage, log, folder="/var/app/staging"):
        for hook in self._exec(f"ls -d {folder}/.platform/{stage}/* 2>/dev/null || true").split():
            # Only what may be executed is run: an archive that lost the bit has no hooks.
            said = self._exec(f"cd {folder} && [ -x {hook} ] && {hook} 2>&1")
            log(f"{self.instance_id}: {stage}/{os.path.basename(hook)}: {said.strip().splitlines()[-1] if said.strip() else 'done'}")

    def _exec(self, script):
        return run("docker", "exec", self.name, "bash", "-c", script, timeout=600)

    def healthy(self, path="/api/openapi.json"):
        """Whether the router's container answers on its port with 200, as a load balancer would ask."""
        try:
            containers = run("docker", "ps", "--quiet", "--filter", f"label=com.docker.compose.project={self.name}",
                             "--filter", "label=com.docker.compose.service=nginx").split()
            networks = json.loads(run("docker", "inspect", "--format", "{{json .NetworkSettings.Networks}}", containers[0]))
            with urllib.request.urlopen(f"http://{networks[NETWORK]['IPAddress']}:3050{path}", timeout=3) as answer:
                return answer.status == 200
        except (Failed, IndexError, KeyError, OSError):
            return False

    def wait_healthy(self, patience_secs=90):
        """Whether it became healthy in time, three answers in a row."""
        deadline, good = time.monotonic() + patience_secs, 0
        while time.monotonic() < deadline:
            good = good + 1 if self.healthy() else 0
            if good == 3:
                return True
            time.sleep(0.5)
        return False

    def logs(self):
        """What its containers said last."""
        try:
            return self._exec("cd /var/app/current && docker compose logs --no-color --tail 15 2>&1")
        except Failed as failure:
            return str(failure)

    def terminate(self):
        """Stops its containers as the platform does, then the instance."""
        try:
            self._exec("if [ -d /var/app/current ]; then cd /var/app/current && docker compose down --volumes; fi")
        except Failed:
            pass
        left = run("docker", "ps", "--all", "--quiet", "--filter", f"label=com.docker.compose.project={self.name}").split()
        remove(self.name, *left)
