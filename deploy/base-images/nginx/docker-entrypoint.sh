#!/bin/sh
# Does what the official image does at start: runs /docker-entrypoint.d/*.sh and renders the templates of
# /etc/nginx/templates with the environment's variables.
set -e

output=${NGINX_ENVSUBST_OUTPUT_DIR:-/etc/nginx/conf.d}
variables=$(env | sed -n 's/^\([A-Za-z_][A-Za-z0-9_]*\)=.*/${\1}/p' | tr '\n' ' ')
for template in /etc/nginx/templates/*.template; do
  [ -e "$template" ] || continue
  envsubst "$variables" <"$template" >"$output/$(basename "${template%.template}")"
done
for script in /docker-entrypoint.d/*.sh; do
  [ -x "$script" ] && "$script"
done
exec "$@"
