"""An Elastic Beanstalk environment: versions, instances, health, and how a version replaces another.

Single instance, all at once: the one instance is changed in place. Load-balanced, immutable: a new instance is made
beside the old, takes over behind the balancer when it is healthy, and is thrown away when it is not.
"""
import datetime
import os
import subprocess
import threading

from rehearsal.engine import NETWORK, STATE, Failed, client, remove, run
from rehearsal.instance import Instance

PORT, TLS_PORT = int(os.environ.get("REHEARSAL_PORT", "8180")), int(os.environ.get("REHEARSAL_TLS_PORT", "8143"))
VERSIONS, ENVIRONMENTS = {}, {}
BALANCER = """\
upstream instances { SERVERS }
server {
    LISTENERS
    location / {
        proxy_pass http://instances;
        proxy_http_version 1.1;
        proxy_set_header Connection "";
        proxy_set_header Host $http_host;
        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        proxy_set_header X-Forwarded-Proto $scheme;
        proxy_buffering off;
    }
}
"""


class Environment:
    """One environment; every change runs in a thread of its own, one at a time."""

    def __init__(self, application, name, label, options, solution_stack, operations_role):
        self.application, self.name, self.solution_stack = application, name, solution_stack
        self.operations_role = operations_role
        self.label, self.options = label, options
        self.status, self.health, self.events, self.instances = "Launching", "Grey", [], []
        self.created = datetime.datetime.now(datetime.timezone.utc)
        self.lock = threading.Lock()
        self.change(self._launch)

    # What the API shows.

    @property
    def load_balanced(self):
        return self.options.get(("aws:elasticbeanstalk:environment", "EnvironmentType")) == "LoadBalanced"

    @property
    def cname(self):
        return f"127.0.0.1:{PORT}"

    @property
    def endpoint(self):
        """The balancer's own name, which no certificate has; without a balancer the instance's address."""
        return "awseb-AWSEB-1.us-east-1.elb.amazonaws.com" if self.load_balanced else self.cname

    @property
    def instance_role(self):
        profile = self.options["aws:autoscaling:launchconfiguration", "IamInstanceProfile"]
        return client("iam").get_instance_profile(InstanceProfileName=profile)["InstanceProfile"]["Roles"][0]["Arn"]

    def description(self):
        if self.status == "Ready":
            self.health = "Green" if self.instances and all(one.healthy() for one in self.instances) else "Red"
        return {
            "EnvironmentName": self.name, "EnvironmentId": "e-rehearsal", "ApplicationName": self.application, "VersionLabel": self.label,
            "SolutionStackName": self.solution_stack, "EndpointURL": self.endpoint, "CNAME": self.cname, "DateCreated": self.created,
            "DateUpdated": self.created, "Status": self.status, "Health": self.health, "AbortableOperationInProgress": False,
            "Tier": {"Name": "WebServer", "Type": "Standard", "Version": "1.0"}, "EnvironmentLinks": [],
        }

    def log(self, message, severity="INFO"):
        at = datetime.datetime.now(datetime.timezone.utc)
        self.events.append({"EventDate": at, "Message": message, "Severity": severity, "ApplicationName": self.application, "EnvironmentName": self.name})
        with open(os.path.join(STATE, "events.log"), "a", encoding="utf-8") as file:
            file.write(f"{at:%H:%M:%S} {severity} {message}\n")

    # Changes.

    def change(self, work, *arguments):
        self.status = "Launching" if not self.instances else "Updating"

        def whole():
            with self.lock:
                try:
                    work(*arguments)
                except Exception as error:  # noqa: BLE001 # whatever it is, the environment ends its change and says so
                    self.log(f"{type(error).__name__}: {error}", "ERROR")
                self.status = "Ready"

        threading.Thread(target=whole, daemon=True).start()

    def update(self, label):
        self.change(self._update, label)

    def reconfigure(self, options):
        if options != self.options:
            before, self.options = self.options, options
            self.change(self._reconfigure, before)

    def terminate(self):
        with self.lock:
            for one in self.instances:
                one.terminate()
            self.instances = []
            remove("rehearsal-balancer")

    def _launch(self):
        one = self._new_instance()
        self.instances = [one]
        self._deploy(one, self.label)
        self._balance()

    def _update(self, label):
        self.log(f"Environment update is starting: {label}")
        (self._replace if self.load_balanced else self._in_place)(label)

    def _reconfigure(self, before):
        """Environment properties alone have changed: the same version, on the instances that there are."""
        self.log("Updating environment's configuration settings.")
        try:
            for one in self.instances:
                self._deploy(one, self.label, hooks="confighooks")
            self._balance()
            self.log("Successfully deployed new configuration to environment.")
        except Failed as failure:
            self.options = before
            self.log(f"Failed to deploy configuration: {failure}", "ERROR")

    def _in_place(self, label):
        try:
            self._deploy(self.instances[0], label)
            self.label = label
            self.log(f"New application version was deployed: {label}")
        except Failed as failure:
            self.log(f"Failed to deploy {label}: {failure}", "ERROR")

    def _replace(self, label):
        new = self._new_instance()
        try:
            self._deploy(new, label)
        except Failed as failure:
            new.terminate()
            self.log(f"Immutable deployment of {label} failed, its instance is terminated: {failure}", "ERROR")
            return
        old, self.instances, self.label = self.instances, [new], label
        self._balance()
        for one in old:
            one.terminate()
        self.log(f"New application version was deployed: {label}")

    def _new_instance(self):
        return Instance(self.name, None if self.load_balanced else PORT)

    def _deploy(self, one, label, hooks="hooks"):
        source = VERSIONS[self.application, label]
        bundle = client("s3").get_object(Bucket=source["S3Bucket"], Key=source["S3Key"])["Body"].read()
        one.deploy(label, bundle, self._properties(), self.log, hooks)
        if not one.wait_healthy():
            raise Failed(f"the instance does not become healthy:\n{one.logs()}")

    def _properties(self):
        """The environment properties, secrets looked up now: the platform reads them at each deployment."""
        properties = {name: value for (space, name), value in self.options.items() if space == "aws:elasticbeanstalk:application:environment"}
        secrets = client("secretsmanager")
        for (space, name), arn in self.options.items():
            if space == "aws:elasticbeanstalk:application:environmentsecrets":
                properties[name] = secrets.get_secret_value(SecretId=arn)["SecretString"]
        return properties

    def _balance(self):
        """Points the balancer at the instances; it ends what the old ones have begun."""
        if not self.load_balanced:
            return
        # A balancer listens where the options say, and has a certificate for the public name only.
        listeners = []
        if self.options.get(("aws:elbv2:listener:default", "ListenerEnabled"), "true") == "true":
            listeners.append("listen 80;")
        if self.options.get(("aws:elbv2:listener:443", "Protocol")) == "HTTPS":
            listeners.append("listen 443 ssl; ssl_certificate /rehearsal/balancer.pem; ssl_certificate_key /rehearsal/balancer.key;")
        servers = "".join(f"server {address(one)}:3050; " for one in self.instances)
        with open(os.path.join(STATE, "balancer", "balancer.conf"), "w", encoding="utf-8") as file:
            file.write(BALANCER.replace("SERVERS", servers).replace("LISTENERS", " ".join(listeners)))
        if subprocess.run(["docker", "exec", "rehearsal-balancer", "nginx", "-s", "reload"], capture_output=True, check=False).returncode:
            remove("rehearsal-balancer")
            run("docker", "run", "--detach", "--name", "rehearsal-balancer", "--network", NETWORK, "--publish", f"127.0.0.1:{PORT}:80",
                "--publish", f"127.0.0.1:{TLS_PORT}:443", "--volume", f"{STATE}/balancer:/etc/nginx/conf.d:ro", "--volume", f"{STATE}/tls:/rehearsal:ro", "nginx:1.30")


def address(one):
    container = run("docker", "ps", "--quiet", "--filter", f"label=com.docker.compose.project={one.name}",
                    "--filter", "label=com.docker.compose.service=nginx").split()[0]
    return run("docker", "inspect", "--format", "{{(index .NetworkSettings.Networks \"" + NETWORK + "\").IPAddress}}", container).strip()
