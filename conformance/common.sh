# What the scripts in this folder share. They run at the top of the repository.
# shellcheck shell=sh disable=SC2034

target=$(mkdir -p "${CARGO_TARGET_DIR:-target}" && cd "${CARGO_TARGET_DIR:-target}" && pwd)
debug=$target/debug
examples=$target/release/examples
echo=$examples/echo
rooms=$debug/examples/rooms
work=$target/conformance

# Installs Debian packages as root, and otherwise says that they are missing.
install_packages() {
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        echo "Please install: $*" >&2
        exit 1
    fi
    [ "${lists_updated:-}" ] || apt-get update -qq
    lists_updated=yes
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends -o DPkg::Lock::Timeout=300 "$@" >/dev/null
}

# need PROGRAM [PACKAGE...]: sees to it that a program is there.
need() {
    command -v "$1" >/dev/null && return
    [ $# -gt 1 ] || set -- "$1" "$1"
    shift
    install_packages "$@"
}

# need_file FILE PACKAGE...: sees to it that a file is there, such as a header or a program outside of PATH.
need_file() {
    [ -e "$1" ] && return
    shift
    install_packages "$@"
}

# node_packages DIRECTORY: installs the packages of its lock file, again when that has changed.
node_packages() {
    need node nodejs npm
    need npm
    cmp -s "$1/package-lock.json" "$1/node_modules/installed.json" && return
    npm ci --prefix "$1" --no-audit --no-fund --silent
    cp "$1/package-lock.json" "$1/node_modules/installed.json"
}

build_echo() {
    cargo build --quiet --release -p bareframe-std --example echo --features deflate
}

# build_async PACKAGE EXAMPLE: an example on tokio, with all features. Optimised, but not as a whole, which would take longer than
# what it is for.
build_async() {
    CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 \
        cargo build --quiet --release -p "$1" --all-features --example "$2"
}

# With the features that the job of the tests has it built with.
build_rooms() {
    cargo build --quiet -p bareframe-axum --example rooms --all-features
}

# build PROGRAM: one of this package, which need not be fast.
build() {
    cargo build --quiet -p bareframe-conformance --bin "$1"
}
