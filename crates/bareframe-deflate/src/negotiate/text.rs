//! Text: an element of a header value in pieces, and how it is written without formatting.

use bareframe::BufferTooSmall;

/// The pieces, some of which may be empty.
pub(super) type Text = [&'static str; 8];

/// Writes pieces to the front of `out` and returns them as one.
pub(super) fn write_text(
    pieces: impl IntoIterator<Item = &'static str> + Clone,
    out: &mut [u8],
) -> Result<&str, BufferTooSmall> {
    let lens = pieces.clone().into_iter().map(str::len);
    let len = lens.fold(0_usize, usize::saturating_add);
    let (needed, available) = (len, out.len());
    let out = out.get_mut(..len).ok_or(BufferTooSmall { needed, available })?;
    let bytes = pieces.into_iter().flat_map(str::bytes);
    for (place, byte) in out.iter_mut().zip(bytes) {
        *place = byte;
    }
    Ok(core::str::from_utf8(out).unwrap_or_default())
}
