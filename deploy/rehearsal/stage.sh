# What a rehearsal stands on: a registry with login, an authority for certificates, and the emulated AWS. Sourced by
# deploy/rehearsal/run, after deploy/aws/common.sh.
# shellcheck shell=bash

STATE=$PWD/target/rehearsal
REGISTRY_PORT=${REHEARSAL_REGISTRY_PORT:-5180} AWS_PORT=4180 METADATA_PORT=4181
export REHEARSAL_PORT=${REHEARSAL_PORT:-8180} REHEARSAL_TLS_PORT=${REHEARSAL_TLS_PORT:-8143}
# shellcheck disable=SC2034 # the rehearsal asks there
URL=http://127.0.0.1:$REHEARSAL_PORT PUBLIC_NAME=localhost

set_up() {
  need docker python3 openssl htpasswd docker-registry aws git curl
  local python
  mkdir -p "$STATE/tls" "$STATE/balancer" "$STATE/registry"
  make_certificates
  docker network create rehearsal-vpc >/dev/null
  DOCKER_BUILDKIT=1 docker build --quiet --tag rehearsal-instance deploy/rehearsal/instance >/dev/null
  start_registry
  python=$(python_with 'moto[server]==5.2.5')
  start_aws "$python"
}

# python_with REQUIREMENT: an interpreter that has it, in a folder of its own; prints its path.
python_with() {
  local folder=${XDG_CACHE_HOME:-$HOME/.cache}/abaci/${1//[^a-z0-9.]/-}
  if [ ! -e "$folder/complete" ]; then
    python3 -m venv --clear "$folder"
    "$folder/bin/pip" install --quiet --disable-pip-version-check "$1" >&2
    touch "$folder/complete"
  fi
  echo "$folder/bin/python"
}

# An authority of this rehearsal's own, one certificate for both servers, and one for the public name at the balancer.
make_certificates() {
  local tls=$STATE/tls
  openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj '/CN=Rehearsal' -addext basicConstraints=critical,CA:TRUE \
    -addext keyUsage=critical,keyCertSign -keyout "$tls/ca.key" -out "$tls/ca.pem" 2>/dev/null
  make_certificate server 'DNS:*.rds.rehearsal.internal,DNS:*.cache.rehearsal.internal'
  make_certificate balancer "DNS:$PUBLIC_NAME"
  chmod 644 "$tls/ca.pem"
}

# make_certificate NAME ALTERNATIVE_NAMES
make_certificate() {
  openssl req -newkey rsa:2048 -nodes -subj "/CN=$1" -keyout "$tls/$1.key" -out "$tls/$1.csr" 2>/dev/null
  openssl x509 -req -in "$tls/$1.csr" -CA "$tls/ca.pem" -CAkey "$tls/ca.key" -days 2 -out "$tls/$1.pem" -extfile <(
    printf 'subjectAltName=%s\nextendedKeyUsage=serverAuth\n' "$2"
  ) 2>/dev/null
}

# Load-balanced, people use the public name, whose certificate the balancer has. By its own address it has none.
by_public_name() {
  URL=https://$PUBLIC_NAME:$REHEARSAL_TLS_PORT
  export ABACI_PUBLIC_URL=$URL CURL_CA_BUNDLE=$STATE/tls/ca.pem SSL_CERT_FILE=$STATE/tls/ca.pem
}

start_registry() {
  printf '%s' "$DOCKER_PASSWORD" | htpasswd -niB rehearsal >"$STATE/registry/users"
  cat >"$STATE/registry/config.yml" <<YAML
version: 0.1
log: { level: warn, accesslog: { disabled: true } }
storage: { filesystem: { rootdirectory: $STATE/registry/data } }
http: { addr: "127.0.0.1:$REGISTRY_PORT" }
auth: { htpasswd: { realm: rehearsal, path: $STATE/registry/users } }
YAML
  docker-registry serve "$STATE/registry/config.yml" >"$STATE/registry.log" 2>&1 &
  echo $! >"$STATE/registry.pid"
  wait_for "the registry" curl --silent --output /dev/null "http://127.0.0.1:$REGISTRY_PORT/v2/"
}

start_aws() {
  local gateway
  gateway=$(docker network inspect rehearsal-vpc --format '{{(index .IPAM.Config 0).Gateway}}')
  mkdir -p "$STATE/bin"
  # Version 1 of the client asks the real RDS whatever AWS_ENDPOINT_URL says; it uses the option.
  printf '#!/bin/sh\nexec %s --endpoint-url http://%s:%s "$@"\n' "$(command -v aws)" "$gateway" "$AWS_PORT" >"$STATE/bin/aws"
  chmod +x "$STATE/bin/aws"
  (umask 077; : >"$STATE/aws.env")
  cat >"$STATE/aws.env" <<ENV
export AWS_ENDPOINT_URL=http://$gateway:$AWS_PORT REHEARSAL_METADATA_URL=http://$gateway:$METADATA_PORT PATH=$STATE/bin:$PATH
export AWS_ACCESS_KEY=rehearsal AWS_SECRET_KEY=rehearsal AWS_REGION=$AWS_REGION
export DOCKER_USERNAME=rehearsal DOCKER_PASSWORD=$DOCKER_PASSWORD ABACI_IMAGES=$ABACI_IMAGES ABACI_PUBLIC_URL=$URL ABACI_OUT=$ABACI_OUT
ENV
  # shellcheck source=/dev/null
  source "$STATE/aws.env"
  # With the policies that AWS itself made.
  MOTO_IAM_LOAD_MANAGED_POLICIES=true REHEARSAL_STATE=$STATE PYTHONDONTWRITEBYTECODE=1 PYTHONWARNINGS=ignore PYTHONPATH=deploy \
    "$1" -m rehearsal.server "$gateway" "$AWS_PORT" "$METADATA_PORT" >"$STATE/aws.log" 2>&1 &
  echo $! >"$STATE/aws.pid"
  wait_for "the emulation" curl --silent --output /dev/null "$AWS_ENDPOINT_URL"
}

wait_for() {
  local what=$1
  shift
  for _ in $(seq 150); do
    "$@" && return
    sleep 0.2
  done
  fail "$what does not answer"
}

troubles() {
  say "What the platform said last"
  tail -n 15 "$STATE/events.log" 2>/dev/null || true
  tail -n 5 "$STATE/aws.log" 2>/dev/null || true
  docker ps --all --format '{{.Names}}\t{{.Status}}' --filter name=rehearsal- || true
}

stop() {
  local pid network
  for pid in "$STATE"/*.pid; do
    [ -e "$pid" ] || continue
    # It may still be writing there when the folder is to go.
    ! kill "$(cat "$pid")" 2>/dev/null || timeout 20 tail --pid="$(cat "$pid")" -f /dev/null || true
    rm -f "$pid"
  done
  docker ps --all --quiet --filter name='^/?rehearsal-' | xargs --no-run-if-empty docker rm --force --volumes >/dev/null
  # By name: removing by identity would take the tags that others have given the same image.
  docker images --digests --format '{{.Repository}}:{{.Tag}} {{.Repository}}@{{.Digest}}' --filter "reference=$ABACI_IMAGES/*" |
    tr ' ' '\n' | grep -v '<none>$' | sort -u | xargs --no-run-if-empty docker image rm --force >/dev/null 2>&1 || true
  # Networks of the instances' projects go with their containers, whatever they are called.
  for network in $(docker network ls --format '{{.Name}}' --filter name=rehearsal-); do
    docker network rm "$network" >/dev/null 2>&1 || true
  done
}
