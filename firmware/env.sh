# Sourced by the scripts beside it: the toolchain of `rustup target add` if the targets are installed, else a private
# one under $BAREFRAME_TOOLS if there is one.
cd "$(dirname "${BASH_SOURCE[0]}")"
if ! rustup target list --installed 2>/dev/null | grep -q thumbv7em-none-eabihf; then
    tools=${BAREFRAME_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/bareframe-embedded}
    if [ ! -e "$tools/env.sh" ] && [ -x ../../shared/tools/embedded/setup.sh ]; then
        ../../shared/tools/embedded/setup.sh "$tools"
    fi
    if [ ! -e "$tools/env.sh" ]; then
        echo "the Cortex-M targets are missing: rustup target add thumbv6m-none-eabi thumbv7m-none-eabi thumbv7em-none-eabihf" >&2
        exit 1
    fi
    . "$tools/env.sh"
    # The linker script is named in .cargo/config.toml.
    for name in $(compgen -e | grep '^CARGO_TARGET_THUMB.*_RUSTFLAGS$'); do unset "$name"; done
    export PATH=$tools/bin:$PATH
fi
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target}
