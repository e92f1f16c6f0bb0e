#!/bin/sh
# fetch_pdfium.sh: puts libpdfium.so into .deps/pdfium/lib, from the npm registry at a pinned version and hash.
set -eu

case $(uname -m) in
x86_64)
    package=@llamaindex/liteparse-linux-x64-gnu@2.14.7
    package_sha512=81980085c4869682cdf7d964e8385ace396535f325bcd797c3ce93ac4bd97571ccc6bd67b54d2c423d8c091422f2ac1417bc7e4a8b0ce659a9f2413d88cdd805
    library_sha256=c23593cbb401ce28feb2cf89ff2d3f51351397b9c0781be561b4eef6975ac35b
    ;;
aarch64)
    package=@llamaindex/liteparse-linux-arm64-gnu@2.14.7
    package_sha512=980cd72a266c0e8e24846c6e5e7b6192dc5883a2b0eadd978defd792a1bef4f2c404911c9948276ab0a24baed05dd21597ff5ce301c51d2ad9ef89393eb8ee80
    library_sha256=3ef26680359c96b52eda33c956c73e2db0652acee28d71f6aab80e7711ae2c11
    ;;
*)
    echo "fetch_pdfium: no PDFium for $(uname -m); set PDFIUM_ROOT to a folder with libpdfium.so." >&2
    exit 1
    ;;
esac

root=$(cd "$(dirname "$0")/../.." && pwd)
deps=${RAG_DEPS_DIR:-$root/.deps}
library=$deps/pdfium/lib/libpdfium.so

fail() {
    echo "fetch_pdfium: $1" >&2
    exit 1
}

sum_is() { # sha256 or sha512, file, hash
    [ "$("$1sum" <"$2" | cut -d' ' -f1)" = "$3" ]
}

if [ -n "${PDFIUM_ROOT:-}" ]; then
    exit 0
fi
if [ -f "$library" ] && sum_is sha256 "$library" "$library_sha256"; then
    exit 0
fi

command -v npm >/dev/null || fail "npm is missing; install node and npm, then run this again."
mkdir -p "$deps/pdfium/lib"
work=$(mktemp -d "$deps/pdfium.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

echo "fetching PDFium ($package, 13 MB) ..."
cd "$work"
npm pack --silent --ignore-scripts "$package" >npm.log 2>&1 ||
    fail "cannot download $package: $(sed -n 's/^npm [Ee][Rr][Rr][A-Za-z!]* //p' npm.log | tail -n 3 | head -n 1) Check the network and npm's registry setting."
archive=$(echo llamaindex-liteparse-*.tgz)
sum_is sha512 "$archive" "$package_sha512" ||
    fail "the registry sent a $package with another hash than expected; not used."

tar -xzf "$archive" package/libpdfium.so
sum_is sha256 package/libpdfium.so "$library_sha256" ||
    fail "the library inside $package is not the expected one; not used."
mv package/libpdfium.so "$library"
echo "fetched PDFium to $library"
