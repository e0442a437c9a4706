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
    .venv/bin/python -m pytest -q tests/machine | tee "$logs/machine"
    tally "${PIPESTATUS[0]}" "$logs/machine"
}

# A machine has one processor, most computers have more: every other file goes to a second machine.
lab_tests() {
    local files=(tests/lab/test_*.py) halves=() children=() index status
    for index in "${!files[@]}"; do halves[index % 2]+=" ${files[index]}"; done
    title "lab tests, in lab machines"
    for index in "${!halves[@]}"; do
        # A lab machine sees this computer's temporary folders too, and pytest wants one that is its own.
        # shellcheck disable=SC2086 # one argument for each file is meant
        PYTEST_DEBUG_TEMPROOT=$logs .venv/bin/raslab exec -- .venv/bin/python -m pytest -q -p no:cacheprovider \
            ${halves[index]} </dev/null >"$logs/lab$index" 2>&1 &
        children+=($!)
    done
    for index in "${!halves[@]}"; do
        wait "${children[index]}"
        status=$?
        cat "$logs/lab$index"
        tally "$status" "$logs/lab$index"
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
