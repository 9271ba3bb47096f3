"""docs/security.md agrees with the tests and with the source."""
import re
import unittest

from sources import ROOT


class Security(unittest.TestCase):
    def test_every_test_that_is_named_exists(self):
        """A code span with a slash is a path, from the root or `crates`; a name after it is in that file."""
        rows = [row for row in (ROOT / "docs/security.md").read_text(encoding="utf-8").splitlines() if row.startswith("| ")]
        named = 0
        for row in rows:
            file = None
            for span in re.findall(r"`([^`]+)`", row):
                if re.fullmatch(r"[\w.-]+(/[\w.-]+)+", span):
                    file = next((base / span for base in (ROOT, ROOT / "crates") if (base / span).exists()), None)
                    self.assertIsNotNone(file, span)
                elif file and file.is_file() and re.fullmatch(r"[a-z0-9_]{12,}(…)?", span):
                    named += 1
                    self.assertIn(f" {span.rstrip('…')}", file.read_text(encoding="utf-8"), file)
        self.assertGreater(named, 20)

    def test_every_kind_of_refusal_is_in_the_table(self):
        sources = "\n".join(file.read_text(encoding="utf-8") for file in (ROOT / "crates").glob("*/src/**/*.rs"))
        kinds = set(re.findall(r'record_refusal(?:_of)?\("([a-z-]+)"', sources)) | set(re.findall(r'shares\("([a-z-]+)"', sources))
        table = (ROOT / "docs/security.md").read_text(encoding="utf-8").split("| `kind` |", 1)[1].split("\n\n", 1)[0]
        self.assertEqual(kinds, set(re.findall(r"`([a-z-]+)`", table)))


if __name__ == "__main__":
    unittest.main()
