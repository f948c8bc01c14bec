//! Telling those who listen what happens.
