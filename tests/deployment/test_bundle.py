"""What Elastic Beanstalk unpacks."""
import pathlib
import re
import tempfile
import unittest
import zipfile

import yaml

from sources import IMAGES, ROOT, run


class Bundle(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.file = cls.folder / "bundle.zip"
        made = run("deploy/aws/bundle", str(cls.file), **IMAGES)
        if made.returncode:
            raise AssertionError(made.stderr)
        cls.entries = {entry.filename: entry for entry in zipfile.ZipFile(cls.file).infolist()}
        cls.composition = yaml.safe_load(zipfile.ZipFile(cls.file).read("docker-compose.yml"))
        cls.services = cls.composition["services"]

    def test_the_same_digests_give_the_same_bytes(self):
        run("deploy/aws/bundle", str(self.folder / "again.zip"), **IMAGES)
        self.assertEqual(self.file.read_bytes(), (self.folder / "again.zip").read_bytes())

    def test_an_image_that_is_named_by_tag_is_refused(self):
        refused = run("deploy/aws/bundle", str(self.folder / "tag.zip"), **IMAGES | {"API_IMAGE": "registry.example/abaci-api:latest"})
        self.assertEqual(refused.returncode, 1)
        self.assertIn("API_IMAGE: expected an image by digest, got 'registry.example/abaci-api:latest'", refused.stderr)
        self.assertFalse((self.folder / "tag.zip").exists())

    def test_every_image_is_named_by_digest(self):
        for name, service in self.services.items():
            self.assertRegex(service["image"], r"@sha256:[0-9a-f]{64}$", name)

    def test_no_database_and_no_cache_is_in_it(self):
        self.assertEqual(set(self.services), {"nginx", "client", "api", "worker", "migrate"})

    def test_only_the_router_is_reachable_from_outside_and_on_port_80(self):
        self.assertEqual({name: service["ports"] for name, service in self.services.items() if "ports" in service}, {"nginx": ["80:3050"]})

    def test_every_container_is_bounded_and_has_no_rights(self):
        for name, service in self.services.items():
            with self.subTest(name):
                self.assertTrue({"mem_limit", "pids_limit"} <= set(service))
                self.assertTrue(service["read_only"])
                self.assertEqual(service["cap_drop"], ["ALL"])
                self.assertEqual(service["security_opt"], ["no-new-privileges:true"])
                self.assertEqual(set(service["logging"]["options"]), {"max-size", "max-file"})

    def test_passwords_reach_only_those_that_need_them(self):
        self.assertEqual({name for name, service in self.services.items() if ".env" in service.get("env_file", [])}, {"api", "worker", "migrate"})

    def test_the_migration_is_not_started_with_the_rest(self):
        self.assertEqual([name for name, service in self.services.items() if "profiles" in service], ["migrate"])

    def test_hooks_can_be_executed_and_are_the_same_when_only_properties_change(self):
        hooks = {name for name in self.entries if name.startswith(".platform/hooks/")}
        self.assertEqual({name.split("/")[2] for name in hooks}, {"prebuild", "predeploy", "postdeploy"})
        for name in hooks:
            for same in (name, name.replace("/hooks/", "/confighooks/")):
                self.assertTrue(self.entries[same].external_attr >> 16 & 0o111, f"{same} would not be run")

    def test_each_hook_does_not_go_on_after_a_failure(self):
        for hook in sorted((ROOT / "deploy/beanstalk/.platform/hooks").rglob("*")):
            if hook.is_file():
                self.assertTrue(re.search(r"^set -euo pipefail$", hook.read_text(encoding="utf-8"), re.M), hook)


if __name__ == "__main__":
    unittest.main()
