"""RDS and ElastiCache as real servers that refuse plain connections, behind moto's calls."""
import os
import secrets
import time

from rehearsal.engine import NETWORK, STATE, Failed, remove, run, secret_file

# The versions that development runs. AWS has older ones too: those are refused here, because each is retired some day.
POSTGRES, VALKEY = "18", "9.1"
HBA = "local all all trust\nhostssl all all all scram-sha-256\n"


class Database:
    """PostgreSQL with TLS forced, as RDS has it with rds.force_ssl. `host` is signed by the rehearsal's authority."""

    def __init__(self, password, dump=None):
        self.container = f"rehearsal-rds-{secrets.token_hex(2)}"
        self.host = f"{self.container}.rds.rehearsal.internal"
        password_file = secret_file(f"{self.container}.password", password)
        secret_file("pg_hba.conf", HBA)
        run("docker", "run", "--detach", "--name", self.container, "--network", NETWORK, "--network-alias", self.host,
            "--volume", f"{STATE}:/rehearsal:ro", "--env", "POSTGRES_USER=abaci", "--env", "POSTGRES_DB=abaci",
            "--env", f"POSTGRES_PASSWORD_FILE=/rehearsal/{os.path.basename(password_file)}", "--entrypoint", "bash", f"postgres:{POSTGRES}", "-c",
            "install -d -o postgres /tls && install -o postgres -m 600 /rehearsal/tls/server.* /rehearsal/pg_hba.conf /tls && "
            "install -o postgres -m 600 $POSTGRES_PASSWORD_FILE /tls/password && export POSTGRES_PASSWORD_FILE=/tls/password && "
            "exec docker-entrypoint.sh postgres -c ssl=on -c ssl_cert_file=/tls/server.pem -c ssl_key_file=/tls/server.key -c hba_file=/tls/pg_hba.conf")
        wait(lambda: run("docker", "exec", self.container, "pg_isready", "--host=127.0.0.1", "--quiet"))
        if dump:
            self.sql(dump)

    @staticmethod
    def require_version(version):
        if version.partition(".")[0] != POSTGRES:
            raise ValueError(f"PostgreSQL {version} is not what development runs; that is {POSTGRES}")

    def set_password(self, password):
        self.sql(f"alter role abaci password '{password}';")

    def dump(self):
        return run("docker", "exec", self.container, "pg_dump", "--username=abaci", "--no-owner", "abaci")

    def sql(self, text):
        return run("docker", "exec", "--interactive", self.container, "psql", "--username=abaci", "--set=ON_ERROR_STOP=1", "--quiet", "abaci", stdin=text)

    def delete(self):
        remove(self.container)


class Cache:
    """Valkey that speaks TLS alone and wants a password, as ElastiCache with encryption in transit and AUTH."""

    def __init__(self, password):
        self.container = "rehearsal-elasticache"
        self.host = "primary.cache.rehearsal.internal"
        self.password = password
        secret_file("valkey.conf", f"port 0\ntls-port 6379\ntls-cert-file /tls/server.pem\ntls-key-file /tls/server.key\ntls-ca-cert-file /rehearsal/tls/ca.pem\n"
                    f"tls-auth-clients no\nrequirepass {password}\nmaxmemory 128mb\nmaxmemory-policy noeviction\nsave \"\"\nbind * -::*\n")
        run("docker", "run", "--detach", "--name", self.container, "--network", NETWORK, "--network-alias", self.host, "--user", "root",
            "--volume", f"{STATE}:/rehearsal:ro", "--entrypoint", "sh", f"valkey/valkey:{VALKEY}", "-c",
            "install -d -o valkey /tls && install -o valkey -m 600 /rehearsal/tls/server.* /rehearsal/valkey.conf /tls && "
            "exec setpriv --reuid=valkey --regid=valkey --init-groups valkey-server /tls/valkey.conf")
        wait(lambda: self.command("PING"))

    @staticmethod
    def require_version(version):
        if version != VALKEY:
            raise ValueError(f"Valkey {version} is not what development runs; that is {VALKEY}")

    def command(self, *words):
        # The password goes in by standard input: on the command line it would be seen.
        said = run("docker", "exec", "--interactive", self.container, "sh", "-c",
                   "read -r REDISCLI_AUTH; export REDISCLI_AUTH; exec valkey-cli --tls --insecure", stdin=f"{self.password}\n{' '.join(words)}\n")
        if not said.strip() or "ERR" in said or "refused" in said:
            raise Failed(said)
        return said

    def add_password(self, password):
        self.command("ACL", "SETUSER", "default", f">{password}")

    def set_password(self, password):
        self.command("ACL", "SETUSER", "default", "resetpass", f">{password}")
        self.password = password

    def delete(self):
        remove(self.container)


def wait(ready, patience_secs=60):
    deadline = time.monotonic() + patience_secs
    while True:
        try:
            return ready()
        except Failed:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.3)
