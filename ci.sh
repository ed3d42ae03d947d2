#!/usr/bin/env bash
# Everything that CI runs, one function a job. A person runs the same: ./ci.sh for all of it, ./ci.sh JOB… for some.
set -euo pipefail
cd "$(dirname "$0")"

# The README's test command, then the core as its other users build it.
tests() {
    cargo test
    cargo test -p bareframe --no-default-features --lib --tests
    cargo test -p bareframe --features simd --lib --tests
}

format() {
    cargo fmt --all --check
}

lint() {
    cargo clippy --workspace --exclude bareframe-benches --all-targets -- -D warnings
    cargo clippy -p bareframe --all-targets --no-default-features -- -D warnings
    cargo clippy -p bareframe --all-targets --all-features -- -D warnings
}

docs() {
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --exclude bareframe-benches --no-deps --all-features
}

# The core for targets without std: with rustup's if they are installed, else with a toolchain made for them.
no_std() {
    local target
    for target in thumbv6m-none-eabi thumbv7em-none-eabihf; do
        (
            if ! rustup target list --installed 2>/dev/null | grep -qx "$target"; then
                if [ ! -x ../shared/tools/embedded/setup.sh ]; then
                    echo "no_std: run rustup target add $target" >&2
                    exit 1
                fi
                ../shared/tools/embedded/setup.sh >/dev/null
                # shellcheck disable=SC1091
                . "${BAREFRAME_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/bareframe-embedded}/env.sh"
                export CARGO_TARGET_DIR=target/no_std
            fi
            RUSTFLAGS="-D warnings" cargo build -p bareframe --no-default-features --target "$target"
            RUSTFLAGS="-D warnings" cargo build -p bareframe --features handshake --target "$target"
        )
    done
}

lowest_rust() {
    local version
    version=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
    if rustup toolchain list 2>/dev/null | grep -q "^$version"; then
        cargo "+$version" check --workspace --exclude bareframe-benches --all-features
    else
        echo "lowest_rust: Rust $version is not installed; clippy's incompatible_msrv stands in for it"
        cargo clippy --workspace --exclude bareframe-benches -- -D clippy::incompatible_msrv
    fi
}

conformance() {
    conformance/all
}

all="tests format lint docs no_std lowest_rust conformance"

for job in ${*:-$all}; do
    case " $all " in
        *" $job "*) ;;
        *) echo "ci.sh: no job $job; there are: $all" >&2; exit 2 ;;
    esac
    echo "== $job"
    begin=$SECONDS
    "$job"
    echo "== $job: passed in $((SECONDS - begin)) s"
done
