"""The files for one server: systemd's unit. The proxies' configurations are in test_proxies.py."""
import pathlib
import shutil
import subprocess
import tempfile
import unittest

from sources import ROOT

SERVER = ROOT / "deploy/server"


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


class Server(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))

    @unittest.skipUnless(shutil.which("systemd-analyze"), "systemd is not installed")
    def test_the_unit_is_valid_and_exposes_little(self):
        unit = self.folder / "abaci.service"
        # systemd checks that the executable exists.
        unit.write_text((SERVER / "abaci.service").read_text(encoding="utf-8").replace("/usr/local/bin/abaci", "/bin/true"), encoding="utf-8")
        verified = run("systemd-analyze", "verify", unit)
        self.assertEqual((verified.returncode, verified.stderr), (0, ""))
        exposure = run("systemd-analyze", "security", "--offline=true", "--no-pager", "--threshold=20", unit)
        self.assertEqual(exposure.returncode, 0, exposure.stdout[-200:])


if __name__ == "__main__":
    unittest.main()
