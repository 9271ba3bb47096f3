#!/bin/sh
# Does what the official image does at start: options alone start the server, which drops root and, without a
# configuration file, listens on every address.
set -e

if [ "${1#-}" != "$1" ] || [ "${1%.conf}" != "$1" ]; then
  set -- valkey-server "$@"
fi
if [ "$1" = valkey-server ]; then
  case "$*" in
    *.conf*) ;;
    *) set -- "$@" --bind '* -::*' --protected-mode no ;;
  esac
  if [ "$(id -u)" = 0 ]; then
    chown -R valkey: /data
    exec setpriv --reuid=valkey --regid=valkey --init-groups "$0" "$@"
  fi
fi
exec "$@"
