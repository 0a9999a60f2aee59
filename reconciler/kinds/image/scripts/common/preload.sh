#!/usr/bin/env bash
set -euo pipefail
# Pulls container images, so that a node that boots from this machine's image has them.
#   IMAGES              a line each: REFERENCE, or REFERENCE|TAG to also give the image the name TAG
#   REGISTRIES          a line each: the login server of an Azure container registry that wants a login
#   IDENTITY_CLIENT_ID  the managed identity that logs in; empty: the machine's own
#   AUDIENCE            the resource its token is for; another one in another Azure cloud
#   IMDS                the instance metadata service
#   TRIES, PAUSE        how often a login is tried, and seconds after the first try: a new role takes minutes to work
# Tokens live in variables, pipes and a folder in memory: never in an argument or a here-string (a file in older bash).
: "${IMAGES?references of images, a line each}" "${REGISTRIES:=}" "${IDENTITY_CLIENT_ID:=}"
: "${AUDIENCE:=https://management.azure.com/}" "${IMDS:=http://169.254.169.254}" "${TRIES:=10}" "${PAUSE:=5}"

# PAUSE, then twice as long each time, a minute at most.
rest() {
  local pause=$((PAUSE << ($1 < 8 ? $1 - 1 : 7)))
  sleep $((pause < 60 ? pause : 60))
}

# The string of that name, or of one of those names, in the JSON of stdin.
field() { tr -d '\n' | sed -nE "s/.*\"($1)\" *: *\"([^\"]*)\".*/\2/p"; }

# The body of a good answer; of any other only its message, for a body may hold a token.
ask() {
  local answer status
  answer=$(curl --silent --show-error --max-time 30 --write-out '\n%{http_code}' "$@") || return 1
  status=${answer##*$'\n'}
  answer=${answer%$'\n'*}
  if [[ $status != 200 ]]; then
    warn "HTTP $status: $(printf '%s' "$answer" | field 'error_description|message')"
    return 1
  fi
  printf '%s' "$answer"
}

identity_token() {
  local query=(--data-urlencode api-version=2018-02-01 --data-urlencode "resource=$AUDIENCE")
  if [[ -n $IDENTITY_CLIENT_ID ]]; then query+=(--data-urlencode "client_id=$IDENTITY_CLIENT_ID"); fi
  ask --noproxy '*' --header 'Metadata: true' --get "${query[@]}" "$IMDS/metadata/identity/oauth2/token" |
    field access_token
}

# What the registry gives for the identity's token: a password for docker, good for hours.
registry_token() {
  printf 'grant_type=access_token&service=%s&access_token=%s' "$1" "$2" |
    ask --proto '=https' --data @- "https://$1/oauth2/exchange" | field refresh_token
}

login_once() {
  local token
  token=$(identity_token) || return 1
  if [[ -z $token ]]; then warn 'the metadata service gave no token'; return 1; fi
  token=$(registry_token "$1" "$token") || return 1
  if [[ -z $token ]]; then warn "$1 gave no token"; return 1; fi
  printf '%s' "$token" |
    docker login --username 00000000-0000-0000-0000-000000000000 --password-stdin "$1" >/dev/null
}

login() {
  local try
  say "logging in to $1"
  for ((try = 1; ; try++)); do
    if login_once "$1"; then return; fi
    if ((try >= TRIES)); then die "cannot log in to $1 after $try tries"; fi
    rest "$try"
  done
}

# Three tries; more while a registry that we are logged in to refuses, for the identity's role may be new.
pull() {
  local error try limit
  for ((try = 1; ; try++)); do
    if error=$(docker pull --quiet "$1" 2>&1 >/dev/null); then return; fi
    limit=3
    if [[ $'\n'$REGISTRIES$'\n' == *$'\n'"${1%%/*}"$'\n'* && $error =~ denied|unauthorized ]]; then limit=$TRIES; fi
    if ((try >= limit)); then die "cannot pull $1: $error"; fi
    warn "$1: $error; trying again"
    rest "$try"
  done
}

# repository@sha256:..., as the registry of the reference names the image.
digest() {
  local repository=${1%@*} line all
  if [[ ${repository##*/} == *:* ]]; then repository=${repository%:*}; fi
  repository=${repository#docker.io/}
  all=$(docker image inspect --format '{{range .RepoDigests}}{{println .}}{{end}}' "$1")
  while read -r line; do
    if [[ $line == "${repository#library/}@"* ]]; then printf '%s' "$line"; return; fi
  done <<<"$all"
  printf '%s' "${all%%$'\n'*}"
}

mapfile -t images < <(grep -v '^[[:space:]]*$' <<<"$IMAGES" || true)
mapfile -t registries < <(grep -v '^[[:space:]]*$' <<<"$REGISTRIES" || true)
for image in "${images[@]}"; do
  [[ $image =~ ^[A-Za-z0-9][A-Za-z0-9._/:@-]*(\|[A-Za-z0-9][A-Za-z0-9._/:-]*)?$ ]] || die "not an image: $image"
done
for registry in "${registries[@]}"; do
  [[ $registry =~ ^[A-Za-z0-9][A-Za-z0-9.-]*(:[0-9]+)?$ ]] || die "not a registry: $registry"
done
[[ $TRIES =~ ^[1-9][0-9]*$ && $PAUSE =~ ^[0-9]+$ ]] || die "not numbers: TRIES $TRIES, PAUSE $PAUSE"
command -v docker >/dev/null || die 'there is no docker; install it first'
if ((${#images[@]} == 0)); then
  say 'no images asked for'
  exit 0
fi

# docker login writes the password to this folder: in memory, and gone with the script.
for memory in /dev/shm /run "${TMPDIR:-/tmp}"; do
  if [[ -d $memory && -w $memory ]]; then break; fi
done
DOCKER_CONFIG=$(mktemp --directory --tmpdir="$memory" preload.XXXXXXXXXX)
export DOCKER_CONFIG
trap 'rm -rf "$DOCKER_CONFIG"' EXIT
trap 'exit 1' HUP INT TERM

for registry in "${registries[@]}"; do login "$registry"; done
for image in "${images[@]}"; do
  reference=${image%%|*}
  pull "$reference"
  if [[ $image == *'|'* ]]; then docker tag "$reference" "${image#*|}"; fi
  printf 'pulled %s %s\n' "$reference" "$(digest "$reference")"
done
