//! What README says of settings is what `--help` says.

use clap::{Arg, CommandFactory};
use dateline::cli::Cli;

const BEGIN: &str = "<!-- settings: made from `dateline serve --help` -->\n";
const END: &str = "<!-- end of settings -->\n";

fn row(arg: &Arg) -> String {
    let flag = arg.get_long().unwrap();
    let variable = arg.get_env().unwrap_or_default().to_string_lossy();
    let defaults: Vec<_> = arg
        .get_default_values()
        .iter()
        .map(|value| format!("`{}`", value.to_string_lossy()))
        .collect();
    let default = match (defaults.is_empty(), arg.get_action().takes_values()) {
        (true, true) => "–".to_owned(),
        (true, false) => "off".to_owned(),
        (false, _) => defaults.join(","),
    };
    let meaning = arg.get_help().unwrap().to_string().replace('|', "\\|");
    format!("| `--{flag}` | `{variable}` | {default} | {meaning} |\n")
}

fn table() -> String {
    let mut cli = Cli::command();
    cli.build();
    let serve = cli.find_subcommand("serve").unwrap();
    let rows: String = serve
        .get_arguments()
        .filter(|arg| arg.get_env().is_some())
        .map(row)
        .collect();
    format!("{BEGIN}\n| flag | variable | default | meaning |\n|---|---|---|---|\n{rows}\n{END}")
}

/// With `DATELINE_WRITE_README` set, writes it instead.
#[test]
fn the_settings_are_those_of_the_program() {
    let readme = std::fs::read_to_string("README.md").unwrap();
    let begin = readme.find(BEGIN).unwrap();
    let end = readme.find(END).unwrap() + END.len();
    let table = table();
    if std::env::var_os("DATELINE_WRITE_README").is_some() {
        let written = format!("{}{table}{}", &readme[..begin], &readme[end..]);
        std::fs::write("README.md", written).unwrap();
        return;
    }
    assert!(
        readme[begin..end] == table,
        "README.md differs from --help: DATELINE_WRITE_README=1 cargo test --test api -- readme::"
    );
}
