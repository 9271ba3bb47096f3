"""The two CI definitions run the steps of ci/test, and deploy nothing from a pull request."""
import re
import subprocess
import unittest

import yaml

from sources import ROOT

# The base loader keeps every scalar as text: YAML 1.1 reads `on` as true.
TRAVIS = yaml.load((ROOT / ".travis.yml").read_text(encoding="utf-8"), yaml.BaseLoader)
WORKFLOWS = {file.name: yaml.load(file.read_text(encoding="utf-8"), yaml.BaseLoader) for file in sorted((ROOT / ".github/workflows").glob("*.yml"))}
CI = WORKFLOWS["ci.yml"]["jobs"]
SECRETS = {"AWS_ACCESS_KEY", "AWS_SECRET_KEY", "DOCKER_USERNAME", "DOCKER_PASSWORD"}
STEPS = [line.split()[0] for line in subprocess.run([ROOT / "ci/test", "--list"], capture_output=True, text=True, check=True).stdout.splitlines()]


class Travis(unittest.TestCase):
    def test_it_runs_every_step_and_no_other(self):
        self.assertEqual(TRAVIS["env"]["jobs"], [f"STEP={step}" for step in STEPS])
        self.assertEqual(TRAVIS["script"], 'ci/test "$STEP"')

    def test_a_release_comes_after_all_steps_and_only_from_a_push_to_main(self):
        self.assertEqual(TRAVIS["stages"], ["test", {"name": "release", "if": "branch = main AND type = push"}])
        self.assertEqual([(job["stage"], job["script"]) for job in TRAVIS["jobs"]["include"]], [("release", "deploy/aws/release")])
        self.assertFalse({"deploy", "after_success", "after_script", "after_deploy"} & set(TRAVIS))

    def test_every_key_is_known_to_travis(self):
        # Travis's schema accepts a misspelt key, so the keys are compared with this list.
        self.assertLessEqual(set(TRAVIS), {"os", "dist", "language", "rust", "services", "addons", "git", "cache", "install", "script", "env", "stages", "jobs"})

    def test_it_contains_no_secret(self):
        self.assertNotIn("secure:", (ROOT / ".travis.yml").read_text(encoding="utf-8"))


class GitHub(unittest.TestCase):
    def jobs(self):
        return [(file, name, job) for file, workflow in WORKFLOWS.items() for name, job in workflow["jobs"].items()]

    def test_it_runs_every_step(self):
        self.assertIn("ci/test --list", CI["steps"]["steps"][-1]["run"])
        self.assertEqual(CI["test"]["strategy"]["matrix"], {"step": "${{ fromJSON(needs.steps.outputs.names) }}"})
        self.assertEqual(CI["test"]["steps"][-1], {"name": "Run the step", "run": 'ci/test "$STEP"', "env": {"STEP": "${{ matrix.step }}"}})

    def test_every_action_is_pinned_by_hash_and_checkout_leaves_no_token(self):
        for file, name, job in self.jobs():
            for step in job["steps"]:
                if "uses" in step:
                    self.assertRegex(step["uses"], r"^actions/[a-z-]+@[0-9a-f]{40}$", f"{file}: {name}")
                if step.get("uses", "").startswith("actions/checkout@"):
                    self.assertEqual(step["with"]["persist-credentials"], "false")

    def test_permissions_are_reading_the_source_and_what_an_environment_is_for(self):
        for file, workflow in WORKFLOWS.items():
            self.assertEqual(workflow["permissions"], {}, file)
        for file, name, job in self.jobs():
            allowed = {
                None: {"contents": "read"},
                "production": {"contents": "read", "id-token": "write"},
                "release": {"contents": "write", "id-token": "write", "attestations": "write"},
                "images": {"contents": "read", "packages": "write"},
                "signatures": {"contents": "read", "packages": "write", "id-token": "write", "attestations": "write"},
                "github-pages": {"pages": "write", "id-token": "write"},
            }
            self.assertEqual(job["permissions"], allowed[job.get("environment")], f"{file}: {name}")

    def test_a_job_with_a_secret_runs_only_for_a_push_to_main_after_all_steps(self):
        for file, name, job in self.jobs():
            if "secrets." in str(job):
                self.assertEqual(job["if"], "github.event_name == 'push' && github.ref == 'refs/heads/main'", f"{file}: {name}")
                self.assertEqual(job["needs"], "test")

    def test_no_expression_is_put_into_a_script(self):
        for _, name, job in self.jobs():
            for step in job["steps"]:
                self.assertFalse(re.search(r"\$\{\{", step.get("run", "")), name)


class Names(unittest.TestCase):
    def test_both_name_the_four_secrets(self):
        for file in (".travis.yml", ".github/workflows/ci.yml"):
            self.assertLessEqual(SECRETS, set(re.findall(r"\b[A-Z_]{6,}\b", (ROOT / file).read_text(encoding="utf-8"))), file)


if __name__ == "__main__":
    unittest.main()
