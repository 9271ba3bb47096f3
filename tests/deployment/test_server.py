"""The files for one server: systemd's unit and the proxies' configurations."""
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

    def test_nginx_accepts_its_configuration(self):
        key, certificate = self.folder / "key.pem", self.folder / "certificate.pem"
        made = run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=abaci.example.org", "-keyout", key, "-out", certificate)
        self.assertEqual(made.returncode, 0, made.stderr)
        text = (SERVER / "nginx.conf").read_text(encoding="utf-8")
        text = text.replace("/etc/letsencrypt/live/abaci.example.org/fullchain.pem", str(certificate)).replace("/etc/letsencrypt/live/abaci.example.org/privkey.pem", str(key))
        for port in ("80", "443"):
            text = text.replace(f"listen {port}", f"listen 127.0.0.1:1{port}").replace(f"listen [::]:{port}", f"listen [::1]:1{port}")
        main = self.folder / "nginx.conf"
        main.write_text(f"pid {self.folder}/pid; error_log stderr; events {{}} http {{ access_log off; {text} }}", encoding="utf-8")
        checked = run("nginx", "-t", "-p", self.folder, "-c", main)
        self.assertEqual(checked.returncode, 0, checked.stderr)

    def test_caddy_accepts_its_configuration(self):
        checked = run("caddy", "adapt", "--config", SERVER / "Caddyfile", "--adapter", "caddyfile", "--validate")
        self.assertEqual(checked.returncode, 0, checked.stderr)


if __name__ == "__main__":
    unittest.main()
