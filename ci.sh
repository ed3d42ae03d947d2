#!/usr/bin/env bash
# Everything that CI runs, one function a job. A person runs the same: ./ci.sh for what CI runs, ./ci.sh JOB… for some,
# and for the jobs that take longer.
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
            RUSTFLAGS="-D warnings" cargo build -p bareframe-embedded-io --target "$target"
            RUSTFLAGS="-D warnings" cargo build -p bareframe --all-features --target "$target"
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

# What each unit of hostile input costs in instructions must not grow with its number (about 40 s after the build).
cost() {
    if ! command -v valgrind >/dev/null; then
        echo "cost: needs valgrind" >&2
        exit 1
    fi
    local binary workload
    binary=$(cargo test -p bareframe --release --test cost --no-run --message-format=json |
        sed -n 's/.*"executable":"\([^"]*cost-[^"]*\)".*/\1/p')
    instructions() {
        COST=$2 valgrind --tool=callgrind --callgrind-out-file=/dev/null \
            --collect-atstart=no '--toggle-collect=*cost::measured*' "$binary" --ignored --exact "$1" --test-threads=1 2>&1 | sed -n 's/.*Collected : //p'
    }
    printf '%-40s %12s %12s %8s\n' "instructions a unit" "1st 20,000" "next 40,000" ratio
    "$binary" --ignored --list | sed -n 's/: test$//p' | while read -r workload; do
        local few more most
        few=$(instructions "$workload" 20000)
        more=$(instructions "$workload" 40000)
        most=$(instructions "$workload" 80000)
        awk -v name="$workload" -v few="$few" -v more="$more" -v most="$most" 'BEGIN {
            first = (more - few) / 20000; second = (most - more) / 40000
            printf "%-40s %12.1f %12.1f %8.3f\n", name, first, second, second / first
            exit second / first > 1.1
        }' || { echo "cost: $workload does not grow with its octets" >&2; exit 1; }
    done
}

# Every fuzz target for so many seconds from the committed corpora (20 by default: 4.5 minutes, or half with JOBS=2, and a
# minute or two to build). Needs nightly and cargo-fuzz.
fuzz() {
    if ! cargo +nightly fuzz --version >/dev/null 2>&1; then
        cargo install --locked cargo-fuzz
    fi
    fuzz/run "${FUZZ_SECONDS:-20}"
}

# The properties with more cases than in `cargo test` (about a minute).
properties() {
    PROPTEST_CASES="${PROPTEST_CASES:-5000}" cargo test -p bareframe --features simd \
        --test properties --test cuts --test pair --test unchanged --test round_trip
}

# The tests in release mode, where arithmetic must still not overflow (about a minute, most of it the build).
release() {
    CARGO_PROFILE_RELEASE_OVERFLOW_CHECKS=true CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 \
        cargo test -p bareframe -p bareframe-testkit --release --features bareframe/simd --lib --tests
}

# The core's tests under AddressSanitizer, with the vector kernels and so with all its unsafe code (two minutes).
sanitizer() {
    RUSTFLAGS="-Zsanitizer=address" cargo +nightly test -p bareframe --features simd --lib --tests \
        --target x86_64-unknown-linux-gnu --target-dir target/sanitizer
}

# The tests of the core on 32 bits, on big-endian 32 bits and on big-endian 64 bits, the latter two under qemu-user
# (about two minutes each after the build of std, which is done once).
other_targets() {
    local tools=../shared/tools/embedded target
    if [ "$(id -u)" = 0 ] && ! command -v qemu-s390x-static >/dev/null; then
        apt-get update -qq
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends qemu-user-static \
            gcc-powerpc-linux-gnu libc6-dev-powerpc-cross gcc-s390x-linux-gnu libc6-dev-s390x-cross \
            libc6-dev-i386 lib32gcc-12-dev >/dev/null
    fi
    for target in i686-unknown-linux-gnu powerpc-unknown-linux-gnu s390x-unknown-linux-gnu; do
        (
            if ! rustup target list --installed 2>/dev/null | grep -qx "$target"; then
                if [ ! -x $tools/std-for.sh ]; then
                    echo "other_targets: run rustup target add $target" >&2
                    exit 1
                fi
                $tools/setup.sh >/dev/null
                $tools/std-for.sh "$target"
                # shellcheck disable=SC1091
                . "${BAREFRAME_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/bareframe-embedded}/env.sh"
            fi
            export CARGO_TARGET_POWERPC_UNKNOWN_LINUX_GNU_LINKER=powerpc-linux-gnu-gcc
            export CARGO_TARGET_POWERPC_UNKNOWN_LINUX_GNU_RUNNER="qemu-ppc-static -L /usr/powerpc-linux-gnu"
            export CARGO_TARGET_S390X_UNKNOWN_LINUX_GNU_LINKER=s390x-linux-gnu-gcc
            export CARGO_TARGET_S390X_UNKNOWN_LINUX_GNU_RUNNER="qemu-s390x-static -L /usr/s390x-linux-gnu"
            # Emulated, an unoptimised test takes ten times as long.
            export CARGO_PROFILE_TEST_OPT_LEVEL=1
            PROPTEST_CASES=64 cargo test -p bareframe --features simd --lib --tests \
                --target "$target" --target-dir target/others
        )
    done
}

conformance() {
    conformance/all
}

# What a change must pass, and what takes longer or needs more tools.
usual="tests format lint docs no_std lowest_rust properties release conformance"
longer="cost fuzz sanitizer other_targets"

for job in ${*:-$usual}; do
    case " $usual $longer " in
        *" $job "*) ;;
        *) echo "ci.sh: no job $job; there are: $usual $longer" >&2; exit 2 ;;
    esac
    echo "== $job"
    begin=$SECONDS
    "$job"
    echo "== $job: passed in $((SECONDS - begin)) s"
done
