"""The scripts, as far as they can be run without AWS, a registry or an engine: what they refuse, and what they keep to
themselves. Run against something that answers like those, they are in deploy/rehearsal/run."""
import json
import pathlib
import re
import tempfile
import unittest

from sources import calls_of, fake, run

PASSWORD = "correct-horse-battery-staple"


class Scripts(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))

    def test_the_data_are_not_deleted_by_a_wrong_name(self):
        calls = fake(self.folder, "aws", {})
        refused = run("deploy/aws/tear-down", "--with-data", "another", path=self.folder, AWS_REGION="us-east-1")
        self.assertEqual(refused.returncode, 1)
        self.assertIn("to delete the data of 'abaci' run: deploy/aws/tear-down --with-data abaci", refused.stderr)
        self.assertEqual(calls_of(calls), [])

    def test_what_is_not_there_is_torn_down_without_a_complaint(self):
        calls = fake(self.folder, "aws", {})
        done = run("deploy/aws/tear-down", "--with-data", "abaci", path=self.folder, AWS_REGION="us-east-1")
        self.assertEqual((done.returncode, done.stdout.count("not there")), (0, 2), done.stderr)
        self.assertEqual({call[1] for call in calls_of(calls)}, {"describe-stacks"})

    def test_a_new_password_is_on_no_command_line_and_in_no_output(self):
        for what in ("database", "cache"):
            with self.subTest(what):
                calls = fake(self.folder, "aws", {
                    "Environments[0].EndpointURL": "203.0.113.7", "Environments[0].Status": "Ready", "Environments[0].VersionLabel": "v1",
                    "describe-stacks": "arn-or-name", "modify-db-instance": "db", "wait": "", "put-secret-value": "secret", "modify-replication-group": "group",
                })
                done = run("deploy/aws/rotate-password", what, path=self.folder, AWS_REGION="us-east-1")
                # There it ends: to `update-environment` there is no answer.
                self.assertIn("aws: no answer to elasticbeanstalk update-environment", done.stderr)
                # The request went through files, which are gone.
                files = [word[7:] for call in calls_of(calls) for word in call if word.startswith("file://")]
                self.assertEqual(len(files), 2)
                self.assertFalse([file for file in files if pathlib.Path(file).exists()])
                self.assertFalse(re.search(r"\b[A-Za-z0-9]{40}\b", done.stdout + done.stderr + json.dumps(calls_of(calls))))

    def test_ci_is_given_its_key_in_a_file_that_only_its_owner_reads_and_in_no_output(self):
        fake(self.folder, "aws", {"describe-stacks": "abaci-deploy", "list-access-keys": "AKIAOLD", "create-access-key": f"AKIANEW\t{PASSWORD}"})
        done = run("deploy/aws/deploy-key", path=self.folder, AWS_REGION="us-east-1", ABACI_OUT=str(self.folder))
        self.assertEqual(done.returncode, 0, done.stderr)
        kept = self.folder / "key.env"
        self.assertEqual(kept.read_text(encoding="utf-8"), f"AWS_ACCESS_KEY=AKIANEW\nAWS_SECRET_KEY={PASSWORD}\n")
        self.assertEqual(kept.stat().st_mode & 0o777, 0o600)
        self.assertNotIn(PASSWORD, done.stdout + done.stderr)

    def test_a_third_key_is_refused_with_the_way_to_it(self):
        calls = fake(self.folder, "aws", {"describe-stacks": "abaci-deploy", "list-access-keys": "AKIAONE\tAKIATWO"})
        refused = run("deploy/aws/deploy-key", path=self.folder, AWS_REGION="us-east-1")
        self.assertEqual(refused.returncode, 1)
        self.assertIn("abaci-deploy has two keys already; deploy/aws/deploy-key --only deletes the older", refused.stderr)
        self.assertNotIn("create-access-key", str(calls_of(calls)))

    def test_the_registrys_password_is_on_no_command_line_and_in_no_output(self):
        calls = fake(self.folder, "aws", {"create-secret": "arn:secret"})
        done = run("deploy/aws/registry-secret", path=self.folder, AWS_REGION="us-east-1", DOCKER_USERNAME="somebody", DOCKER_PASSWORD=PASSWORD)
        self.assertEqual((done.returncode, done.stdout), (0, "arn:secret\n"), done.stderr)
        self.assertNotIn(PASSWORD, done.stdout + done.stderr + json.dumps(calls_of(calls)))

    def test_a_refused_login_fails_without_saying_the_password(self):
        calls = fake(self.folder, "docker", {})
        refused = run("deploy/aws/push", path=self.folder, DOCKER_USERNAME="somebody", DOCKER_PASSWORD=PASSWORD, ABACI_LABEL="v1")
        self.assertEqual(refused.returncode, 1)
        self.assertIn("the registry rejected the login", refused.stderr)
        self.assertNotIn(PASSWORD, refused.stdout + refused.stderr + json.dumps(calls_of(calls)))

    def test_what_is_in_no_commit_is_not_pushed(self):
        calls = fake(self.folder, "docker", {})
        refused = run("deploy/aws/push", path=self.folder, ABACI_IMAGES="registry.example/team", ABACI_LABEL="v1-changed")
        self.assertEqual(refused.returncode, 1)
        self.assertIn("uncommitted changes", refused.stderr)
        self.assertEqual(calls_of(calls), [])

    def test_half_a_key_is_refused_by_name(self):
        refused = run("deploy/aws/infrastructure", "status", AWS_ACCESS_KEY="AKIA-half")
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn("AWS_SECRET_KEY: is missing beside AWS_ACCESS_KEY", refused.stderr)

    def test_a_version_that_was_never_made_is_not_deployed(self):
        calls = fake(self.folder, "aws", {"describe-application-versions": "None"})
        refused = run("deploy/aws/deploy", "no-such-version", path=self.folder, AWS_REGION="us-east-1")
        self.assertEqual(refused.returncode, 1)
        self.assertIn("there is no version no-such-version", refused.stderr)
        self.assertNotIn("update-environment", str(calls_of(calls)))

    def test_a_load_balanced_environment_without_its_public_url_is_refused_before_anything_changes(self):
        calls = fake(self.folder, "aws", {
            "describe-application-versions": "v2", "Environments[0].EndpointURL": "awseb--awseb-1-1.eu-central-1.elb.amazonaws.com",
            "Environments[0].Status": "Ready", "Environments[0].VersionLabel": "v1",
        })
        refused = run("deploy/aws/deploy", "v2", path=self.folder, AWS_REGION="us-east-1")
        self.assertEqual(refused.returncode, 1)
        self.assertIn("set ABACI_PUBLIC_URL to its public address", refused.stderr)
        self.assertNotIn("update-environment", str(calls_of(calls)))

    def test_an_application_without_data_is_refused(self):
        fake(self.folder, "aws", {})
        refused = run("deploy/aws/infrastructure", "application", path=self.folder, AWS_REGION="us-east-1")
        self.assertEqual(refused.returncode, 1)
        self.assertIn("run deploy/aws/infrastructure data first", refused.stderr)


if __name__ == "__main__":
    unittest.main()
