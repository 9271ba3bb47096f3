"""What can be released, and what the Debian package contains. `ci/deb --test` installs one."""
import pathlib
import shutil
import subprocess
import tempfile
import unittest

from sources import ROOT


def run(*command, folder):
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)


class Copy(unittest.TestCase):
    """A repository of its own with what the scripts need."""

    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        for name in ("Cargo.toml", "CHANGELOG.md", "LICENSE-MIT"):
            shutil.copy(ROOT / name, self.folder)
        shutil.copytree(ROOT / "ci", self.folder / "ci")
        shutil.copytree(ROOT / "deploy/server", self.folder / "deploy/server")
        self.git("init", "--quiet")
        self.commit()

    def git(self, *words):
        done = run("git", "-c", "user.name=test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false", *words, folder=self.folder)
        self.assertEqual(done.returncode, 0, done.stderr)

    def commit(self):
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "test: Change something")


class Release(Copy):
    def check(self, *words):
        return run("ci/release", "--check", *words, folder=self.folder)

    def set_entry(self, heading):
        (self.folder / "CHANGELOG.md").write_text(f"# Changelog\n\n## Unreleased\n\n## {heading}\n\n- Something.\n\n## 0.0.1 - 2026-01-01\n", encoding="utf-8")
        self.commit()

    def test_a_version_without_an_entry_in_the_changelog_is_refused(self):
        for heading in ("0.1.1 - 2026-12-01", "10.1.0 - 2026-12-01", "0.1.0"):
            self.set_entry(heading)
            refused = self.check()
            self.assertEqual((refused.returncode, refused.stderr), (1, "release: CHANGELOG.md has no entry '## 0.1.0 - DATE'\n"), heading)

    def test_only_the_tag_of_its_version_is_accepted(self):
        self.set_entry("0.1.0 - 2026-12-01")
        self.assertEqual(self.check().returncode, 0)
        self.assertEqual(self.check("v0.1.0").returncode, 0)
        refused = self.check("v0.1.1")
        self.assertEqual((refused.returncode, refused.stderr), (1, "release: expected the tag v0.1.0, the version in Cargo.toml, got v0.1.1\n"))

    def test_uncommitted_changes_are_refused(self):
        self.set_entry("0.1.0 - 2026-12-01")
        (self.folder / "new").write_text("", encoding="utf-8")
        refused = self.check()
        self.assertEqual((refused.returncode, refused.stderr), (1, "release: there are uncommitted changes\n"))


@unittest.skipUnless(shutil.which("dpkg-deb"), "not on Debian")
class Package(Copy):
    def build(self):
        program = self.folder / "program"
        program.write_text("""#!/bin/sh
case $1 in
  --version) echo abaci 0.1.0 ;;
  man) echo page >"$2/abaci.1" ;;
  completions) echo "$2" ;;
esac
""", encoding="utf-8")
        program.chmod(0o755)
        built = run("ci/deb", program, "out", folder=self.folder)
        self.assertEqual(built.returncode, 0, built.stderr)
        return self.folder / built.stdout.strip()

    def test_it_contains_the_program_and_a_unit_that_listens_on_loopback(self):
        package = self.build()
        files = run("dpkg-deb", "--contents", package, folder=self.folder).stdout.splitlines()
        modes = {line.split()[5]: (line.split()[0], line.split()[1]) for line in files}
        self.assertEqual(modes["./usr/bin/abaci"], ("-rwxr-xr-x", "root/root"))
        # It may contain passwords.
        self.assertEqual(modes["./etc/abaci.env"], ("-rw-------", "root/root"))
        for path in ("bash-completion/completions/abaci", "zsh/vendor-completions/_abaci", "man/man1/abaci.1.gz", "doc/abaci/copyright"):
            self.assertEqual(modes[f"./usr/share/{path}"], ("-rw-r--r--", "root/root"))
        unpacked = run("dpkg-deb", "--extract", package, "unpacked", folder=self.folder)
        self.assertEqual(unpacked.returncode, 0, unpacked.stderr)
        unit = (self.folder / "unpacked/usr/lib/systemd/system/abaci.service").read_text(encoding="utf-8")
        self.assertIn("ExecStart=/usr/bin/abaci serve\n", unit)
        self.assertIn("ABACI_LISTEN=127.0.0.1:3050\n", unit)
        self.assertNotIn("/usr/local", unit)

    def test_settings_are_not_replaced_by_an_upgrade(self):
        self.assertEqual(run("dpkg-deb", "--info", self.build(), "conffiles", folder=self.folder).stdout, "/etc/abaci.env\n")

    def test_the_same_program_gives_the_same_bytes(self):
        first = self.build().read_bytes()
        self.assertEqual(first, self.build().read_bytes())


if __name__ == "__main__":
    unittest.main()
