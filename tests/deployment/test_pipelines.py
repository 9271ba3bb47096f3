"""The two CI definitions: thin, and nothing of a pull request is deployed."""
import re
import unittest

import yaml

from sources import ROOT

# Every scalar as it is written: YAML 1.1 takes `on` for a truth.
TRAVIS = yaml.load((ROOT / ".travis.yml").read_text(encoding="utf-8"), yaml.BaseLoader)
WORKFLOWS = {file: yaml.load(file.read_text(encoding="utf-8"), yaml.BaseLoader) for file in sorted((ROOT / ".github/workflows").glob("*.yml"))}
SECRETS = {"AWS_ACCESS_KEY", "AWS_SECRET_KEY", "DOCKER_USERNAME", "DOCKER_PASSWORD"}


class Travis(unittest.TestCase):
    def test_a_deployment_runs_on_the_main_branch_alone_and_never_for_a_pull_request(self):
        # Travis runs no `deploy` for pull requests; `after_success` would.
        self.assertEqual(TRAVIS["deploy"]["on"], {"branch": "main"})
        self.assertFalse({"after_success", "after_script", "after_deploy"} & set(TRAVIS))

    def test_it_runs_the_scripts_that_people_run(self):
        self.assertEqual((TRAVIS["script"], TRAVIS["deploy"]["script"]), ("ci/test-image", "deploy/aws/release"))

    def test_every_key_is_one_that_travis_knows(self):
        # Travis's schema lets a misspelt key pass, so ours are held against this list.
        self.assertLessEqual(set(TRAVIS), {"os", "dist", "language", "services", "addons", "git", "script", "before_deploy", "deploy"})
        self.assertLessEqual(set(TRAVIS["deploy"]), {"provider", "script", "cleanup", "on"})

    def test_no_value_of_a_secret_is_in_it(self):
        self.assertNotIn("env", TRAVIS)
        self.assertNotIn("secure:", (ROOT / ".travis.yml").read_text(encoding="utf-8"))


class GitHub(unittest.TestCase):
    def jobs(self):
        return [(file.name, name, job) for file, workflow in WORKFLOWS.items() for name, job in workflow["jobs"].items()]

    def test_the_only_action_is_checkout_by_its_hash_and_it_leaves_no_token(self):
        for file, name, job in self.jobs():
            for step in job["steps"]:
                if "uses" in step:
                    self.assertRegex(step["uses"], r"^actions/checkout@[0-9a-f]{40}$", f"{file}: {name}")
                    self.assertEqual(step["with"]["persist-credentials"], "false")

    def test_no_right_is_given_beyond_reading_the_source_and_a_signed_identity(self):
        for file, workflow in WORKFLOWS.items():
            self.assertEqual(workflow["permissions"], {}, file)
        for file, name, job in self.jobs():
            allowed = {"contents": "read", "id-token": "write"} if "environment" in job else {"contents": "read"}
            self.assertEqual(job["permissions"], allowed, f"{file}: {name}")

    def test_a_job_that_knows_a_secret_runs_for_a_push_to_main_alone(self):
        for file, name, job in self.jobs():
            if "secrets." in str(job):
                self.assertEqual(job["if"], "github.event_name == 'push' && github.ref == 'refs/heads/main'", f"{file}: {name}")
                self.assertEqual(job["needs"], "test")

    def test_it_runs_the_scripts_that_people_run(self):
        self.assertEqual([step["run"] for _, _, job in self.jobs() for step in job["steps"] if "run" in step], ["ci/test-image", "deploy/aws/release"])

    def test_nothing_that_a_caller_chooses_is_put_into_a_script(self):
        for _, name, job in self.jobs():
            for step in job["steps"]:
                self.assertFalse(re.search(r"\$\{\{", step.get("run", "")), name)


class Names(unittest.TestCase):
    def test_both_know_the_documents_four_settings_by_name(self):
        for file in (ROOT / ".travis.yml", *WORKFLOWS):
            self.assertLessEqual(SECRETS, set(re.findall(r"\b[A-Z_]{6,}\b", file.read_text(encoding="utf-8"))), file)


if __name__ == "__main__":
    unittest.main()
