#!/bin/sh
# install.sh PYTHON VENV [LOCK]: the locked environment, every file checked against its hash. Run in the checkout.
# An environment that was made here before is brought up to the lock, any other is made anew. With a LOCK of its own,
# what that says is added to it.
set -eu
python=$1 venv=$2

[ -n "$python" ] || { echo "Python 3.11 or newer was not found: install it, or name one with PYTHON=." >&2; exit 1; }
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "$python is older than Python 3.11." >&2; exit 1; }
# A package manager that cannot keep its cache would warn or stop; it works without.
[ -d "${HOME:-}" ] && [ -w "${HOME:-}" ] || export UV_NO_CACHE=1 PIP_NO_CACHE_DIR=1

new_environment() {
    # Some distributions split ensurepip off; the system's pip can then fill an environment that has none.
    "$python" -m venv --clear "$venv" > "$venv.log" 2>&1 && return
    "$python" -m pip --version > /dev/null 2>&1 || {
        cat "$venv.log" >&2
        rm -rf "$venv" "$venv.log"
        echo "This Python can make no environment: it has neither ensurepip nor pip (Debian: python3-venv)." >&2
        exit 1
    }
    "$python" -m venv --clear --without-pip "$venv"
}

if [ "$(cat "$venv/ready" 2> /dev/null)" != "$(pwd -P)" ] || ! "$venv/bin/python" -c '' 2> /dev/null; then
    new_environment
    rm -f "$venv.log"
fi
if "$venv/bin/python" -m pip --version > /dev/null 2>&1; then
    pip="$venv/bin/python -m pip"
else
    pip="$python -m pip --python $venv/bin/python"
fi

say() { echo "quittance: $*"; }
locked() { $pip install --quiet --disable-pip-version-check --require-hashes --no-deps --only-binary=:all: -r "$1"; }

if [ -n "${3:-}" ]; then
    say "adding what $3 says"
    locked "$3"
    exit
fi

# uv brings its own certificates; a machine whose way to the index has one of its own keeps that with the system's.
with_uv() {
    locked dev/stack/installer.lock &&
        "$venv/bin/uv" pip sync --quiet --system-certs --python "$venv/bin/python" --require-hashes requirements.lock &&
        "$venv/bin/uv" pip install --quiet --system-certs --python "$venv/bin/python" --no-deps --no-build-isolation -e .
}

with_pip() {
    locked requirements.lock &&
        $pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
}

say "installing the locked dependencies"
# uv is several times faster; where it cannot be had or does not know the way to the index, pip does the same. What one
# says that failed helps only where both did.
if ! with_uv > "$venv.log" 2>&1; then
    say "uv could not install them, pip does"
    with_pip >> "$venv.log" 2>&1 || { cat "$venv.log" >&2; rm -f "$venv.log"; exit 1; }
fi
rm -f "$venv.log"
pwd -P > "$venv/ready"
