//! What happens to a server whose database fails: each fault is a scenario here, which says what readers
//! and editors see while it lasts, and that all is right afterwards. What depends on how fast the machine
//! is, `scripts/bench` measures (docs/RUNBOOK.md).

mod cluster;
mod files;
mod kills;
mod outages;
mod proxy;
mod replicas;
mod starts;
