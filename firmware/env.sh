# Sourced by the scripts beside it: the toolchain of `rustup target add` if the targets are installed, else the one that
# tools/setup makes of Debian's packages.
cd "$(dirname "${BASH_SOURCE[0]}")"
targets="thumbv6m-none-eabi thumbv7m-none-eabi thumbv7em-none-eabihf riscv32imc-unknown-none-elf wasm32-unknown-unknown"
if ! rustup target list --installed 2>/dev/null | grep -q thumbv7em-none-eabihf; then
    tools=${BAREFRAME_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/bareframe-embedded}
    # shellcheck disable=SC2086
    if ! { [ -e "$tools/env.sh" ] && (cd "$tools/root/usr/lib/rustlib" && ls $targets); } >/dev/null 2>&1; then
        # A machine that has only old lists of packages does not know today's.
        if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then apt-get update -qq; fi
        TARGETS=$targets tools/setup "$tools" >/dev/null
    fi
    # shellcheck disable=SC1091
    . "$tools/env.sh"
    # .cargo/config.toml names the linker script; a toolchain that an earlier version of tools/setup made names it too.
    for name in $(compgen -e | grep '^CARGO_TARGET_THUMB.*_RUSTFLAGS$'); do unset "$name"; done
    export CARGO_TARGET_RISCV32IMC_UNKNOWN_NONE_ELF_LINKER=$CARGO_TARGET_THUMBV6M_NONE_EABI_LINKER
    export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=$CARGO_TARGET_THUMBV6M_NONE_EABI_LINKER
    export PATH=$tools/bin:$PATH
fi
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target}

# need PROGRAM PACKAGE: says which package of Debian has a program that is missing, before anything is built.
need() {
    if ! command -v "$1" >/dev/null; then
        echo "$1 is missing (Debian: apt-get install $2)" >&2
        exit 1
    fi
}
