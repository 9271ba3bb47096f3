"""The router behind a proxy that terminates TLS."""
import http.client
import os
import pathlib
import signal
import socket
import subprocess
import tempfile
import time
import unittest

from sources import ROOT


class BehindTls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = cls.enterClassContext(tempfile.TemporaryDirectory())
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            cls.port = free.getsockname()[1]
        settings = {"ABACI_ROUTER_LISTEN": f"127.0.0.1:{cls.port}", "ABACI_ROUTER_HTTPS": "on"}
        nginx = subprocess.Popen([ROOT / "nginx/run", pathlib.Path(folder, "router")], env=os.environ | settings, stderr=subprocess.DEVNULL)
        cls.addClassCleanup(nginx.wait)
        cls.addClassCleanup(nginx.send_signal, signal.SIGTERM)
        end = time.monotonic() + 20
        while not cls.answers():
            if time.monotonic() > end or nginx.poll() is not None:
                raise AssertionError("the router did not start")
            time.sleep(0.05)

    @classmethod
    def answers(cls):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", cls.port)) == 0

    def ask(self, method, path="/api/calculations?limit=1", **headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        self.addCleanup(connection.close)
        connection.request(method, path, headers={"Host": "abaci.example.org"} | headers)
        return connection.getresponse()

    def test_a_request_by_http_is_redirected_and_keeps_its_method(self):
        answer = self.ask("POST", **{"X-Forwarded-Proto": "http"})
        self.assertEqual((answer.status, answer.headers["Location"]), (308, "https://abaci.example.org/api/calculations?limit=1"))
        self.assertEqual(answer.headers["Strict-Transport-Security"], "max-age=31536000")

    def test_its_own_errors_have_the_security_headers(self):
        for path in ("/api/calculations?limit=1", "/api/calculations/7/value", "/"):
            answer = self.ask("GET", path, **{"X-Forwarded-Proto": "https"})
            self.assertIn(answer.status, (502, 503), path)
            self.assertEqual(answer.headers.get_all("Strict-Transport-Security"), ["max-age=31536000"], path)
            self.assertEqual(answer.headers["X-Content-Type-Options"], "nosniff", path)

    def test_a_request_by_https_and_a_health_check_are_not_redirected(self):
        # Nothing runs behind this router.
        self.assertEqual(self.ask("GET", **{"X-Forwarded-Proto": "https"}).status, 502)
        self.assertEqual(self.ask("GET").status, 502)


if __name__ == "__main__":
    unittest.main()
