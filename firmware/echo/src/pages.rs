//! The pages that are open: each watches one connection, and asks for what a browser can't send.

use crate::answer::Wish;
use crate::ask::Hello;
use crate::json::Note;
use core::cell::{Cell, RefCell};
use core::fmt::{self, Display, Write};
use core::future::poll_fn;
use core::task::Poll;
use heapless::Deque;

/// How many pages may be open at once. Each takes two connections.
const PAGES: usize = 4;

/// How many bytes of reports may wait for a page. Further ones are lost if the page is slow.
const WAITING: usize = 64 << 10;

/// Places for pages.
pub(crate) struct Pages {
    places: [RefCell<Place>; PAGES],
    next: Cell<u32>,
}

/// A page that is open, or was.
#[derive(Clone, Copy)]
pub(crate) struct Page<'p> {
    place: &'p RefCell<Place>,
    number: u32,
}

/// What waits for one of the two connections of a page.
struct Place {
    /// The page, if one is open here.
    number: Option<u32>,
    /// Reports, each with a line feed after it, which JSON does not contain.
    reports: Deque<u8, WAITING>,
    /// How many reports did not fit.
    lost: usize,
    wish: Option<Wish>,
}

impl Pages {
    pub(crate) fn new() -> Pages {
        Pages {
            places: [(); PAGES].map(|()| RefCell::new(Place::new())),
            next: Cell::new(0),
        }
    }

    /// Opens a page, if there is a place for it.
    pub(crate) fn open(&self) -> Option<Page<'_>> {
        let place = self.places.iter().find(|place| place.borrow().number.is_none())?;
        let number = self.next.get();
        self.next.set(number.wrapping_add(1));
        place.borrow_mut().open(number);
        Some(Page { place, number })
    }

    /// Returns the page that watches a connection whose request has this query.
    pub(crate) fn watching(&self, query: Option<&str>) -> Option<Page<'_>> {
        let number = query?.strip_prefix("page=")?.parse().ok()?;
        let mut places = self.places.iter();
        let place = places.find(|place| place.borrow().number == Some(number))?;
        Some(Page { place, number })
    }
}

impl Page<'_> {
    /// Reports where to connect so that the page can watch, and what it can ask for.
    pub(crate) fn hello(self) {
        let echo = format_args!("/echo?page={}", self.number);
        let server = "bareframe on a Cortex-M3";
        self.report(Hello {
            server,
            echo,
            compression: false,
        });
    }

    /// Reports a note to the page.
    pub(crate) fn note(self, note: impl Display) {
        self.report(Note(format_args!("{note}.")));
    }

    pub(crate) fn close(self) {
        self.place.borrow_mut().number = None;
    }

    /// Reports something to the page, in JSON. Does nothing if the page is gone.
    pub(crate) fn report(self, report: impl Display) {
        let place = &mut *self.place.borrow_mut();
        if place.number == Some(self.number) {
            place.report(report);
        }
    }

    /// Waits for a report, and returns how many bytes of memory it takes.
    pub(crate) async fn next_report(self, memory: &mut [u8]) -> usize {
        poll_fn(|_| match self.place.borrow_mut().take_report(memory) {
            0 => Poll::Pending,
            len => Poll::Ready(len),
        })
        .await
    }

    /// Asks for something; what was asked for before is forgotten if it has not begun.
    pub(crate) fn wish(self, wish: Wish) {
        self.place.borrow_mut().wish = Some(wish);
    }

    /// Waits until the page asks for something.
    pub(crate) async fn wished(self) -> Wish {
        poll_fn(|_| {
            let place = &mut *self.place.borrow_mut();
            match place.wish.take_if(|_| place.number == Some(self.number)) {
                Some(wish) => Poll::Ready(wish),
                None => Poll::Pending,
            }
        })
        .await
    }
}

impl Place {
    fn new() -> Place {
        Place {
            number: None,
            reports: Deque::new(),
            lost: 0,
            wish: None,
        }
    }

    fn open(&mut self, number: u32) {
        self.number = Some(number);
        self.reports.clear();
        self.lost = 0;
        self.wish = None;
    }

    fn report(&mut self, report: impl Display) {
        let len = self.reports.len();
        if self.write_fmt(format_args!("{report}\n")).is_err() {
            self.reports.truncate(len);
            self.lost += 1;
        }
    }

    fn take_report(&mut self, memory: &mut [u8]) -> usize {
        if self.reports.is_empty() && self.lost > 0 {
            let lost = self.lost;
            self.lost = 0;
            self.report(format_args!(
                r#"{{"note":"{lost} frames were too many to be shown."}}"#
            ));
        }
        let mut len = 0;
        for place in memory {
            match self.reports.pop_front() {
                None | Some(b'\n') => break,
                Some(byte) => *place = byte,
            }
            len += 1;
        }
        len
    }
}

impl Write for Place {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut bytes = text.bytes();
        bytes.try_for_each(|byte| self.reports.push_back(byte).map_err(|_| fmt::Error))
    }
}
