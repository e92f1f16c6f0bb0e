#!/bin/sh
# Runs test suites and ends with one line of counts: test.sh unit|api|openai|browser …  (BUILD: the build folder)
set -u
build=${BUILD:-build}
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root" || exit 1
passed=0 failed=0 skipped=0
# Set-up fetched a newer node where the machine's is too old for the page's tools; the tests' tools need it as well.
[ ! -x "$root/.deps/node/bin/node" ] || PATH=$root/.deps/node/bin:$PATH
PAI_RAG_BIN=$root/$build/pai_rag
PAI_RAG_TEST_MODELS=$root/model_repository
export PAI_RAG_BIN PAI_RAG_TEST_MODELS
log=$(mktemp)
trap 'rm -f "$log"' EXIT

add() { # passed failed skipped
    passed=$((passed + $1)) failed=$((failed + $2)) skipped=$((skipped + $3))
}
number() { # the number before the word $1 in the log's last line
    n=$(tail -n 1 "$log" | grep -oE "[0-9]+ $1" | grep -oE '^[0-9]+')
    echo "${n:-0}"
}
node_tests() { # folder: node's own runner; counts lines "ℹ pass 3", whatever the locale makes of ℹ
    (cd "$1" && { [ -d node_modules ] || npm ci --silent --no-audit --no-fund; } && node --test --test-reporter=spec) >"$log" 2>&1
    status=$?
    cat "$log"
    p=$(sed -n 's/^[^ ]* pass \([0-9]*\)$/\1/p' "$log" | tail -n 1)
    f=$(sed -n 's/^[^ ]* fail \([0-9]*\)$/\1/p' "$log" | tail -n 1)
    s=$(sed -n 's/^[^ ]* skipped \([0-9]*\)$/\1/p' "$log" | tail -n 1)
    [ $status -eq 0 ] || [ "${f:-0}" -gt 0 ] || f=1
    add "${p:-0}" "${f:-0}" "${s:-0}"
}

# The pinned model is part of the tests; without network those that need it say that they are skipped.
PAI_RAG_MODEL_DIR=$PAI_RAG_TEST_MODELS "$PAI_RAG_BIN" load_model || echo "tests that need the model will be skipped"

for suite in "$@"; do
    echo "== $suite"
    case $suite in
    unit)
        # Configured anew: the test library may have been installed after the first `make`.
        cmake -S . -B "$build" >/dev/null && ninja -C "$build" --quiet || { add 0 1 0; continue; }
        ls "$build"/unit_* >/dev/null 2>&1 || { echo "there are no unit tests in $build: is libcmocka-dev installed?"; add 0 1 0; continue; }
        # cmocka counts single tests; ctest would count programs.
        for t in "$build"/unit_*; do
            [ -x "$t" ] && [ -f "$t" ] || continue
            (cd "$build" && timeout 300 "./$(basename "$t")") >"$log" 2>&1
            status=$?
            p=$(grep -c '^\[       OK \]' "$log") f=$(grep -c '^\[  FAILED  \] [a-z_0-9]*$' "$log") s=$(grep -c '^\[  SKIPPED \] [a-z_0-9]*$' "$log")
            f=$((f > 0 ? (f + 1) / 2 : 0)) s=$((s > 0 ? (s + 1) / 2 : 0))
            [ $status -eq 0 ] || [ "$f" -gt 0 ] || f=1
            [ $status -eq 0 ] || cat "$log"
            grep '^\[  SKIPPED \]' "$log" | sort -u | sed "s/^/$(basename "$t"): /"
            echo "$(basename "$t"): $p ok, $f failed"
            add "$p" "$f" "$s"
        done
        ;;
    api)
        /usr/bin/python3 -m pytest -q -p no:cacheprovider tests/api >"$log" 2>&1
        status=$?
        cat "$log"
        f=$(($(number failed) + $(number error)))
        [ $status -eq 0 ] || [ $f -gt 0 ] || f=1
        add "$(number passed)" $f "$(number skipped)"
        ;;
    openai) node_tests tests/openai ;;
    browser) node_tests tests/browser ;;
    *) echo "test.sh: unknown suite '$suite'" >&2; exit 2 ;;
    esac
done
if [ "$skipped" -gt 0 ]; then
    echo "$passed passed, $failed failed, $skipped skipped"
else
    echo "$passed passed, $failed failed"
fi
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
