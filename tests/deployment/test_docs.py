"""The documentation agrees with the program, the alerts and the files."""
import re
import unittest

import yaml

from sources import ROOT

OPERATIONS = (ROOT / "docs/operations.md").read_text(encoding="utf-8")


def section(title):
    return OPERATIONS.split(f"\n## {title}\n", 1)[1].split("\n## ", 1)[0]


class Operations(unittest.TestCase):
    def test_every_setting_is_in_a_table_and_no_other(self):
        sources = "\n".join(file.read_text(encoding="utf-8") for file in (ROOT / "crates/app/src").rglob("*.rs"))
        settings = set(re.findall(r'env = "([A-Z_]+)"', sources))
        self.assertGreater(len(settings), 30)
        # Those that libraries read, as the help and the source list them.
        traces = (ROOT / "crates/app/src/config/traces.rs").read_text(encoding="utf-8")
        bucket = (ROOT / "crates/store/src/objects/bucket.rs").read_text(encoding="utf-8")
        settings |= set(re.findall(r"\bOTEL_[A-Z_]*[A-Z]\b(?!_)", traces)) | set(re.findall(r'"(AWS_\w+)"', bucket))
        settings |= set(re.findall(r"\bSSL_CERT_FILE\b", (ROOT / "deploy/images/Dockerfile").read_text(encoding="utf-8")))
        for file in ("nginx/default.conf.template", "nginx/upstreams-resolve.conf.template", "nginx/upstreams-static.conf.template", "compose.yaml"):
            settings |= set(re.findall(r"\$\{(ABACI_[A-Z_]+)", (ROOT / file).read_text(encoding="utf-8")))
        rows = [row.split(" | ")[0] for row in section("Settings").splitlines() if row.startswith("| `")]
        self.assertEqual(settings, {name for row in rows for name in re.findall(r"`([A-Z0-9_]+)`", row)})

    def test_every_alert_has_instructions(self):
        rules = yaml.safe_load((ROOT / "deploy/compose/prometheus/rules.yml").read_text(encoding="utf-8"))
        alerts = [rule["alert"] for group in rules["groups"] for rule in group["rules"]]
        self.assertEqual(alerts, re.findall(r"^\| `(\w+)` \|", section("Alerts"), re.M))

    def test_every_metric_in_the_alerts_is_exported(self):
        sources = "\n".join(file.read_text(encoding="utf-8") for file in (ROOT / "crates").rglob("*.rs"))
        for file in ("deploy/compose/prometheus/rules.yml", "deploy/beanstalk/.platform/publish-metrics", "docs/distributed.md"):
            for name in re.findall(r"\babaci_[a-z_]+_(?:total|seconds|bytes)\b", (ROOT / file).read_text(encoding="utf-8")):
                self.assertIn(f'"{name}"', sources, f"{file}: {name}")


if __name__ == "__main__":
    unittest.main()
