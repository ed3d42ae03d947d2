//! A head that arrives over a stream.

use crate::deadline::{By, Deadline};
use crate::error::{Error, HandshakeError, is_temporary};
use crate::input::Input;
use crate::stream::Stream;
use bareframe::handshake::{HeadEnd, HeadError};

/// Reads until a head of at most `limit` bytes can be parsed, or is too long. The buffer grows as it arrives.
pub(crate) fn read_head(
    stream: &mut impl Stream,
    input: &mut Input,
    limit: usize,
    deadline: Deadline,
) -> Result<Result<(), HeadError>, Error> {
    let mut end = HeadEnd::new(limit);
    loop {
        match end.arrived(input.arrived()) {
            Ok(true) => return Ok(Ok(())),
            Ok(false) => {}
            Err(error) => return Ok(Err(error)),
        }
        input.make_room(limit);
        match input.fill(&mut By::new(stream, deadline)) {
            Ok(0) => return Err(HandshakeError::Ended.into()),
            Ok(_) => {}
            Err(error) if is_temporary(&error) => return Err(HandshakeError::Timeout.into()),
            Err(error) => return Err(Error::Io(error)),
        }
    }
}
