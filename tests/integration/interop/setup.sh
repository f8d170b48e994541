#!/bin/sh
# Installs what the interoperability tests and `make bench PEER=1` run against: MsgFlo's npm packages in node_modules/
# beside this file, its PyPI package in .venv/interop. Does nothing when that is done already. Usage: setup.sh [PYTHON]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
venv=$(cd "$here/../../.." && pwd)/.venv/interop
python=${1:-python3}

# What was installed is stamped with the lists that it was installed from.
current() { [ -f "$1" ] && cmp -s "$1" "$2"; }

if ! current "$venv/installed.txt" "$here/requirements.txt"; then
    rm -rf "$venv"
    "$python" -m venv "$venv"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps -r "$here/requirements.txt"
    cp "$here/requirements.txt" "$venv/installed.txt"
fi

if ! command -v npm >/dev/null 2>&1; then
    echo "npm is missing, so nothing is tested against MsgFlo's Node.js programs (Debian: apt install nodejs npm)" >&2
elif ! current "$here/node_modules/.installed.json" "$here/package-lock.json"; then
    # --ignore-scripts and no optional packages: the native parts that they build are for AMQP and statistics.
    (cd "$here" && npm ci --ignore-scripts --omit=optional --no-audit --no-fund --loglevel=error)
    cp "$here/package-lock.json" "$here/node_modules/.installed.json"
fi
