#!/usr/bin/env bash
# Everything a fresh clone needs: packages, the virtual environment .venv, and a machine that can run labs.
# Usage: scripts/setup.sh [lab|test]      test adds what only `make test` needs
# It can be run again at any time, from any folder; what is there already is not done twice.
set -euo pipefail

purpose=${1:-lab}
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
cd "$root"
log=$root/build/setup.log
stamp=$root/.venv/set-up

say() { printf 'setup: %s\n' "$*"; }

fail() {
    printf 'setup: %s\n' "$*" >&2
    exit 1
}

# conclude LABEL STARTED STATUS: say how long a step took; of one that failed, how its log ends, and stop.
conclude() {
    [[ -t 1 ]] && printf '\r'
    if (($3 != 0)); then
        printf 'setup: %s failed; the end of %s:\n' "$1" "$log" >&2
        tail -n 15 "$log" | cut -c -300 >&2
        exit 1
    fi
    say "$1: done in $((SECONDS - $2)) s "
}

# step LABEL COMMAND...: run a long command, its output in the log, with one line that counts the seconds.
step() {
    local label=$1 started=$SECONDS child status=0
    shift
    "$@" >>"$log" 2>&1 </dev/null &
    child=$!
    trap 'kill "$child" 2>/dev/null || true; exit 130' INT TERM
    while [[ -t 1 ]] && kill -0 "$child" 2>/dev/null; do
        printf '\rsetup: %s ... %d s ' "$label" $((SECONDS - started))
        sleep 0.5
    done
    wait "$child" || status=$?
    trap - INT TERM
    conclude "$label" "$started" "$status"
}

# step_as_root LABEL COMMAND...: the same through sudo, in the foreground: it may ask for a password, on the terminal.
step_as_root() {
    local label=$1 started=$SECONDS status=0
    shift
    # shellcheck disable=SC2024 # the log belongs to this user, not to root
    sudo -- "$@" >>"$log" 2>&1 </dev/null || status=$?
    conclude "$label" "$started" "$status"
}

# The packages on the list that are not installed, on one line.
missing_packages() {
    local uses=lab wanted
    [[ $purpose == test ]] && uses="lab test $(sed -n 's/^ID=//p' /etc/os-release | tr -d "\"'")"
    wanted=$(awk -v uses=" $uses " '/^[^#]/ && index(uses, " " $2 " ") { print $1 }' scripts/packages.txt)
    # shellcheck disable=SC2086 # one argument for each package is meant
    comm -23 <(sort <<<"$wanted") \
        <(dpkg-query -W -f '${db:Status-Status} ${Package}\n' $wanted 2>/dev/null | sed -n 's/^installed //p' | sort) |
        paste -sd ' '
}

install_packages() {
    local missing
    if ! command -v dpkg-query >/dev/null; then
        say "this is neither Debian nor Ubuntu: please install the counterparts of scripts/packages.txt yourself"
        return
    fi
    missing=$(missing_packages)
    [[ -z $missing ]] && return
    say "will install with apt-get, for all users of this computer: $missing"
    # shellcheck disable=SC2086 # one argument for each package is meant
    if ((EUID == 0)); then
        step "packages" scripts/install_packages.sh $missing
    elif command -v sudo >/dev/null; then
        say "only root may do that, so sudo runs scripts/install_packages.sh; it may ask for your password"
        step_as_root "packages" scripts/install_packages.sh $missing
    else
        fail "only root may do that, and there is no sudo; as root: $root/scripts/install_packages.sh $missing"
    fi
}

# The first Python that is new enough; the distribution's own first, because every lab machine can see it.
find_python() {
    local candidate
    for candidate in /usr/bin/python3 python3.13 python3.12 python3.11 python3; do
        if "$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    fail "Python 3.11 or newer with its venv module is needed, and not here: apt-get install python3 python3-venv"
}

make_environment() {
    local python identity
    python=$(find_python)
    identity=$({
        echo "$root $("$python" --version)"
        cat pyproject.toml
    } | sha256sum)
    [[ -x .venv/bin/raslab && $(cat "$stamp" 2>/dev/null) == "$identity" ]] && return
    say "will make the virtual environment $root/.venv with $python and install Python packages into it"
    # One that works and has not been moved here from another folder is kept.
    if ! .venv/bin/python -c '' 2>/dev/null || ! grep -q " $root/.venv\$" .venv/pyvenv.cfg; then
        step "virtual environment" "$python" -m venv --clear .venv
    fi
    step "Python packages" .venv/bin/python -m pip install --editable '.[dev,notebook]'
    step "notebook kernels" .venv/bin/raslab kernelspec install --sys-prefix
    echo "$identity" >"$stamp"
}

# Other makers' daemons for tests: unpacked for these, not installed.
unpack_packages() {
    local wanted package missing=()
    command -v apt-get >/dev/null || return 0
    wanted=$(awk '/^[^#]/ && $2 == "unpacked" { print $1 }' scripts/packages.txt)
    for package in $wanted; do
        [[ -e build/unpacked/$package ]] || missing+=("$package")
    done
    ((${#missing[@]})) || return 0
    step "packages unpacked for tests: ${missing[*]}" scripts/unpack_packages.sh "${missing[@]}"
    for package in "${missing[@]}"; do
        [[ -e build/unpacked/$package ]] || say "$package cannot be had here; the tests that need it will be skipped"
    done
}

make_machine() {
    .venv/bin/raslab doctor >/dev/null 2>&1 && return
    say "this computer's own kernel cannot run every lab, so the lab kernel is built, once, in your cache folder"
    .venv/bin/raslab kernel build
    .venv/bin/raslab doctor >>"$log" 2>&1 || fail "labs cannot run here yet; \`.venv/bin/raslab doctor\` says why"
}

mkdir -p "$root/build"
exec 9>"$root/build/lock"
flock 9 # a second set-up at the same time waits for the first
: >"$log"
install_packages
make_environment
if [[ $purpose == test ]]; then unpack_packages; fi
make_machine
say "ready ($SECONDS s)"
