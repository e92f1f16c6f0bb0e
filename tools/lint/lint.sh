#!/bin/sh
# Include directions, formatting, clang-tidy, cppcheck, shell syntax: lint.sh BUILD_FOLDER. Every fault is printed.
set -u
build=$1
cd "$(dirname "$0")/../.." || exit 1
faults=0
step() { # name command…
    name=$1
    shift
    if "$@"; then echo "lint: $name: ok"; else echo "lint: $name: FAILED"; faults=$((faults + 1)); fi
}
sources=$(git ls-files 'src/*.c')
# shellcheck disable=SC2046,SC2086 # lists of file names without spaces
{
    step "include directions" python3 tools/lint/check_includes.py
    step "formatting" clang-format --dry-run -Werror $(git ls-files 'src/*.[ch]' 'src/*.cc' 'include/*.h' 'tests/*.[ch]' 'bench/*.[ch]')
    step "cppcheck" cppcheck -q -j 2 --enable=warning,portability --inline-suppr --error-exitcode=1 --std=c11 \
        --suppress=missingIncludeSystem --suppress=normalCheckLevelMaxBranches -Isrc -Iinclude $sources
    step "clang-tidy" sh -c "printf '%s\n' $(echo $sources | tr '\n' ' ') | xargs -P 2 -n 8 clang-tidy -p '$build' --quiet --warnings-as-errors='*' 2>/dev/null"
    step "shell syntax" sh -c 'for f in $(git ls-files "*.sh") .ci/run; do sh -n "$f" || exit 1; done'
}
[ $faults -eq 0 ]
