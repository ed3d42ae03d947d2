#!/usr/bin/env bash
# Everything that CI runs, one function a job. A person runs the same: ./ci.sh for what CI runs, ./ci.sh JOB… for some,
# and for the jobs that take longer.
set -euo pipefail
cd "$(dirname "$0")"
# A new machine builds everything once: what is for the next build or for a debugger would only take time and room.
export CARGO_INCREMENTAL=0 CARGO_PROFILE_DEV_DEBUG=0 CARGO_PROFILE_TEST_DEBUG=0

# Installs Debian packages if a program is missing and this user may; fails if it can't be had.
need() {
    local program=$1
    shift
    if command -v "$program" >/dev/null; then return; fi
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        echo "ci.sh: $program is missing (Debian: $*)" >&2
        exit 1
    fi
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends -o DPkg::Lock::Timeout=300 "$@" >/dev/null
}

need_arm64() {
    need qemu-aarch64 qemu-user
    need aarch64-linux-gnu-gcc gcc-aarch64-linux-gnu libc6-dev-arm64-cross
}

# Installs a subcommand of cargo if it is missing.
need_cargo() {
    if ! cargo "$1" --version >/dev/null 2>&1; then cargo install --locked "cargo-$1"; fi
}

need_cross() {
    need qemu-x86_64-static qemu-user-static
    need s390x-linux-gnu-gcc qemu-user-static gcc-powerpc-linux-gnu libc6-dev-powerpc-cross gcc-s390x-linux-gnu \
        libc6-dev-s390x-cross libc6-dev-i386 lib32gcc-12-dev
}

# Runs a command with what only nightly can do: with nightly if it is installed, else with the toolchain that is there,
# told to take nightly's flags.
nightly() {
    if rustup run nightly rustc --version >/dev/null 2>&1; then
        rustup run nightly "$@"
    else
        RUSTC_BOOTSTRAP=1 "$@"
    fi
}

# The toolchain for targets that rustup has not installed, of Debian's packages: of today's, which a machine that has only
# old lists of packages does not know.
embedded_tools() {
    local made="${BAREFRAME_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/bareframe-embedded}/env.sh"
    if [ ! -e "$made" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then apt-get update -qq; fi
    firmware/tools/setup >/dev/null
}

# Returns whether rustup's std for a target is installed; installs it if that can be had. What is for microcontrollers is left as it
# is, since its figures are those of one compiler.
has_target() {
    if rustup target list --installed 2>/dev/null | grep -qx "$1"; then return; fi
    case $1 in *-none-*) return 1 ;; esac
    timeout 120 rustup target add "$1" 2>/dev/null
}

# What a build for another target needs: rustup's std if it is installed, else a toolchain and std made for it. Sets the
# environment, so it is called in a subshell.
for_target() {
    local target=$1
    if ! has_target "$target"; then
        embedded_tools || { echo "ci.sh: run rustup target add $target" >&2; exit 1; }
        case $target in *-none-*) ;; *) firmware/tools/std_for "$target" ;; esac
        # shellcheck disable=SC1091
        . "${BAREFRAME_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/bareframe-embedded}/env.sh"
    fi
    export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc
    export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER="qemu-aarch64 -L /usr/aarch64-linux-gnu"
    export CARGO_TARGET_POWERPC_UNKNOWN_LINUX_GNU_LINKER=powerpc-linux-gnu-gcc
    export CARGO_TARGET_POWERPC_UNKNOWN_LINUX_GNU_RUNNER="qemu-ppc-static -L /usr/powerpc-linux-gnu"
    export CARGO_TARGET_S390X_UNKNOWN_LINUX_GNU_LINKER=s390x-linux-gnu-gcc
    export CARGO_TARGET_S390X_UNKNOWN_LINUX_GNU_RUNNER="qemu-s390x-static -L /usr/s390x-linux-gnu"
}

# Runs a command of cargo with the code that a small machine runs, whatever this one is.
compact() {
    RUSTFLAGS="${RUSTFLAGS:-} --cfg bareframe_compact" "$@"
}

# The README's test command, then the core as its other users build it, for large machines and for small ones. `release` and
# `sanitizer` run the core's tests with the kernels.
tests() {
    cargo test
    cargo test -p bareframe-tokio -p bareframe-axum --all-features
    cargo test -p bareframe --no-default-features --lib --tests
    cargo test -p bareframe-echo-monoio
    # Compression in one build.
    cargo test -p bareframe-deflate -p bareframe-embedded-io -p bareframe-std \
        --features bareframe-deflate/std,bareframe-embedded-io/deflate,bareframe-std/deflate \
        --lib --examples --test pool --test compressed --test deflate --test failing_streams --test halves
    compact cargo test -p bareframe --lib --tests --target-dir target/compact
    compact cargo test -p bareframe --features simd --lib --tests --target-dir target/compact
}

format() {
    cargo fmt --all --check
}

lint() {
    cargo clippy --workspace --exclude 'bareframe-benches*' --all-targets -- -D warnings
    cargo clippy -p bareframe --all-targets --no-default-features -- -D warnings
    # In one call, so that each is checked once.
    # shellcheck disable=SC2046
    cargo clippy $(printf -- '-p %s ' $published) --all-targets --all-features -- -D warnings
    compact cargo clippy -p bareframe --all-targets --target-dir target/compact -- -D warnings
    compact cargo clippy -p bareframe --all-targets --all-features --target-dir target/compact -- -D warnings
}

# The rules of CONTRIBUTING.md's "How we write" that a machine can check: names that say too little, octets for bytes, and
# sentences of rustdoc that do not begin as those of std do. CHANGELOG.md has the old names, and this file has all of them.
language() {
    local failed=''
    forbidden() {
        if [ -n "$2" ]; then
            printf '%s\n' "$2"
            echo "language: $1" >&2
            failed=yes
        fi
    }
    found() {
        git grep --untracked -nIE "$1" -- "${@:2}" ':!ci.sh' ':!CHANGELOG.md' || [ $? = 1 ]
    }
    local types='Beginning|Piece|Whole|What|Debts?|Closure|Known'
    forbidden "name a type by what it is: ARCHITECTURE.md has the types of the core" "$(
        found "\b(struct|enum|union|trait|type) ($types)\b|^ *(Beginning|Debts?|Closure|Known)(,|\(| [={])" '*.rs'
    )"
    forbidden "name a function by what it does: check, next, enter, send, contains" "$(
        found '\bfn ((can_|may_)?(give|go_on|go_straight)|have)(_\w+)?\b|\bfn \w*judge' '*.rs'
    )"
    forbidden "name a module by what is in it: sse2, overlap, fast, compact" "$(
        found '\bmod (lane|ends|large|small|utils?)\b' '*.rs'
        git ls-files --cached --others --exclude-standard | grep -E '(^|/)(lane|ends|large|small|utils?)(/|\.[a-z]+$)' || true
    )"
    # What RFC 3986 and std call so keeps its name.
    forbidden "say bytes" "$(
        found '[Oo][Cc][Tt][Ee][Tt]' . | sed -E 's/dec[-_]octet//g; s/\.octets\(\)//g' | grep -i octet || true
        git ls-files --cached --others --exclude-standard | grep -i octet || true
    )"
    forbidden "begin with Returns, Returns \`true\` if, Reads, Creates" "$(
        found '^ *//[/!](.*[.:;!?])? *(Gives|Tells whether|Takes|Makes)\b' '*.rs'
    )"
    [ -z "$failed" ]
}

docs() {
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --exclude 'bareframe-benches*' --no-deps --all-features
}

# The core for targets without std.
no_std() {
    local target
    for target in thumbv6m-none-eabi thumbv7em-none-eabihf; do
        (
            for_target "$target"
            # Its compiler is another than the one of the tests.
            export CARGO_TARGET_DIR=target/no_std RUSTFLAGS="-D warnings"
            cargo build -p bareframe --no-default-features --target "$target"
            cargo build -p bareframe-embedded-io --target "$target"
            cargo build -p bareframe-embedded-io --features deflate --target "$target"
            cargo build -p bareframe-deflate --target "$target"
            cargo build -p bareframe --all-features --target "$target"
        )
    done
}

lowest_rust() {
    local version
    version=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
    if rustup toolchain list 2>/dev/null | grep -q "^$version" ||
        rustup toolchain install "$version" --profile minimal; then
        cargo "+$version" check --workspace --exclude 'bareframe-benches*' --all-features
    else
        echo "lowest_rust: Rust $version can't be installed; clippy's incompatible_msrv is used instead"
        cargo clippy --workspace --exclude 'bareframe-benches*' -- -D clippy::incompatible_msrv
    fi
}

# What each unit of hostile input costs in instructions must not grow with its number.
cost() (
    need valgrind valgrind
    local package binary workload
    release_for_tests
    count_of() {
        COST=$2 valgrind --tool=callgrind --callgrind-out-file=/dev/null \
            --collect-atstart=no '--toggle-collect=*cost::measured*' "$binary" --ignored --exact "$1" --test-threads=1 2>&1 | sed -n 's/.*Collected : //p'
    }
    printf '%-40s %12s %12s %8s\n' "instructions a unit" "1st 20,000" "next 40,000" ratio
    for package in bareframe bareframe-deflate; do
        binary=$(cargo test -p "$package" --release --test cost --no-run --message-format=json |
            sed -n 's/.*"executable":"\([^"]*cost-[^"]*\)".*/\1/p')
        "$binary" --ignored --list | sed -n 's/: test$//p' | while read -r workload; do
            local few more most
            # All three at once. More units take more instructions, so their order says which is which.
            read -r -d '' few more most < <(
                for units in 20000 40000 80000; do count_of "$workload" "$units" & done | sort -n
            ) || true
            awk -v name="$workload" -v few="$few" -v more="$more" -v most="$most" 'BEGIN {
                first = (more - few) / 20000; second = (most - more) / 40000
                printf "%-40s %12.1f %12.1f %8.3f\n", name, first, second, second / first
                exit second / first > 1.1
            }' || { echo "cost: $workload does not grow with its bytes" >&2; exit 1; }
        done
    done
)

# The instructions of fixed cases: none may be more than 2 % above its committed count. Accept new ones with
# cargo run -p bareframe-benches --no-default-features --features simd --bin instructions -- --accept
instructions() {
    need valgrind valgrind
    if ! command -v gungraun-runner >/dev/null; then
        CARGO_PROFILE_RELEASE_LTO=off cargo install --locked gungraun-runner --version 0.20.0
    fi
    cargo run -q -p bareframe-benches --no-default-features --features simd --bin instructions
}

# The kernels with AVX-512, which valgrind does not know, have no call in them in Cargo's default release profile: if an instruction is
# not inlined, a kernel takes several times as long.
kernels() {
    local library
    if [ "$(uname -m)" != x86_64 ]; then
        echo "kernels: only x86-64 has AVX-512"
        return
    fi
    need objdump binutils
    library=$(cargo build -p bareframe --profile release-default --features simd --message-format=json |
        sed -n 's/.*"filenames":\["\([^"]*libbareframe\.rlib\)".*/\1/p')
    objdump --disassemble --demangle --no-show-raw-insn "$library" 2>/dev/null | awk '
        /^[0-9a-f]+ <.*>:$/ { name = $0; inside = /avx512::/; kernels += inside }
        inside && /\tcall/ { print name, $0; calls++ }
        END {
            printf "%d kernels, %d calls in them\n", kernels, calls
            exit kernels < 2 || calls > 0
        }'
}

# Instructions of receiving a frame on processors that this one is not. It orders the kernels, and says nothing about time. Where
# a build for ARM64 can't be had, its columns are missing; else the tests of its kernels run too.
machines() (
    local arm64=aarch64-unknown-linux-gnu
    need qemu-x86_64 qemu-user
    need cc gcc
    if ! (need_arm64 && for_target $arm64); then
        echo "machines: a build for ARM64 can't be had here, so it is not in the table" >&2
        benches/machines/run
        return
    fi
    for_target $arm64
    CARGO_PROFILE_TEST_OPT_LEVEL=1 PROPTEST_CASES=64 cargo test -p bareframe --features simd --lib --test decoding \
        --target $arm64 --target-dir target/others
    benches/machines/run $arm64
)

# Every fuzz target for this many seconds from the committed corpora, all under AddressSanitizer; one on each core.
fuzz() {
    need_cargo fuzz
    JOBS="${JOBS:-$(nproc)}" fuzz/run "${FUZZ_SECONDS:-12}"
}

# The properties with more cases than in `cargo test` (about a minute).
properties() {
    PROPTEST_CASES="${PROPTEST_CASES:-5000}" cargo test -p bareframe --features simd \
        --test properties --test cuts --test pair --test unchanged --test round_trip
}

# The adapters over streams that fail on purpose, whole and in halves, in 100,000 schedules of each (about seven minutes).
failing_streams() {
    cargo test -p bareframe-std -p bareframe-embedded-io --test failing_streams -- --ignored --nocapture
}

# Connections over tokio: 100,000 schedules with futures that are dropped, over streams that wait and over those that fail, and
# 100,000 idle connections (two minutes). And the Autobahn suite over tokio, over axum, and over HTTP/2 through the example `proxy` (two
# minutes, and the builds).
async() {
    local over
    CARGO_PROFILE_TEST_OPT_LEVEL=1 cargo test -p bareframe-tokio --all-features --test dropped_futures --test failing_streams \
        --test memory -- --ignored --nocapture
    for over in tokio axum proxy; do conformance/run --over "$over"; done
    soak
}

# A server and thousands of clients for ten minutes, or for SOAK_SECONDS; and then, for less, a server that keeps the task of one
# connection, which must be found.
soak() {
    cargo run --release -p bareframe-conformance --bin soak -- --seconds "${SOAK_SECONDS:-600}"
    local found
    if found=$(cargo run -q --release -p bareframe-conformance --bin soak -- --seconds 8 --clients 100 --leak); then
        echo "soak: a task that was kept was not found" >&2
        exit 1
    fi
    grep "WRONG: tasks of the server were 0 after the first drain and 1 at the end" <<<"$found"
}

# One release build for all jobs that only need it to be optimised: what they share is compiled once. Sets the environment,
# so it is called in a subshell.
release_for_tests() {
    export CARGO_PROFILE_RELEASE_OVERFLOW_CHECKS=true CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 \
        CARGO_PROFILE_RELEASE_DEBUG=0
}

# The tests in release mode, where arithmetic must still not overflow (about a minute, most of it the build).
release() (
    release_for_tests
    cargo test -p bareframe -p bareframe-testkit --release --features bareframe/simd --lib --tests
)

# The core's tests under AddressSanitizer, with the vector kernels and so with all its unsafe code. The fuzz corpora run
# under it in `fuzz`: every target is built so, and begins with its corpus.
sanitizer() {
    RUSTFLAGS="-Zsanitizer=address" nightly cargo test -p bareframe --features simd --lib --tests \
        --target x86_64-unknown-linux-gnu --target-dir target/sanitizer
}

# The tests on 32 bits, and on big-endian 64 bits under qemu-user with the code of large machines and with that of small ones;
# and with the kernels for processors that have less than this one, in the build of `release`.
other_targets() (
    local processor
    need_cross
    tests_for i686-unknown-linux-gnu
    tests_for s390x-unknown-linux-gnu
    release_for_tests
    for processor in Nehalem Nehalem,+xsave,+avx,+avx2; do
        CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUNNER="qemu-x86_64-static -cpu $processor" PROPTEST_CASES=64 \
            cargo test -p bareframe -p bareframe-testkit --release --features bareframe/simd \
            --lib --test decoding --test exhaustive
    done
)

# The tests on big-endian 32 bits, which `other_targets` has one by one (three minutes, most of them for std).
big_endian_32() {
    need_cross
    tests_for powerpc-unknown-linux-gnu
}

# Runs the tests for another target, in a subshell.
tests_for() (
    local target=$1 packages=(-p bareframe -p bareframe-deflate)
    for_target "$target"
    export PROPTEST_CASES=64
    case $target in
        # This processor runs it itself.
        i686-*) packages+=(-p bareframe-embedded-io -p bareframe-std -p bareframe-testkit) ;;
        # Emulated, an unoptimised test takes ten times as long. Where bytes have another order, only what looks at bytes: what the
        # tests of the adapters need takes minutes there.
        *) export CARGO_PROFILE_TEST_OPT_LEVEL=1 ;;
    esac
    # Not the examples: one counts in 64 bits at once, which powerpc can't.
    cargo test "${packages[@]}" --features bareframe/simd --lib --test '*' --target "$target" --target-dir target/others
    case $target in
        s390x-*) compact cargo test -p bareframe --lib --test decoding --target "$target" --target-dir target/others ;;
    esac
)

conformance() {
    conformance/all
}

# All of the Autobahn suite with its 1,000 echoes of each message that is compressed (a quarter of an hour).
autobahn() {
    conformance/run --all-echoes
}

# All peers, in both directions, with compression too, and all proxies: `conformance` runs those that install within a minute.
interop() {
    conformance/interop --all
    conformance/compressed --all
}

# The images: no panic path left, what they cost, and that they run (a minute and a half after the tools are there).
firmware() {
    # With the targets of rustup, which bring no QEMU.
    if rustup target list --installed 2>/dev/null | grep -q thumbv7em-none-eabihf; then
        need qemu-system-arm llvm qemu-system-arm qemu-system-misc
    fi
    firmware/ci
}

# Line coverage of the core, without the lines of its own tests, by its tests with the kernels and memory that grows and without, for
# large machines and for small ones: lists what no test runs, and fails below 98 %. The reasons are in docs/coverage.md.
coverage() {
    need_cargo llvm-cov
    local tools="${BAREFRAME_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/bareframe-embedded}/bin"
    if ! rustup component list --installed | grep -q '^llvm-tools'; then
        embedded_tools || { echo "ci.sh: run rustup component add llvm-tools" >&2; exit 1; }
        export LLVM_COV="$tools/llvm-cov" LLVM_PROFDATA="$tools/llvm-profdata"
    fi
    export PROPTEST_CASES=64
    cargo llvm-cov clean --workspace
    cargo llvm-cov --no-report -p bareframe --lib --tests
    cargo llvm-cov --no-report -p bareframe --features simd,alloc --lib --tests
    compact cargo llvm-cov --no-report -p bareframe --lib --tests
    compact cargo llvm-cov --no-report -p bareframe --features simd --lib --tests
    cargo llvm-cov report -p bareframe --lcov --output-path target/coverage.lcov
    awk -F '[:,]' '
        $1 == "SF" {
            file = $2; at = 0; tests = 1e9; here = sub(/.*crates\/bareframe\/src\//, "", file)
            while (here && (getline line < $2) > 0) {
                text[file, ++at] = line
                if (line == "#[cfg(test)]" && tests == 1e9) tests = at
            }
        }
        $1 == "DA" && here && $2 < tests { all++; if ($3 > 0) hit++; else print file ":" $2 ": " text[file, $2] }
        END {
            printf "%d of %d lines, %.2f %%\n", hit, all, 100 * hit / all
            exit hit < 0.98 * all
        }' target/coverage.lcov
}

# The crates that are published, each after those that it depends on.
published="bareframe bareframe-deflate bareframe-std bareframe-embedded-io bareframe-tokio bareframe-axum"

# The API of the published crates is that of this commit or has more, unless the version says otherwise. Who breaks it on
# purpose raises the version, says so in CHANGELOG.md, and names that commit here.
semver_baseline=7c91f37879089fc3abb86f565303a47d52da8e4b

semver() {
    need_cargo semver-checks
    local crate packages=()
    for crate in $published; do
        # What was not there has an API from now on.
        git cat-file -e "$semver_baseline:crates/$crate/Cargo.toml" 2>/dev/null && packages+=(-p "$crate")
    done
    cargo semver-checks --baseline-rev "$semver_baseline" "${packages[@]}"
}

# What the published crates depend on, with all features: nothing twice, only licences that anybody can live with, and
# nothing from elsewhere than crates.io. deny.toml has the rules.
deny() {
    need_cargo deny
    cargo deny --workspace check bans licenses sources
}

# The packages as crates.io would get them: all in one call, with their licences. Each is unpacked outside of the
# workspace, where its tests run against the other packages, and its documentation is built as docs.rs builds it.
package() {
    local crate version dir missing patches=()
    version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -1)
    dir=$(mktemp -d)
    # What is not committed is packaged too, so that a change can be tried before.
    # shellcheck disable=SC2046
    cargo package --allow-dirty $(printf -- '-p %s ' $published)
    for crate in $published; do
        tar -xzf "target/package/$crate-$version.crate" -C "$dir"
        patches+=(--config "patch.crates-io.$crate.path=\"$dir/$crate-$version\"")
        missing=$(cd "$dir/$crate-$version" && ls README.md LICENSE-MIT LICENSE-APACHE 2>&1 >/dev/null) || {
            echo "package: $crate lacks: $missing" >&2
            exit 1
        }
    done
    export CARGO_TARGET_DIR="$PWD/target/packaged"
    for crate in $published; do
        (
            cd "$dir/$crate-$version"
            cargo test "${patches[@]}" --all-features
            RUSTDOCFLAGS="-D warnings --cfg docsrs" nightly cargo doc "${patches[@]}" --no-deps --all-features
        )
    done
    rm -rf "$dir"
}

# Changes the core in one place after the other and looks whether a test notices: JOBS files at once, or as many as there
# are processors; some of them with MUTANTS="opcode handshake/list". Ends with a table; docs/mutants.md has the reasons of
# those that no test notices.
mutants() {
    need_cargo mutants
    local file files where job jobs='' failed='' limit=0.03 unlisted
    # Among some files alone there may be more that no test can notice.
    if [ "${MUTANTS:-}" ]; then limit=1; fi
    # The largest first, so that the jobs end at about the same time.
    files=${MUTANTS:-$(find crates/bareframe/src -name '*.rs' ! -name lib.rs ! -name mod.rs ! -name format.rs -printf '%s %P\n' |
        sort -rn | sed 's|.* ||; s|\.rs$||')}
    for file in $files; do
        rm -rf "$(mutants_of "$file")"
        case $(mutants_ways "$file") in *older*) need_cross ;; *arm64*) need_arm64 ;; esac
    done
    for job in $(seq "${JOBS:-$(nproc)}"); do
        # shellcheck disable=SC2086
        mutants_job "$job" $files &
        jobs+=" $!"
    done
    for job in $jobs; do wait "$job" || failed=yes; done
    if [ "$failed" ]; then exit 1; fi
    printf '%-20s %8s %8s\n' file viable survive
    find target/mutants/of-* -name survive | sort | while read -r where; do
        where=${where%/survive}
        printf '%-20s %8d %8d\n' "$(cat "$where/name")" "$(cat "$where/viable")" "$(wc -l <"$where/survive")"
    done | awk -v limit="$limit" '{ print; viable += $2; survive += $3 }
        END {
            printf "%-20s %8d %8d %.2f %%\n", "all", viable, survive, viable ? 100 * survive / viable : 0
            exit survive > limit * viable
        }'
    unlisted=$(mutants_unlisted)
    if [ "$unlisted" ]; then
        printf '%s\n' "$unlisted"
        echo "mutants: docs/mutants.md has no row for these" >&2
        exit 1
    fi
}

# Prints the changes that no test noticed and that no row of docs/mutants.md names by file and function.
mutants_unlisted() {
    local change file names
    # Rows name methods without their type's parameters.
    sed 's/<[^ ]*>::/::/' target/mutants/of-*/survive | while IFS= read -r change; do
        file=${change#crates/bareframe/src/}
        names=$(grep -F "\`${file%%:*}\`" docs/mutants.md | grep -oE '`[A-Za-z_][A-Za-z_:]*`' | tr -d '`') || true
        if [ -z "$names" ] || ! grep -qwF "$names" <<<"$change"; then printf '%s\n' "$change"; fi
    done
}

# Where the results for a file are.
mutants_of() {
    echo "$PWD/target/mutants/of-${1//\//-}"
}

# The tests that may notice a change to a file: the likeliest first, each after it for what was not noticed.
mutants_ways() {
    case $1 in
        cpu | */x86_64*) echo unit_simd older older_avx2 simd ;;
        */aarch64*) echo arm64 ;;
        handshake/*/compact) echo compact_heads ;;
        */compact*) echo compact compact_simd ;;
        mask/fast/portable*) echo unit tests ;;
        mask/fast*) echo unit unit_simd tests simd ;;
        utf8/fast*) echo unit unit_simd older older_avx2 tests ;;
        handshake/*) echo heads tests simd compact_heads ;;
        utf8) echo unit unit_simd talk tests compact ;;
        mask) echo unit unit_simd talk tests compact compact_simd ;;
        */fast*) echo frames talk simd ;;
        header* | frame* | control* | message* | receiver*) echo frames talk alloc compact simd ;;
        connection | sender | outbox | assemble) echo talk tests ;;
        *) echo frames talk tests ;;
    esac
}

# Tries those of the files that no other job has taken, in a tree of its own. Optimised tests take a tenth of the time, and
# little longer to compile; what a change does not reach is not compiled again, which is a quarter of the time.
mutants_job() {
    local tree=target/mutants/tree-$1 file where way
    export CARGO_TARGET_DIR="$PWD/target/mutants/target-$1" PROPTEST_CASES=64 CARGO_INCREMENTAL=1
    export CARGO_PROFILE_{DEV,TEST}_DEBUG=0 CARGO_PROFILE_{DEV,TEST}_OPT_LEVEL=1
    shift
    rm -rf "$tree"
    mkdir -p "$tree"
    git ls-files -z --cached --others --exclude-standard -- . ':!fuzz/corpus' | xargs -0 cp --parents -t "$tree"
    for file; do
        where=$(mutants_of "$file")
        if ! mkdir "$where" 2>/dev/null; then continue; fi
        for way in $(mutants_ways "$file"); do
            (mutants_noticed_by "$way" "$tree" "$file")
            cat "$where/mutants.out/unviable.txt" >>"$where/unviable"
            cp "$where/mutants.out/missed.txt" "$where/missed"
            # What made a test run for ever was noticed, and is not tried again.
            cat "$where/mutants.out/timeout.txt" >>"$where/mutants.out/caught.txt"
            if [ ! -s "$where/missed" ]; then break; fi
        done
        (cd "$tree" && cargo mutants --list -p bareframe -f "crates/bareframe/src/$file.rs") | wc -l |
            awk -v unviable="$(sort -u "$where/unviable" | wc -l)" '{ print $1 - unviable }' >"$where/viable"
        echo "$file" >"$where/name"
        mv "$where/missed" "$where/survive"
    done
}

# Tries what was not noticed yet. Sets the environment, so it is called in a subshell.
mutants_noticed_by() {
    local way=$1 tree=$2 file=$3 where args
    where=$(mutants_of "$file")
    case $way in
        unit) args=(-C=--lib) ;;
        unit_simd | older*) args=(--features simd -C=--lib) ;;
        arm64) args=(--features simd -C=--lib -C=--target=aarch64-unknown-linux-gnu) ;;
        frames) args=(-C=--lib -C=--test=decoding) ;;
        talk) args=(-C=--test={conversation,cuts,assemble,outbox,shown,unchanged}) ;;
        heads) args=(-C=--lib -C=--test={handshake_client,handshake_server}) ;;
        tests) args=(-C=--lib -C=--tests) ;;
        alloc) args=(--features simd,alloc -C=--lib) ;;
        simd) args=(--features simd -C=--lib -C=--tests) ;;
        compact) args=(-C=--lib -C=--test={decoding,shown,values,conversation}) ;;
        compact_simd) args=(--features simd -C=--lib -C=--test=decoding) ;;
        compact_heads) args=(-C=--lib -C=--test={handshake_client,handshake_server}) ;;
    esac
    case $way in
        arm64) for_target aarch64-unknown-linux-gnu ;;
        older) export CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUNNER="qemu-x86_64-static -cpu Nehalem" ;;
        older_avx2) export CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUNNER="qemu-x86_64-static -cpu Nehalem,+xsave,+avx,+avx2" ;;
        compact*) export RUSTFLAGS="--cfg bareframe_compact" ;;
    esac
    cd "$tree"
    # A test that takes five times as long as without a change is stopped, but none within 5 s. It fails if a change is not
    # noticed, and says which; that is counted when all are tried.
    cargo mutants -p bareframe --in-place --minimum-test-timeout 5 --build-timeout 300 \
        --iterate -o "$where" -f "crates/bareframe/src/$file.rs" "${args[@]}" || case $? in 2 | 3) ;; *) exit 1 ;; esac
}

# What a change must pass, and what takes longer or needs more tools.
usual="tests format lint language docs properties release sanitizer other_targets fuzz firmware"
usual+=" conformance no_std lowest_rust cost instructions kernels"
longer="coverage mutants autobahn interop semver deny package failing_streams async soak machines big_endian_32"

# What each job took, also when one fails.
times=
table() {
    local status=$?
    if [ -n "$waiting" ]; then kill "$waiting" 2>/dev/null || true; fi
    printf '== %-14s %8s\n' job seconds
    printf '%s' "$times"
    printf '== %-14s %8s\n' all "$SECONDS"
    exit "$status"
}
trap table EXIT

# The job that mostly waits, for peers and for browsers: it runs beside those after it, and prints when they are done.
beside=conformance
# Its process, while it runs.
waiting=

# Notes what a job took.
passed() {
    echo "== $1: passed in $2 s"
    times+=$(printf '== %-14s %8s' "$1" "$2")$'\n'
}

# A function, so that the script may change while it runs.
run() {
    local job begin log="$PWD/target/$beside.log"
    for job in "$@"; do
        case " $usual $longer " in
            *" $job "*) ;;
            *) echo "ci.sh: no job $job; there are: $usual $longer" >&2; exit 2 ;;
        esac
        if [ "$job" = $beside ] && [ $# -gt 1 ]; then
            mkdir -p target
            # Without the trap, whose table is the whole script's.
            (
                trap - EXIT
                begin=$SECONDS
                "$job"
                echo "$((SECONDS - begin))" >"$log.seconds"
            ) >"$log" 2>&1 &
            waiting=$!
            continue
        fi
        echo "== $job"
        begin=$SECONDS
        "$job"
        passed "$job" $((SECONDS - begin))
    done
    if [ -n "$waiting" ]; then
        local status=0
        wait "$waiting" || status=$?
        waiting=
        echo "== $beside"
        cat "$log"
        if [ $status != 0 ]; then exit $status; fi
        passed $beside "$(cat "$log.seconds")"
    fi
    exit
}

# shellcheck disable=SC2086
run ${*:-$usual}
