"""The two stacks, and what hangs on them elsewhere."""
import json
import re
import unittest
from importlib import resources

from sources import ROOT, template

DATA, APPLICATION = template("data"), template("application")
# The document's seven.
PROPERTIES = {"REDIS_HOST", "REDIS_PORT", "PGUSER", "PGHOST", "PGDATABASE", "PGPASSWORD", "PGPORT"}
# What the scripts of CI say to `aws`, and the right that it asks for. None at all: sts get-caller-identity.
RIGHTS = {
    "s3 cp": {"s3:GetObject", "s3:PutObject"},
    "elasticbeanstalk create-application-version": {"elasticbeanstalk:CreateApplicationVersion"},
    "elasticbeanstalk describe-application-versions": {"elasticbeanstalk:DescribeApplicationVersions"},
    "elasticbeanstalk describe-environments": {"elasticbeanstalk:DescribeEnvironments"},
    "elasticbeanstalk describe-events": {"elasticbeanstalk:DescribeEvents"},
    "elasticbeanstalk update-environment": {"elasticbeanstalk:UpdateEnvironment"},
    "sts get-caller-identity": set(),
}


def properties(name, stack=DATA):
    return stack["Resources"][name]["Properties"]


def cfn_lint_versions():
    """The versions of each engine that AWS offers, the newest last, as the pinned cfn-lint knows them."""
    found = {}
    for name in ("aws_rds_dbinstance", "aws_elasticache_cachecluster"):
        schema = resources.files("cfnlint").joinpath("data/schemas/extensions", name, "engine_version.json")
        for rule in json.loads(schema.read_text(encoding="utf-8"))["allOf"]:
            engine = rule["if"]["properties"].get("Engine", {}).get("const")
            versions = rule["then"]["properties"].get("EngineVersion", {}).get("enum", []) if rule["then"] else []
            numbered = [one for one in versions if re.fullmatch(r"[\d.]+", one)]
            found[engine] = sorted(numbered, key=lambda version: [int(part) for part in version.split(".")])
    return {engine: versions for engine, versions in found.items() if versions}


def options():
    """(namespace, option) → value, those that hang on a condition among them."""
    found = {}
    for one in properties("Environment", APPLICATION)["OptionSettings"]:
        one = one["Fn::If"][1] if "Fn::If" in one else one
        found[one["Namespace"], one["OptionName"]] = one["Value"]
    return found


def statements(name):
    """The statements of a managed policy."""
    return properties(name, APPLICATION)["PolicyDocument"]["Statement"]


def listed(value):
    return [value] if isinstance(value, str) else value


class Data(unittest.TestCase):
    def test_the_database_is_private_encrypted_backed_up_and_speaks_tls_alone(self):
        database = properties("Database")
        self.assertFalse(database["PubliclyAccessible"])
        self.assertTrue(database["StorageEncrypted"])
        self.assertEqual(properties("DatabaseParameters")["Parameters"]["rds.force_ssl"], "1")
        self.assertGreaterEqual(DATA["Parameters"]["DatabaseBackupDays"]["MinValue"], 1)
        self.assertEqual(DATA["Parameters"]["DeletionProtection"]["Default"], "true")

    def test_the_cache_is_encrypted_wants_a_password_and_loses_no_job(self):
        cache = properties("Cache")
        self.assertTrue(cache["TransitEncryptionEnabled"] and cache["AtRestEncryptionEnabled"] and cache["AuthToken"])
        self.assertEqual(cache["TransitEncryptionMode"], "required")
        self.assertEqual(properties("CacheParameters")["Properties"]["maxmemory-policy"], "noeviction")
        self.assertEqual({one["LogType"] for one in cache["LogDeliveryConfigurations"]}, {"slow-log", "engine-log"})

    def test_the_versions_are_the_newest_that_aws_offers_and_those_of_development(self):
        offered = {engine: versions[-1] for engine, versions in cfn_lint_versions().items()}
        cache = DATA["Mappings"]["CacheEngines"]["valkey"]
        self.assertEqual(DATA["Parameters"]["DatabaseEngineVersion"]["Default"], offered["postgres"])
        self.assertEqual(cache["Version"], offered["valkey"])
        self.assertEqual(DATA["Parameters"]["DatabaseParameterFamily"]["Default"], "postgres" + offered["postgres"].partition(".")[0])
        self.assertEqual(cache["Family"], "valkey" + offered["valkey"].partition(".")[0])
        composition = (ROOT / "compose.yaml").read_text(encoding="utf-8")
        self.assertIn(f"image: postgres:{offered['postgres'].partition('.')[0]}\n", composition)
        self.assertIn(f"image: valkey/valkey:{offered['valkey']}\n", composition)

    def test_what_cannot_be_had_back_outlives_the_stack(self):
        kept = {name for name, one in DATA["Resources"].items() if one.get("DeletionPolicy") in ("RetainExceptOnCreate", "Snapshot")}
        self.assertLessEqual({"Database", "DatabasePassword", "CachePassword", "ValuesBucket", "BundlesBucket"}, kept)

    def test_members_of_the_security_group_talk_to_members_and_nobody_else_talks_to_them(self):
        rules = [one["Properties"] for one in DATA["Resources"].values() if one["Type"] == "AWS::EC2::SecurityGroupIngress"]
        self.assertEqual([(one["GroupId"], one["SourceSecurityGroupId"]) for one in rules], [({"Ref": "SecurityGroup"}, {"Ref": "SecurityGroup"})])
        self.assertNotIn("SecurityGroupIngress", properties("SecurityGroup"))

    def test_no_upload_that_never_ended_is_kept_in_a_bucket(self):
        for bucket in ("ValuesBucket", "BundlesBucket"):
            rules = properties(bucket)["LifecycleConfiguration"]["Rules"]
            self.assertTrue(any("AbortIncompleteMultipartUpload" in rule and rule["Status"] == "Enabled" for rule in rules), bucket)

    def test_no_password_is_written_in_a_template(self):
        for name in ("data", "application"):
            text = (ROOT / f"deploy/aws/{name}.yaml").read_text(encoding="utf-8")
            for value in re.findall(r"(?:Password|AuthToken): (.+)", text):
                self.assertRegex(value, r"^(!Sub \"\{\{resolve:secretsmanager:|Retain)", value)


class Application(unittest.TestCase):
    def test_it_takes_from_the_data_stack_what_that_gives(self):
        script = (ROOT / "deploy/aws/infrastructure").read_text(encoding="utf-8")
        handed = set(re.findall(r"\w+", re.search(r"for key in (.*?); do", script, re.S)[1].replace("\\", "")))
        self.assertLessEqual(handed, set(DATA["Outputs"]))
        self.assertLessEqual(handed, set(APPLICATION["Parameters"]))

    def test_the_documents_seven_properties_are_set_and_the_password_is_a_secret(self):
        spaces = {}
        for space, name in options():
            if space.startswith("aws:elasticbeanstalk:application:"):
                spaces.setdefault(space.rpartition(":")[2], set()).add(name)
        self.assertLessEqual(PROPERTIES, spaces["environment"] | spaces["environmentsecrets"])
        self.assertEqual(spaces["environmentsecrets"], {"PGPASSWORD", "REDIS_PASSWORD"})

    def test_every_property_is_explained(self):
        text = (ROOT / "docs/deploy.md").read_text(encoding="utf-8")
        for space, name in options():
            if space.startswith("aws:elasticbeanstalk:application:"):
                self.assertIn(f"`{name}`", text)

    def test_tls_to_both_is_on_and_checked(self):
        environment = "aws:elasticbeanstalk:application:environment"
        self.assertEqual(options()[environment, "PGSSLMODE"], "verify-full")
        self.assertEqual(options()[environment, "REDIS_TLS"], "true")
        self.assertEqual(options()[environment, "PGSSLROOTCERT"], "/etc/ssl/certs/rds-global-bundle.pem")

    def test_the_cache_of_a_restored_database_is_another_one(self):
        self.assertEqual(options()["aws:elasticbeanstalk:application:environment", "ABACI_REDIS_PREFIX"], {"Ref": "DatabaseIdentifier"})

    def test_the_routers_port_is_not_taken_by_the_platforms_proxy(self):
        self.assertEqual(options()["aws:elasticbeanstalk:environment:proxy", "ProxyServer"], "none")

    def test_port_80_is_open_for_the_redirect_to_https(self):
        self.assertEqual(options()["aws:elbv2:listener:default", "ListenerEnabled"], "true")
        self.assertEqual(options()["aws:elasticbeanstalk:application:environment", "ABACI_ROUTER_HTTPS"], "on")

    def test_deployments_are_immutable_where_there_is_a_balancer(self):
        self.assertEqual(options()["aws:elasticbeanstalk:command", "DeploymentPolicy"], {"Fn::If": ["LoadBalanced", "Immutable", "AllAtOnce"]})

    def test_a_silent_instance_is_an_alarm_and_no_reason_to_add_one(self):
        alarms = {name: one["Properties"] for name, one in APPLICATION["Resources"].items() if one["Type"] == "AWS::CloudWatch::Alarm"}
        scaling = {name for name, one in alarms.items() if "ScaleOut" in str(one["AlarmActions"])}
        self.assertEqual(scaling, {"BacklogAlarm"})
        self.assertEqual(alarms["BacklogAlarm"]["TreatMissingData"], "notBreaching")
        self.assertEqual(alarms["SilenceAlarm"]["TreatMissingData"], "breaching")


class Rights(unittest.TestCase):
    """Of the deploy user."""

    def test_they_are_those_of_the_calls_that_the_scripts_make_and_no_others(self):
        scripts = ("deploy/aws/common.sh", "deploy/aws/deploy", "deploy/aws/release", "deploy/aws/rollback", "deploy/aws/wait-healthy")
        text = "\n".join(re.sub(r"^(\s*#|need ).*", "", (ROOT / one).read_text(encoding="utf-8"), flags=re.M) for one in scripts)
        # Two that CI never reaches: stacks are the administrator's, and a role is taken without a key.
        called = set(re.findall(r"\baws ([a-z0-9]+ [a-z][a-z-]+)", text)) - {"cloudformation describe-stacks", "sts assume-role-with-web-identity", "configure get"}
        self.assertEqual(called, set(RIGHTS))
        self.assertEqual({action for one in statements("DeployPolicy") for action in listed(one["Action"])}, set().union(*RIGHTS.values()))

    def test_what_beanstalk_does_it_does_in_a_role_that_ci_cannot_take(self):
        self.assertEqual(properties("Environment", APPLICATION)["OperationsRole"], {"Fn::GetAtt": "OperationsRole.Arn"})
        trust = properties("OperationsRole", APPLICATION)["AssumeRolePolicyDocument"]["Statement"]
        self.assertEqual([one["Principal"] for one in trust], [{"Service": "elasticbeanstalk.amazonaws.com"}])

    def test_they_reach_no_password_no_data_and_no_role(self):
        actions = {action for one in statements("DeployPolicy") for action in listed(one["Action"])}
        self.assertEqual({one.split(":")[0] for one in actions}, {"s3", "elasticbeanstalk"})
        self.assertFalse([one for one in actions if "*" in one])
        self.assertNotIn("ValuesBucketName", str(statements("DeployPolicy")))

    def test_only_the_named_environment_of_the_named_repository_may_take_the_role(self):
        trust = properties("DeployRole", APPLICATION)["AssumeRolePolicyDocument"]["Statement"][0]["Condition"]["StringEquals"]
        condition, with_ids, by_name = trust["token.actions.githubusercontent.com:sub"]["Fn::If"]
        self.assertEqual(condition, "HasGitHubIds")
        self.assertEqual(with_ids["Fn::Sub"][0], "repo:${Owner}@${GitHubOwnerId}/${Repository}@${GitHubRepositoryId}:environment:${GitHubEnvironment}")
        self.assertEqual(by_name["Fn::Sub"], "repo:${GitHubRepository}:environment:${GitHubEnvironment}")
        workflow = (ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8")
        self.assertIn(f"environment: {APPLICATION['Parameters']['GitHubEnvironment']['Default']}\n", workflow)


if __name__ == "__main__":
    unittest.main()
