"""The types of our two templates that moto's CloudFormation does not know.

Each keeps its properties and says its name. Those behind which something really runs start and change it: secrets,
the database, the cache, versions and the environment.
"""
import json
import re
import secrets
import string

from moto.cloudformation import parsing
from moto.cloudformation.models import ChangeSet
from moto.cloudformation.responses import CloudFormationResponse
from moto.core.common_models import CloudFormationModel

from rehearsal.engine import client
from rehearsal.environment import ENVIRONMENTS, VERSIONS, Environment
from rehearsal.services import Cache, Database

RUNNING = {"database": None, "cache": None, "dumps": {}}


class Resource:
    """A resource that is remembered and nothing else. moto finds the types that derive from its own class directly."""

    kind, named_by = "", ""

    def __init__(self, name, properties):
        self.physical_resource_id, self.properties = name, properties
        self.begin()

    def begin(self):
        """What creating it starts."""

    def change(self, before):
        """What changing it does; the new properties are there already."""

    def delete(self, _account, _region):
        """What deleting it ends."""

    @classmethod
    def cloudformation_type(cls):
        return cls.kind

    @classmethod
    def cloudformation_name_type(cls):
        return cls.named_by

    @classmethod
    def create_from_cloudformation_json(cls, resource_name, cloudformation_json, _account_id=None, _region_name=None, **_):
        return cls(resource_name, resolved(cloudformation_json.get("Properties", {})))

    @classmethod
    def update_from_cloudformation_json(cls, original_resource, new_resource_name, cloudformation_json, account_id, region_name):
        before, original_resource.properties = original_resource.properties, resolved(cloudformation_json.get("Properties", {}))
        try:
            original_resource.change(before)
        except Exception:
            # moto tries again, and must find the same difference.
            original_resource.properties = before
            raise
        return original_resource

    @classmethod
    def has_cfn_attr(cls, _attr):
        return True

    def get_cfn_attribute(self, name):
        return f"arn:aws:rehearsal:::{self.physical_resource_id}/{name}"

    def is_created(self):
        return True


class Secret(Resource, CloudFormationModel):
    kind, named_by = "AWS::SecretsManager::Secret", "Name"

    def begin(self):
        wanted = self.properties["GenerateSecretString"]
        text = "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(int(wanted["PasswordLength"])))
        self.physical_resource_id = client("secretsmanager").create_secret(Name=self.properties["Name"], SecretString=text)["ARN"]


class User(Resource, CloudFormationModel):
    """moto's own forgets the policies, and can be deleted with its keys, which AWS refuses."""

    kind, named_by = "AWS::IAM::User", "UserName"

    def begin(self):
        iam = client("iam")
        iam.create_user(UserName=self.physical_resource_id)
        for arn in self.properties["ManagedPolicyArns"]:
            iam.attach_user_policy(UserName=self.physical_resource_id, PolicyArn=arn)

    def delete(self, _account, _region):
        iam = client("iam")
        if iam.list_access_keys(UserName=self.physical_resource_id)["AccessKeyMetadata"]:
            raise ValueError("cannot delete a user who has access keys; delete them first")
        for arn in self.properties["ManagedPolicyArns"]:
            iam.detach_user_policy(UserName=self.physical_resource_id, PolicyArn=arn)
        iam.delete_user(UserName=self.physical_resource_id)


class Role(Resource, CloudFormationModel):
    """moto's own forgets managed policies, and does not change who may take it."""

    kind, named_by = "AWS::IAM::Role", "RoleName"

    def begin(self):
        iam = client("iam")
        iam.create_role(RoleName=self.physical_resource_id, AssumeRolePolicyDocument=json.dumps(self.properties["AssumeRolePolicyDocument"]))
        for one in self.properties.get("Policies", []):
            iam.put_role_policy(RoleName=self.physical_resource_id, PolicyName=one["PolicyName"], PolicyDocument=json.dumps(one["PolicyDocument"]))
        for arn in self.properties.get("ManagedPolicyArns", []):
            iam.attach_role_policy(RoleName=self.physical_resource_id, PolicyArn=arn)

    def change(self, before):
        client("iam").update_assume_role_policy(RoleName=self.physical_resource_id, PolicyDocument=json.dumps(self.properties["AssumeRolePolicyDocument"]))

    def get_cfn_attribute(self, name):
        return client("iam").get_role(RoleName=self.physical_resource_id)["Role"][{"Arn": "Arn", "RoleId": "RoleId"}[name]]

    def delete(self, _account, _region):
        # Until its instance profile is gone this fails at the end, and is called again.
        iam, name = client("iam"), self.physical_resource_id
        for one in iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]:
            iam.detach_role_policy(RoleName=name, PolicyArn=one["PolicyArn"])
        for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
            iam.delete_role_policy(RoleName=name, PolicyName=policy)
        iam.delete_role(RoleName=name)


class DatabaseInstance(Resource, CloudFormationModel):
    kind, named_by = "AWS::RDS::DBInstance", "DBInstanceIdentifier"

    def begin(self):
        Database.require_version(self.properties["EngineVersion"])
        dump = RUNNING["dumps"].get(self.properties.get("DBSnapshotIdentifier"))
        RUNNING["database"] = Database(self.properties["MasterUserPassword"], dump)
        self.physical_resource_id = RUNNING["database"].container
        client("rds").create_db_instance(
            DBInstanceIdentifier=self.physical_resource_id, Engine="postgres", EngineVersion=self.properties["EngineVersion"],
            DBInstanceClass=self.properties["DBInstanceClass"], MasterUsername="abaci",
            MasterUserPassword=self.properties["MasterUserPassword"], AllocatedStorage=20, DeletionProtection=True)

    def change(self, before):
        if before.get("DBSnapshotIdentifier") != self.properties.get("DBSnapshotIdentifier"):
            # CloudFormation makes the new one, under another name, and deletes the old one after a last snapshot.
            old = RUNNING["database"]
            self.begin()
            self._end(old)

    def get_cfn_attribute(self, name):
        return {"Endpoint.Address": RUNNING["database"].host, "Endpoint.Port": "5432"}[name]

    def delete(self, _account, _region):
        self._end(RUNNING["database"])

    @staticmethod
    def _end(database):
        client("rds").delete_db_instance(DBInstanceIdentifier=database.container, SkipFinalSnapshot=True)
        database.delete()


class ReplicationGroup(Resource, CloudFormationModel):
    kind, named_by = "AWS::ElastiCache::ReplicationGroup", "ReplicationGroupId"

    def begin(self):
        if not self.properties["TransitEncryptionEnabled"] or not self.properties["AuthToken"]:
            raise ValueError("the rehearsal has no cache without TLS and AUTH")
        Cache.require_version(self.properties["EngineVersion"])
        RUNNING["cache"] = Cache(self.properties["AuthToken"])

    def get_cfn_attribute(self, name):
        return {"PrimaryEndPoint.Address": RUNNING["cache"].host, "PrimaryEndPoint.Port": "6379"}[name]

    def delete(self, _account, _region):
        RUNNING["cache"].delete()


class Application(Resource, CloudFormationModel):
    kind, named_by = "AWS::ElasticBeanstalk::Application", "ApplicationName"


class Version(Resource, CloudFormationModel):
    kind = "AWS::ElasticBeanstalk::ApplicationVersion"

    def begin(self):
        VERSIONS[self.properties["ApplicationName"], self.physical_resource_id] = dict(self.properties["SourceBundle"])


class BeanstalkEnvironment(Resource, CloudFormationModel):
    kind, named_by = "AWS::ElasticBeanstalk::Environment", "EnvironmentName"

    def begin(self):
        # Really it is created when its instances serve; here the stack is complete before, and deploy/aws/wait-healthy waits.
        environment = Environment(self.properties["ApplicationName"], self.physical_resource_id, self.properties["VersionLabel"],
                                  self._options(), self.properties["SolutionStackName"], self._operations_role())
        ENVIRONMENTS[self.physical_resource_id] = environment

    def change(self, before):
        environment = ENVIRONMENTS[self.physical_resource_id]
        if self.properties["VersionLabel"] != environment.label:
            raise ValueError("an update of the stack would change the version that runs")
        environment.operations_role = self._operations_role()
        environment.reconfigure(self._options())

    def _operations_role(self):
        return self.properties.get("OperationsRole", "").rpartition("/")[2]

    def _options(self):
        return {(one["Namespace"], one["OptionName"]): str(one["Value"]) for one in self.properties["OptionSettings"] if one}

    def get_cfn_attribute(self, name):
        return ENVIRONMENTS[self.physical_resource_id].cname

    def delete(self, _account, _region):
        ENVIRONMENTS.pop(self.physical_resource_id).terminate()


REMEMBERED = [type("Remembered", (Resource, CloudFormationModel), {"kind": kind}) for kind in (
    "AWS::AutoScaling::ScalingPolicy", "AWS::CloudWatch::Alarm", "AWS::ElastiCache::ParameterGroup", "AWS::ElastiCache::SubnetGroup",
    "AWS::IAM::OIDCProvider", "AWS::RDS::DBParameterGroup", "AWS::RDS::DBSubnetGroup", "AWS::S3::BucketPolicy", "AWS::SNS::Subscription",
)]


def install():
    """Corrects moto's CloudFormation where it differs from AWS, and its interface has no way in."""
    apply = ChangeSet.apply

    def apply_with_outputs(change_set):
        # moto reads the outputs when a stack is made, which for a change set is before it has any.
        apply(change_set)
        change_set.stack.output_map = parsing.OutputMap(change_set.stack.resource_map, change_set.template_dict, change_set.stack.stack_id)

    ChangeSet.apply = apply_with_outputs
    # Asked for nothing new, AWS makes a change set that has failed and says why; moto would refuse to make one.
    CloudFormationResponse._validate_different_update = lambda *_: None
    update = parsing.parse_and_update_resource

    def update_what_there_is(logical_id, resource_json, resources, **where):
        # A condition that does not hold: moto would change what it has not made.
        return update(logical_id, resource_json, resources, **where) if resources[logical_id] is not None else None

    parsing.parse_and_update_resource = update_what_there_is
    difference = parsing.ResourceMap.build_resource_diff

    def difference_with_substitutions(resources, other_template, parameters=None):
        # A changed parameter inside of a text: moto sees those of Ref only.
        actions, known = difference(resources, other_template, parameters), other_template["Resources"]
        changed = [f"${{{key}}}" for key, value in (parameters or {}).items() if resources.input_parameters.get(key) != value]
        actions["Modify"] += [name for name in resources._resource_json_map if name in known and name not in actions["Modify"]
                              and any(one in json.dumps(known[name]) for one in changed)]
        return actions

    parsing.ResourceMap.build_resource_diff = difference_with_substitutions
    load = parsing.ResourceMap.load_parameters

    def load_with_lists(resources):
        # A list that keeps its value comes back as the list that it was made into.
        resources.input_parameters = {key: ",".join(value) if isinstance(value, list) else value for key, value in resources.input_parameters.items()}
        for one in resources._resource_json_map.values():
            if one.get("DeletionPolicy") == "RetainExceptOnCreate":
                # Newer than moto, which knows the difference to `Retain` as little as it rolls back.
                one["DeletionPolicy"] = "Retain"
        load(resources)

    parsing.ResourceMap.load_parameters = load_with_lists


def resolved(value):
    """Properties with `{{resolve:secretsmanager:ARN}}` put in, and what AWS::NoValue stands for left out."""
    if isinstance(value, dict):
        return {key: resolved(inner) for key, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [resolved(inner) for inner in value if inner is not None]
    if isinstance(value, str):
        return re.sub(r"\{\{resolve:secretsmanager:(.+?)\}\}", lambda found: client("secretsmanager").get_secret_value(SecretId=found[1])["SecretString"], value)
    return value
