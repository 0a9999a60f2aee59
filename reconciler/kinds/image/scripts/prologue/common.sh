# The shared head of every script: it says what it does on stdout, and why it cannot go on at stderr.
say() { printf '%s: %s\n' "$stage" "$*"; }
warn() { printf '%s: %s\n' "$stage" "$*" >&2; }
die() { warn "$*"; exit 1; }
