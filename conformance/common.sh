# What the scripts in this folder share. They run at the top of the repository.
# shellcheck shell=sh disable=SC2034

target=$(mkdir -p "${CARGO_TARGET_DIR:-target}" && cd "${CARGO_TARGET_DIR:-target}" && pwd)
debug=$target/debug
echo=$target/release/examples/echo
work=$target/conformance

# Installs Debian packages as root, and otherwise says that they are missing.
install_packages() {
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        echo "Please install: $*" >&2
        exit 1
    fi
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

# need PROGRAM [PACKAGE...]: sees to it that a program is there.
need() {
    command -v "$1" >/dev/null && return
    [ $# -gt 1 ] || set -- "$1" "$1"
    shift
    install_packages "$@"
}

build_echo() {
    cargo build --quiet --release -p bareframe-std --example echo
}

# build PROGRAM: one of this package, which need not be fast.
build() {
    cargo build --quiet -p bareframe-conformance --bin "$1"
}
