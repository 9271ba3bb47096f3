#!/bin/bash
# Does what the official image does at start: POSTGRES_USER, POSTGRES_PASSWORD, POSTGRES_DB (each also as
# _FILE), POSTGRES_INITDB_ARGS, and /docker-entrypoint-initdb.d on the first start.
set -Eeuo pipefail

main() {
  if [ "${1:0:1}" = - ]; then
    set -- postgres "$@"
  fi
  if [ "$1" = postgres ]; then
    if [ "$(id -u)" = 0 ]; then
      mkdir -p "$PGDATA"
      chown -R postgres: "$PGDATA"
      chmod 700 "$PGDATA"
      exec setpriv --reuid=postgres --regid=postgres --init-groups "$0" "$@"
    fi
    [ -s "$PGDATA/PG_VERSION" ] || initialise
  fi
  exec "$@"
}

# Sets a variable from the file that its _FILE variable names, or to its default.
from_file() {
  local name=$1 file=$1_FILE
  if [ -n "${!file:-}" ]; then
    export "$name"="$(<"${!file}")"
    unset "$file"
  elif [ -z "${!name:-}" ] && [ -n "${2:-}" ]; then
    export "$name"="$2"
  fi
}

initialise() {
  from_file POSTGRES_PASSWORD
  from_file POSTGRES_USER postgres
  from_file POSTGRES_DB "$POSTGRES_USER"
  if [ -z "${POSTGRES_PASSWORD:-}" ] && [ "${POSTGRES_HOST_AUTH_METHOD:-}" != trust ]; then
    echo "Error: Database is uninitialized and superuser password is not specified (POSTGRES_PASSWORD)." >&2
    exit 1
  fi
  local arguments=()
  read -ra arguments <<<"${POSTGRES_INITDB_ARGS:-}"
  initdb --username="$POSTGRES_USER" --pwfile=<(printf '%s\n' "${POSTGRES_PASSWORD:-}") --auth-local=trust \
    "${arguments[@]}" >/dev/null
  echo "host all all all ${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}" >>"$PGDATA/pg_hba.conf"
  echo "listen_addresses = '*'" >>"$PGDATA/postgresql.conf"

  PGUSER=$POSTGRES_USER pg_ctl -D "$PGDATA" -o "-c listen_addresses=''" -w start >/dev/null
  local sql=(psql -v ON_ERROR_STOP=1 -U "$POSTGRES_USER")
  if [ "$POSTGRES_DB" != postgres ]; then
    "${sql[@]}" -d postgres -qc "CREATE DATABASE \"$POSTGRES_DB\""
  fi
  local file
  for file in /docker-entrypoint-initdb.d/*; do
    case $file in
      *.sh) if [ -x "$file" ]; then "$file"; else . "$file"; fi ;;
      *.sql) "${sql[@]}" -d "$POSTGRES_DB" -qf "$file" ;;
      *.sql.gz) gunzip -c "$file" | "${sql[@]}" -d "$POSTGRES_DB" -q ;;
    esac
  done
  pg_ctl -D "$PGDATA" -m fast -w stop >/dev/null
  echo "PostgreSQL init process complete; ready for start up."
}

main "$@"
