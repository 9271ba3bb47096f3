# Settings and functions shared by the deployment scripts. Source this file; do not run it.
# shellcheck shell=bash
#
#   ABACI_NAME             prefix of all names on AWS, and name of the application (abaci)
#   AWS_REGION             or AWS_DEFAULT_REGION, or the profile's
#   AWS_ACCESS_KEY         the CI settings' names; AWS's own (AWS_ACCESS_KEY_ID, …), a profile or a role work too
#   AWS_SECRET_KEY
#   ABACI_IMAGES           registry and namespace to push images to (docker.io/$DOCKER_USERNAME)
#   DOCKER_USERNAME, DOCKER_PASSWORD    login of that registry
#   ABACI_OUT              folder for bundles, digests, SBOMs and a key for CI (target/deploy)
#
# All settings of AWS's client work too; the rehearsal uses AWS_ENDPOINT_URL.

# A failure inside $(…) ends the script.
shopt -s inherit_errexit

say() { printf '\033[1m== %s\033[0m\n' "$*"; }
fail() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }

# shellcheck disable=SC2034 # used by the scripts that source this file
{
  NAME=${ABACI_NAME:-abaci}
  ENVIRONMENT=$NAME-production
  OUT=${ABACI_OUT:-target/deploy}
  ROLES=(nginx client api worker)
}
# Do not page the output.
export AWS_PAGER=''

# Maps the CI settings' names to those of AWS's client.
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

# Prints the region, in the order of precedence of AWS's client.
region() {
  local found=${AWS_REGION:-${AWS_DEFAULT_REGION:-$(aws configure get region || true)}}
  [ -n "$found" ] || fail "no region is set; export AWS_REGION"
  echo "$found"
}

bundles_bucket() { echo "${ABACI_BUNDLES_BUCKET:-$NAME-bundles-$(aws sts get-caller-identity --query Account --output text)-$(region)}"; }

# environment FIELD: prints a field of the environment; nothing if there is no environment.
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

# Prints the label of a version, for images and Beanstalk: version and commit. ABACI_LABEL overrides it.
label() {
  local label=${ABACI_LABEL:-$(version)-$(commit)}
  [ -z "${ABACI_LABEL:-}" ] || { echo "$label"; return; }
  git diff --quiet HEAD -- || label+=-changed
  echo "$label"
}

# image_of ROLE: prints the name of the role's image, without a tag.
image_of() {
  local where=${ABACI_IMAGES:-docker.io/${DOCKER_USERNAME:?is not set; set it or ABACI_IMAGES}}
  echo "$where/abaci-$1"
}
