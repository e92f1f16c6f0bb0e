#!/bin/sh
# Include directions, formatting, clang-tidy, cppcheck, shell syntax: lint.sh BUILD_FOLDER. Every fault is printed.
set -u
build=$1
cd "$(dirname "$0")/../.." || exit 1
log=$(mktemp)
trap 'rm -f "$log"' EXIT
faults=0
step() { # name command…: says ok, or what the command said
    name=$1
    shift
    if "$@" >"$log" 2>&1; then
        echo "lint: $name: ok"
    else
        grep -vE '^([0-9]+ warnings? .*generated|Suppressed |Use -(header|system))' "$log"
        echo "lint: $name: FAILED"
        faults=$((faults + 1))
    fi
}
tidy() { # file…: one process a file, because clang-tidy 14 takes va_lists of a second one for uninitialized
    printf '%s\n' "$@" | xargs -P "$(nproc)" -n 1 clang-tidy -p "$build" --quiet --warnings-as-errors='*'
}
shell_syntax() {
    for f in $(git ls-files '*.sh') .ci/run; do
        case $(head -n 1 "$f") in *bash) bash -n "$f" ;; *) sh -n "$f" ;; esac || return 1
    done
}
sources=$(git ls-files 'src/*.c')
# shellcheck disable=SC2046,SC2086 # lists of file names without spaces
{
    step "include directions" python3 tools/lint/check_includes.py
    step "formatting" clang-format --dry-run -Werror $(git ls-files 'src/*.[ch]' 'src/*.cc' 'include/*.h' 'tests/*.[ch]' 'bench/*.[ch]')
    step "cppcheck" cppcheck -q -j 2 --enable=warning,portability --inline-suppr --error-exitcode=1 --std=c11 \
        --suppress=missingIncludeSystem --suppress=normalCheckLevelMaxBranches -Isrc -Iinclude $sources
    step "clang-tidy" tidy $sources
    step "shell syntax" shell_syntax
}
[ $faults -eq 0 ]
