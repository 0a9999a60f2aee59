#!/usr/bin/env bash
# Makes sure that a node's Python has the worker's packages in the locked versions, then runs a script of this folder with it.
#
#   bash install_dependencies.sh                    installs, prints the interpreter
#   bash install_dependencies.sh --run SCRIPT ARGS  installs, becomes that interpreter running SCRIPT
#
# Needs no root. An interpreter that has the packages is used as it is. Otherwise they go, once per node however many tasks
# start together, into an environment beside the tasks' shared files; nothing else on the node is touched.
# pip's own settings (PIP_INDEX_URL, PIP_FIND_LINKS, PIP_NO_INDEX, pip.conf …) apply. Exit code 3: cannot install.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
lock=$here/requirements.lock

fail() {
    echo "cannot install the worker's packages: $1" >&2
    exit 3
}

recent() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 10))' >/dev/null 2>&1
}

equipped() {
    recent "$1" && "$1" "$here/dependencies.py" "$lock" >/dev/null 2>&1
}

# The interpreters to consider, python3 first: an environment that somebody has activated is that one.
candidates=(python3 python3.14 python3.13 python3.12 python3.11 python3.10)

find_equipped() {
    local candidate
    for candidate in "${candidates[@]}"; do
        if equipped "$candidate"; then
            command -v "$candidate"
            return
        fi
    done
    return 1
}

find_recent() {
    local candidate
    for candidate in "${candidates[@]}"; do
        if recent "$candidate"; then
            command -v "$candidate"
            return
        fi
    done
    return 1
}

# Makes a virtual environment in $2 and prints nothing; every way to get pip is tried, the shipped one first because it
# needs nothing of the node.
build() {
    local base=$1 new=$2 pip
    "$base" -m venv --without-pip "$new" || return
    local python=$new/bin/python
    if [ -f "$here/pip.pyz" ]; then
        pip=("$python" "$here/pip.pyz")
    elif "$python" -m ensurepip; then
        pip=("$python" -m pip)
    elif "$base" -m pip --version; then
        pip=("$base" -m pip --python "$python")
    else
        echo "no pip: neither pip.pyz beside this script, nor ensurepip, nor pip for $base"
        return 1
    fi
    "${pip[@]}" --disable-pip-version-check --no-input install \
        --require-hashes --only-binary :all: -r "$lock" || return
    "$python" "$here/dependencies.py" "$lock"
}

# Prints the interpreter of the environment, which is made if it is not there. The lock is held for reading, so that a task
# of another user can wait for it too; the rename at the end is what makes the environment exist.
installed() {
    local base=$1 store digest version environment log
    store=${AZ_BATCH_NODE_SHARED_DIR:-${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}}
    digest=$(sha256sum "$lock" | cut -c1-16)
    version=$("$base" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    environment=$store/reconcile-worker-$digest-py$version
    if [ ! -e "$environment" ]; then
        mkdir -p "$store" || fail "cannot make $store"
        [ -e "$environment.lock" ] || : >>"$environment.lock" || fail "cannot write to $store"
        exec 9<"$environment.lock"
        flock 9
        if [ ! -e "$environment" ]; then
            rm -rf "$environment.new"
            log=$(mktemp)
            if ! build "$base" "$environment.new" >"$log" 2>&1 9<&-; then
                cat "$log" >&2
                rm -rf "$log" "$environment.new"
                fail "see above; PIP_INDEX_URL or PIP_FIND_LINKS in the pool's start task or the job's environment names a source"
            fi
            rm -f "$log"
            chmod -R a+rX "$environment.new"
            mv -T "$environment.new" "$environment"
        fi
        exec 9<&-
    fi
    echo "$environment/bin/python"
}

if ! python=$(find_equipped); then
    base=$(find_recent) || fail "no Python 3.10 or newer on PATH; use an image that has one, such as Ubuntu 22.04"
    python=$(installed "$base")
fi

case ${1:-} in
    --run)
        script=${2:?--run needs the name of a script}
        shift 2
        exec "$python" "$here/$script" "$@"
        ;;
    "") echo "$python" ;;
    *)
        echo "usage: install_dependencies.sh [--run SCRIPT ARGS...]" >&2
        exit 2
        ;;
esac
