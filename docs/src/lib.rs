//! Compiles the examples of the pages in this folder, as tests.

/// The examples of the page for users of other libraries.
#[cfg(doctest)]
#[doc = include_str!("../migrating.md")]
struct Migrating;
