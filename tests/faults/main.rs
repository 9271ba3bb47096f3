//! The distributed shape under faults: two apis, three workers, a client and nginx as processes of their
//! own, on PostgreSQL and Redis, with a network between them that can be cut.
#![expect(clippy::disallowed_methods, clippy::print_stdout, reason = "a test has settings and says what it measured")]

mod oracle;
mod patience;
mod process;
mod proxy;
mod router;
mod services;
