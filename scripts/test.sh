#!/usr/bin/env bash
# Check the sources, then run the pure tests and those of lab machines here, the lab tests in two lab machines at once,
# the notebooks, and JupyterLab in a browser.
# Usage: scripts/test.sh [lint]           lint stops after the sources
# The last line counts all tests; the exit status is 0 if nothing failed.
set -uo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
logs=$(mktemp -d)
trap 'jobs -pr | xargs -r kill; rm -rf "$logs"' EXIT
trap 'exit 130' INT TERM
passed=0 failed=0 skipped=0

title() { printf '\n== %s\n' "$*"; }

# count WORD FILE: the number before WORD in pytest's closing line, 0 if there is none.
count() { tail -n 1 "$2" | grep -oE "[0-9]+ $1" | grep -oE '^[0-9]+' || echo 0; }

# tally STATUS FILE: add one pytest run to the totals. One that failed without saying of which test counts once.
tally() {
    local bad=$(($(count failed "$2") + $(count 'errors?' "$2")))
    (($1 != 0 && bad == 0)) && bad=1
    passed=$((passed + $(count passed "$2")))
    failed=$((failed + bad))
    skipped=$((skipped + $(count skipped "$2")))
}

source_checks() {
    local tool
    for tool in "ruff check --quiet" "ruff format --check --quiet" "mypy" "lint-imports"; do
        title "$tool"
        # shellcheck disable=SC2086 # the arguments of a tool are separate words
        .venv/bin/$tool || failed=$((failed + 1))
    done
}

pure_tests() {
    title "pure tests, on this computer"
    .venv/bin/python -m pytest -q tests/pure | tee "$logs/pure"
    tally "${PIPESTATUS[0]}" "$logs/pure"
}

machine_tests() {
    title "tests of lab machines, from this computer"
    .venv/bin/python -m pytest -q -n 2 --dist loadfile tests/machine | tee "$logs/machine"
    tally "${PIPESTATUS[0]}" "$logs/machine"
}

# lab_run LOG MARKERS ARGUMENT...: lab tests in a machine of their own; the arguments are options of `raslab exec`, --,
# and files.
lab_run() {
    local log=$1 markers=$2 options=()
    shift 2
    while [[ $1 != -- ]]; do
        options+=("$1")
        shift
    done
    shift
    # A lab machine sees this computer's temporary folders too, and pytest wants one that is its own.
    PYTEST_DEBUG_TEMPROOT=$logs timeout 20m .venv/bin/raslab exec "${options[@]}" -- .venv/bin/python -m pytest -q \
        -p no:cacheprovider -m "$markers" "$@" </dev/null >"$logs/$log" 2>&1 &
    wait $!
    echo $? >"$logs/$log.status"
}

# A machine has one processor, most computers have more: every other file goes to a second machine. In virtual time a
# slow or busy computer changes nothing, so all that can runs there first; what must see a real clock, or is worth a
# second look with one, follows.
lab_tests() {
    local files=(tests/lab/test_*.py) halves=("" "") half index log
    for index in "${!files[@]}"; do halves[index % 2]+=" ${files[index]}"; done
    title "lab tests, in lab machines"
    for half in 0 1; do
        # shellcheck disable=SC2086 # the files are separate words
        {
            trap 'jobs -p | xargs -r kill; exit 130' TERM # a shell that is killed leaves what it started
            lab_run "virtual-$half" "not real" --virtual-time -- ${halves[half]}
            lab_run "real-$half" "real or both" -- ${halves[half]}
        } &
    done
    wait
    for log in virtual-0 virtual-1 real-0 real-1; do
        printf '%s time, half %s:\n' "${log%-*}" "${log#*-}"
        cat "$logs/$log"
        tally "$(<"$logs/$log.status")" "$logs/$log"
    done
}

notebook_tests() {
    title "notebooks: their stored outputs must come out again"
    .venv/bin/python -m pytest -q --nbval -n 2 --dist loadfile notebooks | tee "$logs/notebooks"
    tally "${PIPESTATUS[0]}" "$logs/notebooks"
}

browser_tests() {
    title "JupyterLab in a browser"
    .venv/bin/python -m pytest -q -n 2 --dist loadfile tests/browser | tee "$logs/browser"
    tally "${PIPESTATUS[0]}" "$logs/browser"
}

source_checks
if [[ ${1:-} != lint ]]; then
    pure_tests
    machine_tests
    lab_tests
    notebook_tests
    browser_tests
    title "all tests"
    echo "$passed passed, $failed failed, $skipped skipped"
fi
((failed == 0))
