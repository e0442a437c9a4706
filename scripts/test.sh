#!/usr/bin/env bash
# Check the sources, then run the pure tests and those of lab machines here, the lab tests in two lab machines at once,
# the notebooks, and JupyterLab in a browser.
# Usage: scripts/test.sh [lint]           lint stops after the sources
# The last line counts all tests; the exit status is 0 if nothing failed.
set -uo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
logs=$(mktemp -d)
trap 'jobs -p | xargs -r kill; rm -rf "$logs"' EXIT
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

# lab_run LOG CLOCK MARKERS FILE...: lab tests in a machine of their own, in the background. CLOCK: an option, or empty.
lab_run() {
    local log=$1 clock=$2 markers=$3
    shift 3
    # A lab machine sees this computer's temporary folders too, and pytest wants one that is its own.
    # shellcheck disable=SC2086 # an empty option is none
    PYTEST_DEBUG_TEMPROOT=$logs .venv/bin/raslab exec $clock -- .venv/bin/python -m pytest -q -p no:cacheprovider \
        -m "$markers" "$@" </dev/null >"$logs/$log" 2>&1 &
    children+=($!)
}

# A machine has one processor, most computers have more: every other file goes to a second machine. Tests of exact
# figures go to a third one, with virtual time, when the others have done: those can be disturbed.
lab_tests() {
    local files=(tests/lab/test_*.py) first=() second=() children=() index names=(first second exact) status
    for index in "${!files[@]}"; do
        if ((index % 2)); then second+=("${files[index]}"); else first+=("${files[index]}"); fi
    done
    title "lab tests, in lab machines"
    lab_run first "" "not virtual" "${first[@]}"
    lab_run second "" "not virtual" "${second[@]}"
    for index in "${!names[@]}"; do
        [[ ${names[index]} == exact ]] && lab_run exact --virtual-time virtual tests/lab
        wait "${children[index]}"
        status=$?
        cat "$logs/${names[index]}"
        tally "$status" "$logs/${names[index]}"
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
