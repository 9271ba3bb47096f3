"""The calls that moto lacks: Elastic Beanstalk's, and those behind which a real server has to change."""
import base64
import datetime
import io
import json
import secrets
import urllib.parse
import xml.etree.ElementTree as xml

from rehearsal.environment import ENVIRONMENTS, VERSIONS
from rehearsal.rights import ROLE_KEY, not_allowed_to_beanstalk, read_call, trusts
from rehearsal.stacks import RUNNING


class Refused(Exception):
    """A call that AWS would answer with InvalidParameterValue, or with the code that is given."""

    def __init__(self, message, code="InvalidParameterValue"):
        super().__init__(message)
        self.code = code


class Calls:
    """A WSGI application in front of moto's."""

    def __init__(self, application):
        self.application = application

    def __call__(self, environ, start_response):
        key, action, _ = read_call(environ)
        if action in ANSWERED:
            status, body = answer(action, read_form(environ) | {"caller": key})
            start_response(status, [("Content-Type", "text/xml")])
            return [body]
        if action in FOLLOWED:
            return self.follow(environ, start_response, FOLLOWED[action])
        return self.application(environ, start_response)

    def follow(self, environ, start_response, then):
        """Does what moto does, then what has to happen to the real server."""
        form, statuses = read_form(environ), []

        def start(status, *rest):
            statuses.append(status)
            return start_response(status, *rest)

        body = list(self.application(environ, start))
        if statuses[0].startswith("200"):
            then(form)
        return body


def read_form(environ):
    body = environ["wsgi.input"].read()
    environ["wsgi.input"] = io.BytesIO(body)
    return dict(urllib.parse.parse_qsl(body.decode()))


def answer(action, form):
    """The status and the body, in the protocol that AWS calls `query`."""
    name = action.partition(":")[2]
    try:
        status, tree = "200 OK", element(f"{name}Response", {f"{name}Result": ANSWERED[action](form)})
    except Refused as refused:
        status, tree = "400 Bad Request", element("ErrorResponse", {"Error": {"Type": "Sender", "Code": refused.code, "Message": str(refused)}})
    return status, xml.tostring(tree)


def element(name, value):
    node = xml.Element(name)
    if isinstance(value, dict):
        node.extend(element(*member) for member in value.items())
    elif isinstance(value, list):
        node.extend(element("member", one) for one in value)
    else:
        node.text = value.isoformat() if isinstance(value, datetime.datetime) else str(value).lower() if isinstance(value, bool) else value
    return node


def create_application_version(form):
    key = form["ApplicationName"], form["VersionLabel"]
    if key in VERSIONS:
        raise Refused(f"Application Version {key[1]} already exists.")
    VERSIONS[key] = {name: form[f"SourceBundle.{name}"] for name in ("S3Bucket", "S3Key")}
    return {"ApplicationVersion": version(key)}


def describe_application_versions(form):
    wanted = listed(form, "VersionLabels")
    return {"ApplicationVersions": [version(key) for key in VERSIONS if key[0] == form["ApplicationName"] and (not wanted or key[1] in wanted)]}


def version(key):
    return {"ApplicationName": key[0], "VersionLabel": key[1], "SourceBundle": VERSIONS[key], "Status": "UNPROCESSED"}


def describe_environments(form):
    wanted = listed(form, "EnvironmentNames") or list(ENVIRONMENTS)
    return {"Environments": [ENVIRONMENTS[name].description() for name in wanted if name in ENVIRONMENTS]}


def update_environment(form):
    environment, label = ENVIRONMENTS[form["EnvironmentName"]], form["VersionLabel"]
    if (environment.application, label) not in VERSIONS:
        raise Refused(f"No Application Version named '{label}' found.")
    if environment.status != "Ready":
        raise Refused(f"Environment named {environment.name} is in an invalid state for this operation. Must be Ready.")
    bundle = "arn:aws:s3:::{S3Bucket}/{S3Key}".format(**VERSIONS[environment.application, label])
    missing = not_allowed_to_beanstalk(form["caller"], environment.operations_role, environment.instance_role, bundle)
    if missing:
        environment.log(f"Environment update is refused: {missing}", "ERROR")
        raise Refused(missing, "InsufficientPrivilegesException")
    environment.update(label)
    return environment.description()


def describe_events(form):
    events = ENVIRONMENTS[form["EnvironmentName"]].events[-int(form.get("MaxRecords", 100)):]
    return {"Events": list(reversed(events))}


def describe_environment_resources(form):
    environment = ENVIRONMENTS[form["EnvironmentName"]]
    return {"EnvironmentResources": {
        "EnvironmentName": environment.name,
        "AutoScalingGroups": [{"Name": "awseb-e-rehearsal-stack-AWSEBAutoScalingGroup"}],
        "Instances": [{"Id": one.instance_id} for one in environment.instances],
    }}


def assume_role_with_web_identity(form):
    role = form["RoleArn"].rpartition("/")[2]
    claims = json.loads(base64.urlsafe_b64decode(form["WebIdentityToken"].split(".")[1] + "=="))
    if not trusts(role, claims):
        raise Refused(f"{claims['sub']} is not authorized to perform sts:AssumeRoleWithWebIdentity", "AccessDenied")
    ends = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)
    return {"Credentials": {"AccessKeyId": ROLE_KEY + role, "SecretAccessKey": secrets.token_hex(20), "SessionToken": "rehearsal", "Expiration": ends}}


def modify_replication_group(form):
    if form.get("AuthTokenUpdateStrategy") == "ROTATE":
        RUNNING["cache"].add_password(form["AuthToken"])
    elif form.get("AuthTokenUpdateStrategy") == "SET":
        RUNNING["cache"].set_password(form["AuthToken"])
    return {"ReplicationGroup": group(form)}


def describe_replication_groups(form):
    return {"ReplicationGroups": [group(form)]}


def group(form):
    name = form["ReplicationGroupId"]
    return {"ReplicationGroupId": name, "Status": "available", "Description": name}


def database_changed(form):
    if "MasterUserPassword" in form:
        RUNNING["database"].set_password(form["MasterUserPassword"])


def database_dumped(form):
    RUNNING["dumps"][form["DBSnapshotIdentifier"]] = RUNNING["database"].dump()


def listed(form, name):
    return [value for key, value in form.items() if key.startswith(f"{name}.member.")]


ANSWERED = {
    "elasticbeanstalk:CreateApplicationVersion": create_application_version,
    "elasticbeanstalk:DescribeApplicationVersions": describe_application_versions,
    "elasticbeanstalk:DescribeEnvironments": describe_environments,
    "elasticbeanstalk:UpdateEnvironment": update_environment,
    "elasticbeanstalk:DescribeEvents": describe_events,
    "elasticbeanstalk:DescribeEnvironmentResources": describe_environment_resources,
    "sts:AssumeRoleWithWebIdentity": assume_role_with_web_identity,
    "elasticache:ModifyReplicationGroup": modify_replication_group,
    "elasticache:DescribeReplicationGroups": describe_replication_groups,
}
FOLLOWED = {"rds:ModifyDBInstance": database_changed, "rds:CreateDBSnapshot": database_dumped}
