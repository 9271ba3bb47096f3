"""Whose call it is, and whether the policies of our templates allow it.

The key of a call says who makes it. `rehearsal` is the administrator, who may do anything. `rehearsal-instance` is an
instance, its hooks and its containers, who have it from the metadata service: it has the stack's InstanceRole. A key of
a user has that user's policies: CI's is the deploy user's. `rehearsal-role-NAME` has those of the role that was taken by
a token of GitHub. What they may not do is answered 403, as AWS would, and everything that they do is written down in
calls.log: who, action, resource.

What Beanstalk does in an update is checked against the environment's operations role, or without one against the caller.

Effects, actions and resources are evaluated. Conditions are evaluated only for who may take a role.
"""
import fnmatch
import io
import json
import os
import re
import urllib.parse

from moto.core import DEFAULT_ACCOUNT_ID

from rehearsal.engine import REGION, STATE, client

NEEDS_NO_RIGHT = {"sts:GetCallerIdentity"}
SERVICES = {"monitoring": "cloudwatch"}
ROLE_KEY = "rehearsal-role-"
# What an update of an environment calls. From AWS's managed policies for Beanstalk, which list more than one update needs.
BEANSTALK = {
    "autoscaling:CreateAutoScalingGroup": "arn:aws:autoscaling:{here}:autoScalingGroup:1:autoScalingGroupName/awseb-e-rehearsal-stack-AWSEBAutoScalingGroup",
    "autoscaling:UpdateAutoScalingGroup": "arn:aws:autoscaling:{here}:autoScalingGroup:1:autoScalingGroupName/awseb-e-rehearsal-stack-AWSEBAutoScalingGroup",
    "autoscaling:AttachInstances": "arn:aws:autoscaling:{here}:autoScalingGroup:1:autoScalingGroupName/awseb-e-rehearsal-stack-AWSEBAutoScalingGroup",
    "cloudformation:UpdateStack": "arn:aws:cloudformation:{here}:stack/awseb-e-rehearsal-stack/1",
    "ec2:CreateLaunchTemplateVersion": "arn:aws:ec2:{here}:launch-template/lt-1",
    "ec2:RunInstances": "arn:aws:ec2:{here}:instance/*",
    "elasticloadbalancing:RegisterTargets": "arn:aws:elasticloadbalancing:{here}:targetgroup/awseb-AWSEB-1/1",
    "logs:CreateLogGroup": "arn:aws:logs:{here}:log-group:/aws/elasticbeanstalk/rehearsal",
    "s3:PutObject": "arn:aws:s3:::elasticbeanstalk-us-east-1-123456789012/resources/rehearsal",
}
FORBIDDEN = """<?xml version="1.0"?><ErrorResponse><Error><Code>AccessDenied</Code><Message>{0}</Message></Error></ErrorResponse>"""


class Guard:
    """A WSGI application in front of moto's."""

    def __init__(self, application):
        self.application = application

    def __call__(self, environ, start_response):
        key, action, resource = read_call(environ)
        if key in (None, "rehearsal"):
            return self.application(environ, start_response)
        who, statements = identity(key)
        with open(os.path.join(STATE, "calls.log"), "a", encoding="utf-8") as file:
            file.write(f"{who} {action} {resource}\n")
        if action in NEEDS_NO_RIGHT or any(allows(one, action, resource) for one in statements):
            return self.application(environ, start_response)
        message = f"{who} is not authorized to perform: {action} on resource: {resource}"
        as_json = "HTTP_X_AMZ_TARGET" in environ
        body = json.dumps({"__type": "AccessDeniedException", "message": message}) if as_json else FORBIDDEN.format(message)
        start_response("403 Forbidden", [("Content-Type", "application/x-amz-json-1.1" if as_json else "text/xml"), ("x-amzn-ErrorType", "AccessDenied")])
        return [body.encode()]


def read_call(environ):
    """The key, `service:Action`, and the resource's ARN, `*` where the action takes none that we read."""
    signed = re.search(r"Credential=([^/]+)/\d+/[^/]+/([^/]+)/", environ.get("HTTP_AUTHORIZATION", ""))
    if not signed:
        # Only a token takes a role without a signature.
        return None, "sts:AssumeRoleWithWebIdentity" if b"Action=AssumeRoleWithWebIdentity" in peek(environ) else None, None
    key, service = signed[1], SERVICES.get(signed[2], signed[2])
    if service == "s3":
        return (key, *s3_call(environ))
    body = peek(environ)
    target, operation = environ.get("HTTP_X_AMZ_TARGET"), re.search(r"/operation/(\w+)$", environ["PATH_INFO"])
    if target:
        return key, f"{service}:{target.rpartition('.')[2]}", json.loads(body or b"{}").get("SecretId", "*")
    if operation:
        return key, f"{service}:{operation[1]}", "*"
    form = dict(urllib.parse.parse_qsl(body.decode()))
    return key, f"{service}:{form.get('Action')}", form_resource(service, form)


def peek(environ):
    """The body, which stays to be read."""
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    return body


def s3_call(environ):
    """The right that an object or a bucket asks for; parts of an upload ask for the whole's."""
    bucket, _, key = environ["PATH_INFO"].lstrip("/").partition("/")
    query = environ.get("QUERY_STRING", "")
    method = environ["REQUEST_METHOD"]
    if not key:
        return {"GET": "s3:ListBucket", "HEAD": "s3:ListBucket"}.get(method, f"s3:{method} on a bucket"), f"arn:aws:s3:::{bucket}"
    if method == "DELETE" and "uploadId" in query:
        return "s3:AbortMultipartUpload", f"arn:aws:s3:::{bucket}/{key}"
    actions = {"GET": "s3:GetObject", "HEAD": "s3:GetObject", "PUT": "s3:PutObject", "POST": "s3:PutObject", "DELETE": "s3:DeleteObject"}
    return actions[method], f"arn:aws:s3:::{bucket}/{key}"


def form_resource(service, form):
    here = f"{REGION}:{DEFAULT_ACCOUNT_ID}"
    application, label = form.get("ApplicationName"), form.get("VersionLabel") or form.get("VersionLabels.member.1")
    environment = form.get("EnvironmentName") or form.get("EnvironmentNames.member.1")
    if service == "elasticbeanstalk" and environment:
        return f"arn:aws:elasticbeanstalk:{here}:environment/{application}/{environment}"
    if service == "elasticbeanstalk" and label:
        return f"arn:aws:elasticbeanstalk:{here}:applicationversion/{application}/{label}"
    if service == "ec2" and "InstanceId" in form:
        return f"arn:aws:ec2:{here}:instance/{form['InstanceId']}"
    return "*"


def allows(statement, action, resource):
    return (statement["Effect"] == "Allow"
            and any(fnmatch.fnmatch(action.lower(), one.lower()) for one in listed(statement["Action"]))
            and any(fnmatch.fnmatchcase(resource, one) for one in listed(statement["Resource"])))


def listed(value):
    return value if isinstance(value, list) else [value]


def identity(key):
    """Whose key it is, and the statements of the policies that hold for it; none for a key that nobody has."""
    iam = client("iam")
    if key == "rehearsal-instance":
        roles = [role["RoleName"] for role in iam.list_roles()["Roles"] if "InstanceRole" in role["RoleName"]]
        return "instance", [one for role in roles for one in role_statements(role)]
    if key.startswith(ROLE_KEY):
        return key.removeprefix(ROLE_KEY), role_statements(key.removeprefix(ROLE_KEY))
    for user in iam.list_users()["Users"]:
        name = user["UserName"]
        if key in [one["AccessKeyId"] for one in iam.list_access_keys(UserName=name)["AccessKeyMetadata"]]:
            policies = iam.list_attached_user_policies(UserName=name)["AttachedPolicies"]
            return name, [one for policy in policies for one in managed_statements(policy["PolicyArn"])]
    return f"nobody ({key})", []


def role_statements(role):
    iam = client("iam")
    inline = [iam.get_role_policy(RoleName=role, PolicyName=one)["PolicyDocument"]["Statement"] for one in iam.list_role_policies(RoleName=role)["PolicyNames"]]
    attached = [managed_statements(one["PolicyArn"]) for one in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]]
    return sum(inline + attached, [])


def managed_statements(policy):
    iam = client("iam")
    version = iam.get_policy(PolicyArn=policy)["Policy"]["DefaultVersionId"]
    return iam.get_policy_version(PolicyArn=policy, VersionId=version)["PolicyVersion"]["Document"]["Statement"]


def not_allowed_to_beanstalk(key, operations_role, instance_role, bundle):
    """The first call of an update that the operations role may not make, or the caller if there is no such role."""
    if operations_role:
        who, statements = operations_role, role_statements(operations_role)
    elif key == "rehearsal":
        return None
    else:
        who, statements = identity(key)
    here = f"{REGION}:{DEFAULT_ACCOUNT_ID}"
    calls = [(action, resource.format(here=here)) for action, resource in BEANSTALK.items()]
    for action, resource in [*calls, ("iam:PassRole", instance_role), ("s3:GetObject", bundle)]:
        if not any(allows(one, action, resource) for one in statements):
            return f"{who} is not authorized to perform: {action} on resource: {resource}"
    return None


def trusts(role, claims):
    """Whether a role may be taken by a token of GitHub with these claims."""
    trust = client("iam").get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]["Statement"]
    return any(
        one["Effect"] == "Allow" and one["Action"] == "sts:AssumeRoleWithWebIdentity"
        and set(one["Condition"]) == {"StringEquals"}
        and all(claims.get(key.rpartition(":")[2]) in listed(value) for key, value in one["Condition"]["StringEquals"].items())
        for one in trust)
