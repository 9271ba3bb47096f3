# What the scripts that deploy have in common: settings, and how they speak. Sourced, not run.
# shellcheck shell=bash
#
#   ABACI_NAME             prefix of all names on AWS, and the application's name (abaci)
#   AWS_REGION             or AWS_DEFAULT_REGION, or the profile's
#   AWS_ACCESS_KEY         the names of the CI settings; AWS's own (AWS_ACCESS_KEY_ID, …), a profile or a role
#   AWS_SECRET_KEY         serve as well
#   ABACI_IMAGES           where images are pushed: registry and namespace (docker.io/$DOCKER_USERNAME)
#   DOCKER_USERNAME, DOCKER_PASSWORD    login of that registry
#   ABACI_OUT              where bundles, digests, lists and a key for CI are written (target/deploy)
#
# Whatever AWS's client understands works too, AWS_ENDPOINT_URL for a rehearsal among it.

# A failure inside of $(…) ends the script too.
shopt -s inherit_errexit

say() { printf '\033[1m== %s\033[0m\n' "$*"; }
fail() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }

# shellcheck disable=SC2034 # they are used by the scripts that source this one
{
  NAME=${ABACI_NAME:-abaci}
  ENVIRONMENT=$NAME-production
  OUT=${ABACI_OUT:-target/deploy}
  ROLES=(nginx client api worker)
}
# Answers are read by programs and people, page by page serves neither.
export AWS_PAGER=''

# The CI settings have names of their own, from the document; AWS's client knows others.
if [ -n "${AWS_ACCESS_KEY:-}" ] && [ -z "${AWS_ACCESS_KEY_ID:-}" ]; then
  export AWS_ACCESS_KEY_ID=$AWS_ACCESS_KEY AWS_SECRET_ACCESS_KEY=${AWS_SECRET_KEY:?is missing beside AWS_ACCESS_KEY}
fi

# Version 1 of the client reads only the second name.
[ -z "${AWS_REGION:-}" ] || export AWS_DEFAULT_REGION=$AWS_REGION

need() {
  local command
  for command; do
    command -v "$command" >/dev/null || fail "$command is missing; docs/deploy.md says what is needed"
  done
}

# Prints the region; the client's own order of precedence.
region() {
  local found=${AWS_REGION:-${AWS_DEFAULT_REGION:-$(aws configure get region || true)}}
  [ -n "$found" ] || fail "no region is set; export AWS_REGION"
  echo "$found"
}

bundles_bucket() { echo "${ABACI_BUNDLES_BUCKET:-$NAME-bundles-$(aws sts get-caller-identity --query Account --output text)-$(region)}"; }

# environment FIELD: one field of the environment, as the client calls it; empty if there is no environment.
environment() {
  aws elasticbeanstalk describe-environments --application-name "$NAME" --environment-names "$ENVIRONMENT" \
    --no-include-deleted --query "Environments[0].$1" --output text | sed 's/^None$//'
}

# stack_output STACK KEY
stack_output() {
  aws cloudformation describe-stacks --stack-name "$1" --query "Stacks[0].Outputs[?OutputKey=='$2'].OutputValue" --output text
}

version() { sed -n '/^\[workspace.package\]/,/^\[/s/^version = "\(.*\)"/\1/p' Cargo.toml; }
commit() { git rev-parse --short=12 HEAD; }

# The label of a version, in images and on Beanstalk: what it is called and exactly what it was made from.
# ABACI_LABEL says it otherwise.
label() {
  local label=${ABACI_LABEL:-$(version)-$(commit)}
  [ -z "${ABACI_LABEL:-}" ] || { echo "$label"; return; }
  git diff --quiet HEAD -- || label+=-changed
  echo "$label"
}

# image_of ROLE: what the image of a role is called, without a tag.
image_of() {
  local where=${ABACI_IMAGES:-docker.io/${DOCKER_USERNAME:?is not set, and neither is ABACI_IMAGES}}
  echo "$where/abaci-$1"
}
