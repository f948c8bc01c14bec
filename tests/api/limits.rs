//! docs/LIMITS.md says what the code does.

use dateline::app::resources;
use dateline::http::routes::BodySize;

const BEGIN: &str = "<!-- bodies -->\n";
const END: &str = "<!-- /bodies -->";

/// The table of bodies, from the resources.
fn bodies() -> String {
    let mut table = String::from("| resource | largest body |\n|---|---|\n");
    for resource in resources() {
        let takes = resource
            .methods()
            .iter()
            .any(|method| !method.is_safe() && method.as_str() != "DELETE");
        if !takes {
            continue;
        }
        let size = match resource.body_size() {
            BodySize::Largest => "`--max-body-bytes`, 2 MiB".to_owned(),
            BodySize::File => "`--max-media-bytes` (64 MiB)".to_owned(),
            BodySize::OfMany(number) => {
                format!("{number} times `--max-body-bytes`, {} MiB", number * 2)
            }
            BodySize::UpTo(bytes) if bytes % (1024 * 1024) == 0 => {
                format!("{} MiB", bytes / 1024 / 1024)
            }
            BodySize::UpTo(bytes) => format!("{} KiB", bytes / 1024),
        };
        table.push_str(&format!("| `{}` | {size} |\n", resource.path()));
    }
    table
}

#[test]
fn the_table_of_bodies_is_what_resources_take() {
    let path = "docs/LIMITS.md";
    let page = std::fs::read_to_string(path).unwrap();
    let (before, rest) = page.split_once(BEGIN).unwrap();
    let (table, after) = rest.split_once(END).unwrap();
    let wanted = bodies();
    if std::env::var_os("DATELINE_WRITE_LIMITS").is_some() {
        std::fs::write(path, format!("{before}{BEGIN}{wanted}{END}{after}")).unwrap();
        return;
    }
    assert_eq!(
        table, wanted,
        "write it: DATELINE_WRITE_LIMITS=1 cargo test --test api -- limits::"
    );
}

#[test]
fn the_numbers_are_those_of_the_code() {
    use dateline::auth::{password, throttle};
    use dateline::db::total::CEILING;
    use dateline::validation::{MOST_DETAIL, MOST_VIOLATIONS};
    let page = std::fs::read_to_string("docs/LIMITS.md").unwrap();
    for text in [
        format!("{} at once, then {0} a minute", throttle::PER_ADDRESS),
        format!(
            "{} at once, then {0} a minute",
            throttle::PER_ACCOUNT_AND_ADDRESS
        ),
        format!(
            "1,000 at once, then {} a minute",
            throttle::PER_ACCOUNT_AND_MINUTE
        ),
        format!("| {}, of which 2 at once |", password::MOST_WAITING),
        format!("| {MOST_VIOLATIONS}; `more_errors`"),
        format!("| {}, then `…` |", "1,000 characters"),
        format!("| {} articles | `at_least` |", "10,000"),
    ] {
        assert!(page.contains(&text), "{text}");
    }
    assert_eq!(
        (CEILING, MOST_DETAIL, throttle::PER_ACCOUNT.get()),
        (10_000, 1_000, 1_000)
    );
    assert_eq!(dateline::shares::writer::WAITING, 20_000);
}
