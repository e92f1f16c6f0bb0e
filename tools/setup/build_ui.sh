#!/bin/sh
# Builds the page into ui/dist unless that is up to date. Takes node and npm as they are when they are new enough,
# else fetches a pinned node through npm into .deps/node. One build at a time, whoever starts it.
set -eu
cd "$(dirname "$0")/../.."

NODE_VERSION=22.23.3
NODE_SHA256_x64=00b5c43d88958dbbf45339c4d5e9a76289c7e25876fd08270b379e485e151fc5
NODE_SHA256_arm64=894b9938b215d40b3a38db094ef436d02b3bc7dd16f04fca145a4735cd9e9035

say() {
    echo "build_ui: $*" >&2
}

fingerprint() {
    find ui/src ui/index.html ui/vite.config.ts ui/tsconfig.json ui/package-lock.json -type f | LC_ALL=C sort |
        xargs sha256sum | sha256sum | cut -d' ' -f1
}

node_is_new_enough() {
    "$1" -e 'const [a, b] = process.versions.node.split(".").map(Number);
             process.exit(a > 20 && a != 21 || a == 20 && b >= 19 ? 0 : 1)' 2>/dev/null
}

# Prints the path of a node that vite can run on.
find_node() {
    for node in node "$PWD/.deps/node/bin/node"; do
        if command -v "$node" >/dev/null && node_is_new_enough "$node"; then
            command -v "$node"
            return
        fi
    done
    case $(uname -m) in
    x86_64) arch=x64 sum=$NODE_SHA256_x64 ;;
    aarch64) arch=arm64 sum=$NODE_SHA256_arm64 ;;
    *)
        say "there is no pinned node for $(uname -m): install node 20.19 or newer"
        return 1
        ;;
    esac
    say "fetching node $NODE_VERSION (this machine's is older than 20.19)"
    mkdir -p .deps/node
    (cd .deps/node && npm pack --silent --ignore-scripts "node-linux-$arch@$NODE_VERSION" >/dev/null)
    tarball=.deps/node/node-linux-$arch-$NODE_VERSION.tgz
    if ! echo "$sum  $tarball" | sha256sum --check --quiet - >&2; then
        say "$tarball is not the pinned node $NODE_VERSION: remove it and try again"
        return 1
    fi
    tar -xzf "$tarball" -C .deps/node --strip-components=1 package/bin/node
    rm "$tarball"
    echo "$PWD/.deps/node/bin/node"
}

mkdir -p .deps
exec 9>.deps/ui.lock
flock 9

wanted=$(fingerprint)
if [ -f ui/dist/index.html ] && [ "$(cat ui/dist/.fingerprint 2>/dev/null)" = "$wanted" ]; then
    exit 0
fi
command -v npm >/dev/null || {
    say "npm is missing: install it (Debian: apt-get install npm), then build again"
    exit 1
}
node=$(find_node)
if [ ! -f ui/node_modules/.package-lock.json ] || [ ui/package-lock.json -nt ui/node_modules/.package-lock.json ]; then
    # npm leaves out optional packages that the node it runs on is too old for, so it must run on the one that builds.
    (cd ui && PATH="$(dirname "$node"):$PATH" "$node" "$(command -v npm)" ci --ignore-scripts --no-audit --no-fund --loglevel=error) >&2
fi
(cd ui && "$node" node_modules/vite/bin/vite.js build --logLevel warn) >&2
echo "$wanted" >ui/dist/.fingerprint
