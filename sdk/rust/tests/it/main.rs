//! The client against a server of the test's own.

#[cfg(test)]
mod call;
#[cfg(test)]
mod stub;
#[cfg(test)]
mod upload;
