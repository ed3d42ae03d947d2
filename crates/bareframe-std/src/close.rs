//! The closing handshake, to its end (RFC 6455 section 7).

use crate::deadline::Deadline;
use crate::error::{Error, is_temporary};
use crate::linger::{StreamEnd, end_stream};
use crate::options::Options;
use crate::stream::Stream;
use std::net::Shutdown;

/// How a connection ends (RFC 6455 section 7.1.1).
#[derive(Debug)]
pub(crate) struct Closing {
    /// The peer, which is the server, ends the stream first.
    after_peer: bool,
    options: Options,
    /// Our direction has ended.
    is_ended: bool,
    /// When it has to have ended, once `close` was called.
    deadline: Option<Deadline>,
    /// A call has returned why nothing more is received.
    pub(crate) is_reported: bool,
}

impl Closing {
    pub(crate) const fn new(is_client: bool, options: &Options) -> Closing {
        Closing {
            after_peer: is_client,
            options: *options,
            is_ended: false,
            deadline: None,
            is_reported: false,
        }
    }

    /// Returns the deadline for the end of the connection, which the first call sets.
    pub(crate) fn begin(&mut self) -> Deadline {
        let timeout = self.options.close_timeout();
        *self
            .deadline
            .get_or_insert_with(|| self.options.deadline(timeout))
    }

    pub(crate) const fn options(&self) -> &Options {
        &self.options
    }

    pub(crate) const fn has_begun(&self) -> bool {
        self.deadline.is_some()
    }

    /// Ends the stream after the closing handshake, which had this result; `is_clean` if both Close frames passed.
    pub(crate) fn end<S: Stream>(
        &mut self,
        stream: &mut S,
        result: Result<(), Error>,
        is_clean: bool,
    ) -> Result<StreamEnd, Error> {
        let deadline = self.begin();
        if let Err(Error::Io(error)) = &result
            && is_temporary(error)
        {
            if deadline.left().is_ok() {
                return result.map(|()| StreamEnd::NotSeen);
            }
            let _ = stream.shutdown(Shutdown::Both);
            return Err(Error::CloseTimeout);
        }
        self.is_ended |= self.after_peer && is_clean;
        let end = end_stream(stream, &mut self.is_ended, deadline)?;
        self.is_reported |= result.is_err();
        result.map(|()| end)
    }
}
