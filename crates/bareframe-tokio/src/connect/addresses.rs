//! Connections to several addresses of one host (RFC 8305).

use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;
use tokio::time::sleep;

/// How long an address is waited for before the next is tried too (RFC 8305 section 5).
const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

/// Sorts addresses so that both families take turns, that of the first address first; within a family the order stays
/// (RFC 8305 section 4).
pub(crate) fn alternate(addresses: &[SocketAddr]) -> Vec<SocketAddr> {
    let starts_with_ipv6 = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let of_family = |is_ipv6| {
        addresses
            .iter()
            .copied()
            .filter(move |address| address.is_ipv6() == is_ipv6)
    };
    let (mut preferred, mut others) = (of_family(starts_with_ipv6), of_family(!starts_with_ipv6));
    let mut sorted = Vec::with_capacity(addresses.len());
    while sorted.len() < addresses.len() {
        sorted.extend(preferred.next());
        sorted.extend(others.next());
    }
    sorted
}

/// What became of the addresses that were tried.
#[derive(Debug, Default)]
pub(crate) struct Tried {
    /// The address that an error is of: the last one that was begun while attempts are waited for, the last one that failed if all have.
    pub(crate) address: Option<SocketAddr>,
    /// The others that have failed, each with its error.
    pub(crate) failed: Vec<(SocketAddr, io::Error)>,
}

/// Tries addresses in their order, and returns the first that `attempt` succeeds with. The next address is tried when an attempt
/// fails, and after [`ATTEMPT_DELAY`] although the attempts before it continue (RFC 8305 section 5). All other attempts are dropped
/// then. If all have failed, the error is that of the last; `tried` has the others.
pub(crate) async fn first_of<T, F>(
    addresses: &[SocketAddr],
    tried: &mut Tried,
    attempt: impl Fn(SocketAddr) -> F,
) -> io::Result<T>
where
    F: Future<Output = io::Result<T>>,
{
    let mut left = addresses.iter().copied().peekable();
    let mut attempts: Vec<(SocketAddr, Pin<Box<F>>)> = Vec::new();
    loop {
        if let Some(address) = left.next() {
            tried.address = Some(address);
            attempts.push((address, Box::pin(attempt(address))));
        }
        let mut delay = pin!(sleep(ATTEMPT_DELAY));
        let connected = poll_fn(|cx| {
            let before = attempts.len();
            let mut connected = None;
            attempts.retain_mut(|(address, attempt)| match attempt.as_mut().poll(cx) {
                Poll::Pending => true,
                Poll::Ready(done) => {
                    match done {
                        Ok(connection) => {
                            tried.address = Some(*address);
                            connected = Some(connection);
                        }
                        Err(error) => tried.failed.push((*address, error)),
                    }
                    false
                }
            });
            let is_next =
                attempts.len() < before || left.peek().is_some() && delay.as_mut().poll(cx).is_ready();
            if connected.is_some() || is_next || attempts.is_empty() {
                Poll::Ready(connected)
            } else {
                Poll::Pending
            }
        })
        .await;
        if let Some(connection) = connected {
            return Ok(connection);
        }
        if attempts.is_empty() && left.peek().is_none() {
            let Some((address, error)) = tried.failed.pop() else {
                return Err(io::Error::new(ErrorKind::NotFound, "there is no address"));
            };
            tried.address = Some(address);
            return Err(error);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::pending;
    use std::net::{Ipv4Addr, Ipv6Addr};
    use std::sync::Mutex;
    use tokio::time::Instant;

    const fn v4(host: u8) -> SocketAddr {
        SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::new(192, 0, 2, host)), 80)
    }

    const fn v6(host: u16) -> SocketAddr {
        SocketAddr::new(
            std::net::IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, host)),
            80,
        )
    }

    #[test]
    fn rfc8305_s4_families_take_turns_and_the_first_address_stays_first() {
        assert_eq!(
            alternate(&[v6(1), v6(2), v6(3), v4(1)]),
            [v6(1), v4(1), v6(2), v6(3)]
        );
        assert_eq!(alternate(&[v4(1), v4(2), v6(1)]), [v4(1), v6(1), v4(2)]);
        assert_eq!(alternate(&[]), []);
    }

    /// What happens with an address: it connects, or fails, this long after it was tried; or nothing ever happens.
    type Fate = (SocketAddr, Option<(u64, bool)>);

    /// The address that is connected to, or the one that the error is of; when each address was tried, and when all this ended, in
    /// milliseconds.
    async fn race(fates: &[Fate]) -> (Result<SocketAddr, SocketAddr>, Vec<u128>, u128) {
        let begun = Instant::now();
        let tries = Mutex::new(Vec::new());
        let addresses: Vec<SocketAddr> = fates.iter().map(|(address, _)| *address).collect();
        let mut tried = Tried::default();
        let connected = first_of(&addresses, &mut tried, |address| {
            tries.lock().unwrap().push(begun.elapsed().as_millis());
            let fate = fates.iter().find(|(other, _)| *other == address).unwrap().1;
            async move {
                let Some((delay, connects)) = fate else {
                    return pending().await;
                };
                sleep(Duration::from_millis(delay)).await;
                if connects {
                    Ok(address)
                } else {
                    Err(ErrorKind::ConnectionRefused.into())
                }
            }
        })
        .await;
        let result = connected.map_err(|error| {
            assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
            tried.address.unwrap()
        });
        (result, tries.into_inner().unwrap(), begun.elapsed().as_millis())
    }

    #[tokio::test(start_paused = true)]
    async fn rfc8305_s5_the_next_address_is_tried_after_a_quarter_of_a_second() {
        let (connected, tries, took) = race(&[(v6(1), None), (v4(1), Some((30, true)))]).await;
        assert_eq!((connected, tries), (Ok(v4(1)), vec![0, 250]));
        assert!((280..290).contains(&took), "{took}");
    }

    #[tokio::test(start_paused = true)]
    async fn rfc8305_s5_the_next_address_is_tried_at_once_when_one_fails() {
        let (connected, tries, _) = race(&[
            (v6(1), Some((0, false))),
            (v6(2), Some((0, false))),
            (v4(1), Some((0, true))),
        ])
        .await;
        assert_eq!(connected, Ok(v4(1)));
        assert!(tries.iter().all(|at| *at < 10), "{tries:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn rfc8305_s5_the_first_address_may_still_win_after_the_next_was_tried() {
        let (connected, tries, _) = race(&[(v6(1), Some((300, true))), (v4(1), Some((200, true)))]).await;
        assert_eq!((connected, tries.len()), (Ok(v6(1)), 2));
    }

    #[tokio::test(start_paused = true)]
    async fn the_error_is_of_the_address_that_failed_last() {
        let (connected, tries, took) = race(&[(v6(1), Some((900, false))), (v4(1), Some((10, false)))]).await;
        assert_eq!((connected, tries), (Err(v6(1)), vec![0, 250]));
        assert!((900..910).contains(&took), "{took}");
    }

    #[tokio::test(start_paused = true)]
    async fn each_address_that_has_failed_is_kept_with_its_error() {
        let errors = [
            ErrorKind::ConnectionRefused,
            ErrorKind::NetworkUnreachable,
            ErrorKind::HostUnreachable,
        ];
        let addresses = [v6(1), v4(1), v6(2)];
        let mut tried = Tried::default();
        let of = |address| addresses.iter().position(|other| *other == address).unwrap();
        let all = first_of(&addresses, &mut tried, |address| async move {
            // The first takes longest.
            sleep(Duration::from_millis(900 - 300 * of(address) as u64)).await;
            Err::<(), _>(errors[of(address)].into())
        });
        assert_eq!(all.await.unwrap_err().kind(), errors[0]);
        assert_eq!(tried.address, Some(addresses[0]));
        let failed = tried
            .failed
            .iter()
            .map(|(address, error)| (*address, error.kind()));
        let failed: Vec<_> = failed.collect();
        assert_eq!(failed, [(addresses[2], errors[2]), (addresses[1], errors[1])]);
    }

    #[tokio::test(start_paused = true)]
    async fn while_nothing_happens_the_address_is_the_one_that_was_begun_last() {
        let mut tried = Tried::default();
        let addresses = [v6(1), v4(1)];
        let all = first_of(&addresses, &mut tried, |_| pending::<io::Result<()>>());
        assert!(tokio::time::timeout(Duration::from_secs(9), all).await.is_err());
        assert_eq!(tried.address, Some(v4(1)));
    }
}
