"""The proxies' configurations for one server, in front of a server that tells what it was sent."""
import http.server
import pathlib
import shutil
import socket
import subprocess
import tempfile
import threading
import time
import unittest

from sources import ROOT

SERVER, NAME = ROOT / "deploy/server", "abaci.example.org"


class Upstream(http.server.BaseHTTPRequestHandler):
    """Answers with the request's headers; at /api/events it sends a second event only when the first was read."""

    protocol_version = "HTTP/1.1"
    was_read = threading.Event()

    def do_GET(self):
        self.send_response(200)
        stream = self.path == "/api/events"
        self.send_header("Content-Type", "text/event-stream" if stream else "text/plain")
        # As an ABACI_PUBLIC_URL that begins with https makes Abaci send it.
        self.send_header("Strict-Transport-Security", "max-age=31536000")
        self.send_header("Connection", "close")
        self.end_headers()
        if stream:
            self.wfile.write(b"data: first\n\n")
            self.wfile.flush()
            self.wfile.write(b"data: second\n\n" if self.was_read.wait(10) else b"data: late\n\n")
        else:
            self.wfile.write("".join(f"{name.lower()}: {value}\n" for name, value in self.headers.items()).encode())

    def log_message(self, *_):
        pass


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


class Proxy:
    """The tests of both; `start` starts one on self.http and self.https."""

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        upstream = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Upstream)
        threading.Thread(target=upstream.serve_forever, daemon=True).start()
        cls.addClassCleanup(upstream.server_close)
        cls.addClassCleanup(upstream.shutdown)
        cls.http, cls.https, cls.upstream = free_port(), free_port(), upstream.server_port
        proxy = cls.start()
        cls.addClassCleanup(proxy.wait)
        cls.addClassCleanup(proxy.terminate)
        end = time.monotonic() + 20
        while cls.ask(f"https://{NAME}:{cls.https}/").returncode:
            if time.monotonic() > end or proxy.poll() is not None:
                raise AssertionError(f"the proxy did not start: {(cls.folder / 'log').read_text(encoding='utf-8')[-2000:]}")
            time.sleep(0.1)

    @classmethod
    def curl(cls, url, *options):
        names = [word for port in (cls.http, cls.https) for word in ("--resolve", f"{NAME}:{port}:127.0.0.1")]
        return ["curl", "--silent", "--show-error", "--insecure", "--max-time", "20", *names, *options, url]

    @classmethod
    def ask(cls, url, *options):
        return subprocess.run(cls.curl(url, *options), capture_output=True, text=True, check=False)

    def test_http_is_redirected_to_https(self):
        said = self.ask(f"http://{NAME}:{self.http}/page?a=1", "--output", "/dev/null", "--write-out", "%{http_code} %{redirect_url}")
        status, location = said.stdout.split()
        self.assertEqual(status, "308", said.stderr)
        self.assertRegex(location, rf"^https://{NAME}(:{self.https})?/page\?a=1$")

    def test_https_speaks_http_2_and_says_hsts_once(self):
        said = self.ask(f"https://{NAME}:{self.https}/", "--http2", "--include")
        self.assertTrue(said.stdout.startswith("HTTP/2 200"), said.stdout[:200] + said.stderr)
        self.assertEqual(said.stdout.lower().count("strict-transport-security: max-age="), 1, said.stdout)

    def test_the_clients_address_is_the_connections_and_the_host_is_passed(self):
        said = self.ask(f"https://{NAME}:{self.https}/", "--header", "X-Forwarded-For: 192.0.2.1").stdout.splitlines()
        self.assertIn("x-forwarded-for: 127.0.0.1", said)
        self.assertIn("x-forwarded-proto: https", said)
        self.assertIn(f"host: {NAME}:{self.https}", said)

    def test_events_arrive_when_they_are_sent(self):
        Upstream.was_read.clear()
        with subprocess.Popen(self.curl(f"https://{NAME}:{self.https}/api/events", "--no-buffer"), stdout=subprocess.PIPE, text=True) as stream:
            self.assertEqual(stream.stdout.readline(), "data: first\n")
            Upstream.was_read.set()
            self.assertEqual(stream.stdout.read(), "\ndata: second\n\n")


class Nginx(Proxy, unittest.TestCase):
    @classmethod
    def start(cls):
        key, certificate = cls.folder / "key.pem", cls.folder / "certificate.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", f"/CN={NAME}", "-keyout", key, "-out", certificate],
                       capture_output=True, check=True)
        text = (SERVER / "nginx.conf").read_text(encoding="utf-8").replace("127.0.0.1:3050", f"127.0.0.1:{cls.upstream}")
        text = text.replace(f"/etc/letsencrypt/live/{NAME}/fullchain.pem", str(certificate)).replace(f"/etc/letsencrypt/live/{NAME}/privkey.pem", str(key))
        for port, instead in ((80, cls.http), (443, cls.https)):
            text = text.replace(f"listen {port}", f"listen 127.0.0.1:{instead}").replace(f"listen [::]:{port}", f"listen [::1]:{instead}")
        temporary = " ".join(f"{kind}_temp_path {cls.folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        main = cls.folder / "nginx.conf"
        main.write_text(f"daemon off; pid {cls.folder}/pid; error_log {cls.folder}/log; events {{}} http {{ access_log off; {temporary} {text} }}", encoding="utf-8")
        return subprocess.Popen(["nginx", "-p", cls.folder, "-c", main], stderr=subprocess.DEVNULL)


@unittest.skipUnless(shutil.which("caddy"), "caddy is not installed")
class Caddy(Proxy, unittest.TestCase):
    @classmethod
    def start(cls):
        # Its own authority instead of Let's Encrypt, which cannot reach this machine.
        options = f"{{\nadmin off\nlocal_certs\nskip_install_trust\nhttp_port {cls.http}\nhttps_port {cls.https}\nstorage file_system {cls.folder}/data\n}}\n"
        text = (SERVER / "Caddyfile").read_text(encoding="utf-8").replace("127.0.0.1:3050", f"127.0.0.1:{cls.upstream}")
        file = cls.folder / "Caddyfile"
        file.write_text(options + text, encoding="utf-8")
        with open(cls.folder / "log", "wb") as log:
            return subprocess.Popen(["caddy", "run", "--config", file, "--adapter", "caddyfile"], stderr=log, env={"HOME": str(cls.folder), "PATH": "/usr/bin:/bin"})


if __name__ == "__main__":
    unittest.main()
