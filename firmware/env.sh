# Sourced by the scripts beside it: the toolchain of `rustup target add` if the targets are installed, else a private
# one under $BAREFRAME_TOOLS if there is one.
cd "$(dirname "${BASH_SOURCE[0]}")"
if ! rustup target list --installed 2>/dev/null | grep -q thumbv7em-none-eabihf; then
    tools=${BAREFRAME_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/bareframe-embedded}
    others="riscv32imc-unknown-none-elf wasm32-unknown-unknown"
    if [ -x ../../shared/tools/embedded/setup.sh ] && ! (cd "$tools/root/usr/lib/rustlib" && ls $others) >/dev/null 2>&1; then
        if [ ! -e "$tools/env.sh" ] && [ "$(id -u)" = 0 ]; then apt-get update -qq; fi
        TARGETS="thumbv6m-none-eabi thumbv7m-none-eabi thumbv7em-none-eabihf $others" \
            ../../shared/tools/embedded/setup.sh "$tools" >/dev/null
    fi
    if [ ! -e "$tools/env.sh" ]; then
        echo "the Cortex-M targets are missing: rustup target add thumbv6m-none-eabi thumbv7m-none-eabi thumbv7em-none-eabihf" >&2
        exit 1
    fi
    . "$tools/env.sh"
    # The linker script is named in .cargo/config.toml.
    for name in $(compgen -e | grep '^CARGO_TARGET_THUMB.*_RUSTFLAGS$'); do unset "$name"; done
    export CARGO_TARGET_RISCV32IMC_UNKNOWN_NONE_ELF_LINKER=$CARGO_TARGET_THUMBV6M_NONE_EABI_LINKER
    export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=$CARGO_TARGET_THUMBV6M_NONE_EABI_LINKER
    export PATH=$tools/bin:$PATH
fi
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target}
