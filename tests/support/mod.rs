//! Parts that the suites of the whole system share: servers, processes, a network that can fail, and reference values.

pub(crate) mod collector;
pub(crate) mod http;
pub(crate) mod process;
pub(crate) mod proxy;
pub(crate) mod reference;
pub(crate) mod servers;
pub(crate) mod timeouts;
