//! The `dateline` binary: reads the command line and does what it says.

use std::process::ExitCode;

fn main() -> ExitCode {
    dateline::cli::run(dateline::cli::Cli::read())
}
