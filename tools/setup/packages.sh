#!/bin/sh
# Installs the Debian packages that are missing, and nothing else: packages.sh build|test|lint …
# Fast when all are there (one dpkg-query). nginx is installed without its system service being started or enabled.
set -eu

build="gcc g++ cmake ninja-build pkg-config ca-certificates xz-utils nginx libmicrohttpd-dev libcurl4-openssl-dev
  libjansson-dev libtomlplusplus-dev libsqlite3-dev libstemmer-dev libutf8proc-dev libseccomp-dev libgumbo-dev
  libuchardet-dev zlib1g-dev python3"
test="libcmocka-dev python3-pytest chromium fonts-noto-cjk procps"
lint="clang clang-format clang-tidy cppcheck"

wanted=
for set in "$@"; do
    case $set in
    build) wanted="$wanted $build" ;;
    test) wanted="$wanted $test" ;;
    lint) wanted="$wanted $lint" ;;
    *) echo "packages.sh: unknown set '$set': use build, test or lint" >&2; exit 2 ;;
    esac
done
# npm fetches the page's build tools, PDFium and the model; any npm will do.
command -v npm >/dev/null 2>&1 || wanted="$wanted npm"

missing=
have=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' 2>/dev/null | sed -n 's/ installed$//p')
for p in $wanted; do
    case "
$have
" in *"
$p
"*) ;; *) missing="$missing $p" ;; esac
done
[ -n "$missing" ] || exit 0

sudo=
if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null 2>&1 || {
        echo "These Debian packages are missing:$missing" >&2
        echo "Installing them takes root: run this as root, or install sudo." >&2
        exit 1
    }
    sudo=sudo
fi
echo "Installing Debian packages:$missing"
log=$(mktemp)
policy=/usr/sbin/policy-rc.d
fresh_policy=
restore() {
    [ -z "$fresh_policy" ] || $sudo rm -f "$policy"
    rm -f "$log"
}
trap restore EXIT
if [ ! -e "$policy" ]; then # "no service may start" while we install
    fresh_policy=1
    printf '#!/bin/sh\nexit 101\n' | $sudo tee "$policy" >/dev/null
    $sudo chmod 755 "$policy"
fi
install_missing() {
    # shellcheck disable=SC2086 # a list of package names
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing >"$log" 2>&1
}
if ! install_missing; then
    if ! $sudo apt-get update >"$log" 2>&1 || ! install_missing; then
        tail -n 5 "$log" >&2
        echo "The packages could not be installed: check the network and apt's sources, then try again." >&2
        exit 1
    fi
fi
case " $missing " in
*" nginx "*) # ours runs under pai_rag up; Debian's service stays off
    $sudo deb-systemd-helper disable nginx.service >/dev/null 2>&1 || true
    $sudo update-rc.d nginx disable >/dev/null 2>&1 || true
    ;;
esac
