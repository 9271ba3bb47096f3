"""The calls that moto lacks: Elastic Beanstalk's, and those behind which a real server has to change."""
import datetime

from moto.core.responses import ActionResult
from moto.elasticache.responses import ElastiCacheResponse
from moto.elasticbeanstalk.exceptions import InvalidParameterValueError
from moto.elasticbeanstalk.responses import EBResponse
from moto.rds.responses import RDSResponse

from rehearsal.environment import ENVIRONMENTS, VERSIONS
from rehearsal.stacks import RUNNING

DATES = {}


def install():
    """Puts the calls in."""
    for call in (create_application_version, describe_application_versions, describe_environments, update_environment,
                 describe_events, describe_environment_resources):
        setattr(EBResponse, call.__name__, call)
    ElastiCacheResponse.modify_replication_group = modify_replication_group
    ElastiCacheResponse.describe_replication_groups = describe_replication_groups
    around(RDSResponse, "modify_db_instance", database_changed)
    around(RDSResponse, "create_db_snapshot", database_dumped)


def create_application_version(self):
    key = self._get_param("ApplicationName"), self._get_param("VersionLabel")
    if key in VERSIONS:
        raise InvalidParameterValueError(f"Application Version {key[1]} already exists.")
    VERSIONS[key] = self._get_param("SourceBundle")
    DATES[key] = datetime.datetime.now(datetime.timezone.utc)
    return ActionResult({"ApplicationVersion": version(key)})


def describe_application_versions(self):
    application, wanted = self._get_param("ApplicationName"), self._get_param("VersionLabels") or []
    return ActionResult({"ApplicationVersions": [version(key) for key in VERSIONS if key[0] == application and (not wanted or key[1] in wanted)]})


def version(key):
    return {"ApplicationName": key[0], "VersionLabel": key[1], "SourceBundle": VERSIONS[key], "Status": "UNPROCESSED"}


def describe_environments(self):
    wanted = self._get_param("EnvironmentNames") or list(ENVIRONMENTS)
    return ActionResult({"Environments": [ENVIRONMENTS[name].description() for name in wanted if name in ENVIRONMENTS]})


def update_environment(self):
    environment = ENVIRONMENTS[self._get_param("EnvironmentName")]
    label = self._get_param("VersionLabel")
    if (environment.application, label) not in VERSIONS:
        raise InvalidParameterValueError(f"No Application Version named '{label}' found.")
    if environment.status != "Ready":
        raise InvalidParameterValueError(f"Environment named {environment.name} is in an invalid state for this operation. Must be Ready.")
    environment.update(label)
    return ActionResult(environment.description())


def describe_events(self):
    events = ENVIRONMENTS[self._get_param("EnvironmentName")].events[-int(self._get_param("MaxRecords") or 100):]
    return ActionResult({"Events": list(reversed(events))})


def describe_environment_resources(self):
    environment = ENVIRONMENTS[self._get_param("EnvironmentName")]
    return ActionResult({"EnvironmentResources": {
        "EnvironmentName": environment.name,
        "AutoScalingGroups": [{"Name": "awseb-e-rehearsal-stack-AWSEBAutoScalingGroup"}],
        "Instances": [{"Id": one.instance_id} for one in environment.instances],
    }})


def modify_replication_group(self):
    token, strategy = self._get_param("AuthToken"), self._get_param("AuthTokenUpdateStrategy")
    if strategy == "ROTATE":
        RUNNING["cache"].add_password(token)
    elif strategy == "SET":
        RUNNING["cache"].set_password(token)
    return ActionResult({"ReplicationGroup": group(self._get_param("ReplicationGroupId"))})


def describe_replication_groups(self):
    return ActionResult({"ReplicationGroups": [group(self._get_param("ReplicationGroupId"))]})


def group(name):
    return {"ReplicationGroupId": name, "Status": "available", "Description": name}


def database_changed(self):
    password = self.params.get("MasterUserPassword")
    if password:
        RUNNING["database"].set_password(password)


def database_dumped(self):
    RUNNING["dumps"][self.params["DBSnapshotIdentifier"]] = RUNNING["database"].dump()


def around(response, call, then):
    """Does what moto does, then what has to happen to the real server."""
    original = getattr(response, call)

    def both(self):
        result = original(self)
        then(self)
        return result

    setattr(response, call, both)
