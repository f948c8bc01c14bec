//! What the databases hold and how they are asked.

use macro_rules_attribute::apply;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use dateline::articles::model::{
    ArticleFilter, ArticleSort, BodyFormat, FacetBy, Include, Without,
};
use dateline::articles::store::public::{self, ListQuery};
use dateline::articles::store::public_corrections::{self, CorrectionFilter};
use dateline::articles::store::retractions;
use dateline::articles::store::selection::SortKey;
use dateline::authors::model::{AuthorFilter, AuthorSort};
use dateline::db::connection_pool::Cost;
use dateline::db::keyset::KeysetBound;
use dateline::db::{Connection, DatabaseUrl, Id, StoreResult, Timestamp, migrations, slugs};
use dateline::tags::model::{TagFilter, TagKind, TagSort};
use dateline::{authors, tags};
use diesel::connection::{Instrumentation, InstrumentationEvent, SimpleConnection};
use diesel::sql_types::{Nullable, Text};
use diesel::{Connection as _, QueryableByName, RunQueryDsl};
use reqwest::Method;
use serde_json::json;

use crate::both;
use crate::harness::{On, TestApp, fresh_database};

#[derive(QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = Text)]
    column_name: String,
    #[diesel(sql_type = Text)]
    nullable: String,
    #[diesel(sql_type = Nullable<Text>)]
    key: Option<String>,
}

const SQLITE_COLUMNS: &str = "
    SELECT t.name AS table_name, c.name AS column_name,
           CASE WHEN c.\"notnull\" THEN 'NO' ELSE 'YES' END AS nullable,
           CASE WHEN c.pk > 0 THEN 'PRIMARY' END AS key
    FROM sqlite_master t JOIN pragma_table_info(t.name) c
    WHERE t.type IN ('table', 'view') AND t.name NOT LIKE 'sqlite_%' AND t.name NOT LIKE '\\_\\_%' ESCAPE '\\'";

const POSTGRES_COLUMNS: &str = "
    SELECT c.table_name::text, c.column_name::text, c.is_nullable::text AS nullable,
           (SELECT 'PRIMARY' FROM information_schema.key_column_usage k
            JOIN information_schema.table_constraints p USING (constraint_name, table_schema)
            WHERE p.constraint_type = 'PRIMARY KEY' AND k.table_name = c.table_name
              AND k.column_name = c.column_name AND k.table_schema = 'public') AS key
    FROM information_schema.columns c
    WHERE c.table_schema = 'public' AND c.table_name NOT LIKE '\\_\\_%'";

const SQLITE_INDEXES: &str = "
    SELECT tbl_name AS table_name, name AS column_name, '' AS nullable, NULL AS key
    FROM sqlite_master WHERE type = 'index' AND name NOT LIKE 'sqlite_%'";

const POSTGRES_INDEXES: &str = "
    SELECT tablename::text AS table_name, indexname::text AS column_name, '' AS nullable, NULL AS key
    FROM pg_indexes WHERE schemaname = 'public' AND tablename NOT LIKE '\\_\\_%'
      AND indexname NOT LIKE '%\\_pkey' AND indexname NOT LIKE '%\\_key'";

const SQLITE_REFERENCES: &str = "
    SELECT t.name AS table_name, f.\"from\" || ' to ' || f.\"table\" AS column_name, f.on_delete AS nullable, NULL AS key
    FROM sqlite_master t JOIN pragma_foreign_key_list(t.name) f WHERE t.type = 'table'";

const POSTGRES_REFERENCES: &str = "
    SELECT k.table_name::text, k.column_name || ' to ' || u.table_name AS column_name, r.delete_rule::text AS nullable, NULL AS key
    FROM information_schema.referential_constraints r
    JOIN information_schema.key_column_usage k ON k.constraint_name = r.constraint_name
    JOIN information_schema.constraint_column_usage u ON u.constraint_name = r.constraint_name";

type Shape = BTreeMap<(String, String), (String, Option<String>)>;

fn shape(connection: &mut Connection, sqlite: &str, postgres: &str) -> Shape {
    let columns: Vec<Column> = match connection {
        Connection::Sqlite(inner) => diesel::sql_query(sqlite).load(inner),
        Connection::Postgres(inner) => diesel::sql_query(postgres).load(inner),
    }
    .unwrap();
    columns
        .into_iter()
        // Full-text indexes and the numbering of events are each database's own.
        .filter(|column| {
            !column.table_name.starts_with("article_search")
                && !column.table_name.starts_with("draft_search")
                && column.table_name != "event_sequence"
        })
        .map(|column| {
            // A view's columns may be anything to Postgres.
            let nullable = if column.table_name.contains("_articles") {
                String::new()
            } else {
                column.nullable
            };
            (
                (column.table_name, column.column_name),
                (nullable, column.key),
            )
        })
        .collect()
}

#[actix_web::test]
async fn both_databases_have_the_same_tables_columns_keys_and_indexes() {
    let sqlite = TestApp::start(On::Sqlite).await;
    let postgres = TestApp::start(On::Postgres).await;
    for (of_sqlite, of_postgres) in [
        (SQLITE_COLUMNS, POSTGRES_COLUMNS),
        (SQLITE_INDEXES, POSTGRES_INDEXES),
        (SQLITE_REFERENCES, POSTGRES_REFERENCES),
    ] {
        let read = move |connection: &mut Connection| Ok(shape(connection, of_sqlite, of_postgres));
        let (left, right) = (
            sqlite.database.read(read).await.unwrap(),
            postgres.database.read(read).await.unwrap(),
        );
        assert!(!left.is_empty());
        let difference: Vec<_> = left
            .iter()
            .filter(|(key, value)| right.get(key) != Some(value))
            .chain(right.iter().filter(|(key, _)| !left.contains_key(key)))
            .collect();
        assert!(difference.is_empty(), "{difference:?}");
    }
}

#[test]
fn both_databases_have_migrations_of_the_same_names() {
    let names = |folder: &str| -> Vec<String> {
        let mut names: Vec<String> = std::fs::read_dir(format!("migrations/{folder}"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    };
    assert_eq!(names("sqlite"), names("postgres"));
}

/// Keeps the SQL of every statement.
struct Record(Arc<Mutex<Vec<String>>>);

impl Instrumentation for Record {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        if let InstrumentationEvent::StartQuery { query, .. } = event {
            let text = query.to_string();
            let sql = text.split(" -- binds").next().unwrap_or_default();
            self.0.lock().unwrap().push(sql.to_owned());
        }
    }
}

pub fn recorded(
    connection: &mut Connection,
    work: impl FnOnce(&mut Connection) -> StoreResult<()>,
) -> Vec<String> {
    let statements = Arc::new(Mutex::new(Vec::new()));
    connection.set_instrumentation(Record(Arc::clone(&statements)));
    work(connection).unwrap();
    connection.set_instrumentation(None::<Box<dyn Instrumentation>>);
    let statements = statements.lock().unwrap();
    statements.clone()
}

#[derive(QueryableByName)]
struct SqlitePlan {
    #[diesel(sql_type = Text)]
    detail: String,
}

#[derive(QueryableByName)]
struct PostgresPlan {
    #[diesel(sql_type = Text, column_name = "QUERY PLAN")]
    line: String,
}

/// The plan of a statement whose parameters are unknown, as one text.
pub fn plan(connection: &mut Connection, sql: &str) -> String {
    match connection {
        Connection::Sqlite(inner) => {
            let lines: Vec<SqlitePlan> = diesel::sql_query(format!("EXPLAIN QUERY PLAN {sql}"))
                .load(inner)
                .unwrap();
            lines
                .into_iter()
                .map(|line| line.detail)
                .collect::<Vec<_>>()
                .join("\n")
        }
        Connection::Postgres(inner) => {
            // A tiny table is read whole whatever its indexes: that must not count here.
            inner.batch_execute(&format!(
                "SET enable_seqscan = off; SET enable_sort = off; SET plan_cache_mode = force_generic_plan; \
                 DEALLOCATE ALL; PREPARE planned AS {sql}"
            )).unwrap();
            let parameters = (1..30)
                .rev()
                .find(|number| sql.contains(&format!("${number}")))
                .unwrap_or(0);
            let nulls = vec!["NULL"; parameters].join(", ");
            let call = if parameters == 0 {
                String::new()
            } else {
                format!("({nulls})")
            };
            let lines: Vec<PostgresPlan> =
                diesel::sql_query(format!("EXPLAIN EXECUTE planned{call}"))
                    .load(inner)
                    .unwrap();
            lines
                .into_iter()
                .map(|line| line.line)
                .collect::<Vec<_>>()
                .join("\n")
        }
    }
}

/// How many statements reading this takes: the fewest of several times, since the server does other things
/// besides.
async fn cost(app: &TestApp, path: &str) -> u64 {
    let app = app.without_cache().await;
    let mut fewest = u64::MAX;
    for _ in 0..8 {
        let before = app.database.queries().get();
        app.get(path).await;
        fewest = fewest.min(app.database.queries().get() - before);
    }
    fewest
}

fn list_query(filter: ArticleFilter, sort: ArticleSort) -> ListQuery {
    ListQuery {
        filter,
        sort,
        include: vec![Include::Body, Include::Corrections, Include::Shares],
        body_format: BodyFormat::Both,
        count: false,
        start: Some(KeysetBound {
            value: SortKey::At(Timestamp::now()),
            id: Id::generate(),
            backward: false,
            inclusive: false,
        }),
        limit: 20,
    }
}

#[apply(both)]
async fn every_connection_is_set_as_it_must_be(app: TestApp) {
    #[derive(QueryableByName)]
    struct Setting {
        #[diesel(sql_type = Text)]
        value: String,
    }
    let settings: &[(&str, &str, &str)] = match &app.config.database_url {
        DatabaseUrl::Sqlite(_) => &[
            ("journal_mode", "wal", "wal"),
            // Full: what was acknowledged survives the loss of power.
            ("synchronous", "2", "2"),
            ("foreign_keys", "1", "1"),
            ("temp_store", "2", "2"),
            ("busy_timeout", "60000", "60000"),
            ("query_only", "1", "0"),
        ],
        DatabaseUrl::Postgres(_) => &[
            ("jit", "off", "off"),
            ("statement_timeout", "1min", "1min"),
            ("lock_timeout", "1min", "1min"),
            ("idle_in_transaction_session_timeout", "2min", "2min"),
            ("TimeZone", "UTC", "UTC"),
            ("default_transaction_read_only", "on", "off"),
        ],
    };
    let read = |name: &'static str| {
        move |connection: &mut Connection| {
            let sql = match connection {
                Connection::Sqlite(_) => {
                    format!("SELECT CAST(\"{name}\" AS TEXT) AS value FROM pragma_{name}")
                        .replace("\"busy_timeout\"", "timeout")
                }
                Connection::Postgres(_) => format!("SELECT current_setting('{name}') AS value"),
            };
            Ok(diesel::sql_query(sql)
                .get_result::<Setting>(connection)?
                .value)
        }
    };
    for (name, reading, writing) in settings {
        assert_eq!(
            app.database.read(read(name)).await.unwrap(),
            *reading,
            "{name}, reading"
        );
        for cost in [Cost::Low, Cost::High] {
            assert_eq!(
                app.database.read_within(cost, read(name)).await.unwrap(),
                *reading,
                "{name}, {cost:?}"
            );
        }
        assert_eq!(
            app.database.write(read(name)).await.unwrap(),
            *writing,
            "{name}, writing"
        );
    }
    // Who reads cannot write, whatever the code says.
    for cost in [Cost::Low, Cost::High] {
        let write = app.database.read_within(cost, |connection| {
            Ok(diesel::sql_query("DELETE FROM tags").execute(connection)?)
        });
        assert!(write.await.is_err(), "{cost:?}");
    }
}

#[apply(both)]
async fn no_public_list_reads_a_table_whole(app: TestApp) {
    let token = app.newsroom().await;
    app.published(&token, "one").await;
    let slug = |text: &str| text.parse().unwrap();
    let work = move |connection: &mut Connection| {
        let filters = [
            ArticleFilter::default(),
            ArticleFilter {
                tags: vec![vec![slug("climate")]],
                ..Default::default()
            },
            ArticleFilter {
                authors: vec![slug("alex-writer")],
                ..Default::default()
            },
            ArticleFilter {
                sections: vec![slug("world")],
                ..Default::default()
            },
            ArticleFilter {
                slugs: vec![slug("one")],
                ..Default::default()
            },
            ArticleFilter {
                ids: vec![Id::generate()],
                ..Default::default()
            },
            ArticleFilter {
                exclude: vec![slug("one"), slug("two")],
                exclude_ids: vec![Id::generate()],
                ..Default::default()
            },
            ArticleFilter {
                without: Without {
                    tags: vec![slug("climate"), slug("world")],
                    authors: vec![slug("alex-writer")],
                    sections: vec![slug("world")],
                },
                ..Default::default()
            },
            ArticleFilter {
                language: Some("pt".parse().unwrap()),
                ..Default::default()
            },
            ArticleFilter {
                tags: vec![vec![slug("climate")]],
                language: Some("en".parse().unwrap()),
                ..Default::default()
            },
        ];
        for filter in filters {
            for sort in [
                ArticleSort::NewestFirst,
                ArticleSort::OldestFirst,
                ArticleSort::LastUpdatedFirst,
                ArticleSort::LastUpdatedLast,
            ] {
                public::list(connection, &list_query(filter.clone(), sort), None)?;
            }
        }
        let named = ArticleFilter {
            slugs: vec![slug("one"), slug("two")],
            ..Default::default()
        };
        public::list(connection, &list_query(named, ArticleSort::Given), None)?;
        public::list(
            connection,
            &ListQuery {
                start: None,
                ..list_query(ArticleFilter::default(), ArticleSort::NewestFirst)
            },
            None,
        )?;
        for start in [
            None,
            Some(KeysetBound {
                value: SortKey::Shares(5),
                id: Id::generate(),
                backward: false,
                inclusive: false,
            }),
        ] {
            public::list(
                connection,
                &ListQuery {
                    start,
                    ..list_query(ArticleFilter::default(), ArticleSort::MostShared)
                },
                None,
            )?;
        }
        let start = KeysetBound {
            value: Timestamp::now(),
            id: Id::generate(),
            backward: false,
            inclusive: false,
        };
        for start in [None, Some(start)] {
            let filter = CorrectionFilter::default();
            public_corrections::list(connection, &filter, start, 20, None)?;
        }
        let _ = retractions::find(connection, &slug("two"));
        public::find(connection, &slug("one"), true, None)?;
        let _ = slugs::public_article_once_named(connection, &slug("two"));
        slugs::public_articles_named(connection, &[slug("one")])?;
        let by_name = TagFilter {
            kind: None,
            name_contains: None,
            standing: None,
            unused: false,
            sort: TagSort::Name,
        };
        tags::store::list(
            connection,
            &by_name,
            Some(KeysetBound {
                value: "a".into(),
                id: Id::generate(),
                backward: false,
                inclusive: false,
            }),
            20,
        )?;
        for (value, backward) in [("1", false), ("1", true)] {
            let start = KeysetBound {
                value: value.into(),
                id: Id::generate(),
                backward,
                inclusive: false,
            };
            for kind in [None, Some(TagKind::Topic)] {
                let by_count = TagFilter {
                    kind,
                    name_contains: None,
                    standing: None,
                    unused: false,
                    sort: TagSort::ArticleCount,
                };
                tags::store::list(connection, &by_count, Some(start.clone()), 20)?;
                tags::store::list(connection, &by_count, None, 20)?;
            }
        }
        for by in [FacetBy::Tag, FacetBy::Section, FacetBy::Author] {
            public::facets(connection, &ArticleFilter::default(), by, 20)?;
        }
        let by_count = AuthorFilter {
            name_contains: None,
            unused: false,
            sort: AuthorSort::ArticleCount,
        };
        let start = KeysetBound {
            value: "1".into(),
            id: Id::generate(),
            backward: false,
            inclusive: false,
        };
        authors::store::list(connection, &by_count, Some(start), 20)?;
        tags::store::find_by_slug(connection, &slug("climate"))?;
        authors::store::list(
            connection,
            &AuthorFilter::default(),
            Some(KeysetBound {
                value: "a".into(),
                id: Id::generate(),
                backward: false,
                inclusive: false,
            }),
            20,
        )?;
        authors::store::find_by_slug(connection, &slug("alex-writer"))?;
        slugs::public_article(connection, &slug("one"))?;
        Ok(())
    };
    let plans = app
        .database
        .write(move |connection| {
            let statements = recorded(connection, work);
            Ok(statements
                .into_iter()
                .map(|sql| {
                    let plan = plan(connection, &sql);
                    (sql, plan)
                })
                .collect::<Vec<_>>())
        })
        .await
        .unwrap();
    assert!(plans.len() > 50);
    for (sql, plan) in plans {
        for line in plan.lines() {
            let line = line.trim();
            // SQLite: SCAN without an index is a full scan; with one it is a walk in order.
            // What is not public yet is found by index, and little; a list of ids is a parameter.
            let hidden = ["SCAN hidden", "SCAN (", "SCAN json_each"]
                .iter()
                .any(|scan| line.starts_with(scan))
                || line == "SCAN h";
            let scans = line.starts_with("SCAN")
                && !line.contains("USING")
                && !line.contains("LIST SUBQUERY");
            let full = line.contains("Seq Scan") || (scans && !hidden);
            assert!(!full, "{line}\n{sql}\n{plan}");
            // A cursor's place is where the walk begins, however deep it lies.
            if sql.contains("published_at` <= ") && line.contains("articles_public_by_publication")
            {
                assert!(line.contains("published_at<?"), "{line}\n{sql}\n{plan}");
            }
            // Sorting all that match to take twenty of them grows with the archive.
            let keys =
                sql.contains("LIMIT") && sql.contains("articles") && !sql.contains("headline");
            let sorts =
                line.starts_with("USE TEMP B-TREE FOR ORDER BY") || line.starts_with("Sort ");
            assert!(
                !(keys
                    && sorts
                    && !(sql.contains("ORDER BY")
                        && sql
                            .split("ORDER BY")
                            .last()
                            .is_some_and(|order| order.contains("updated_at")))),
                "{line}\n{sql}\n{plan}"
            );
        }
    }
}

#[apply(both)]
async fn a_list_costs_the_same_number_of_queries_however_long(app: TestApp) {
    let token = app.newsroom().await;
    let mut costs = Vec::new();
    for number in 0..6 {
        app.published(&token, &format!("a{number}")).await;
        let path = "/v1/articles?include=body,corrections,seo,custom,shares&count=true&tag=climate&author=alex-writer";
        assert_eq!(app.get(path).await.slugs().len(), number + 1);
        costs.push(cost(&app, path).await);
    }
    assert!(costs.iter().all(|cost| *cost == costs[0]), "{costs:?}");
    let few = cost(&app, "/v1/tags").await;
    for number in 0..5 {
        app.create(
            &token,
            "/v1/editorial/tags",
            json!({"name": format!("Tag {number}")}),
        )
        .await;
    }
    assert_eq!(cost(&app, "/v1/tags").await, few);
}

#[apply(both)]
async fn what_was_acknowledged_is_there_for_another_process(app: TestApp) {
    let token = app.newsroom().await;
    app.published(&token, "harbour").await;
    let other = dateline::app::open_database(&app.config, dateline::app::Opening::AsItIs)
        .unwrap_or_else(|error| panic!("{error}"));
    let slug: dateline::text::Slug = "harbour".parse().unwrap();
    let id = other
        .read(move |connection| slugs::public_article(connection, &slug))
        .await;
    assert!(id.is_ok());
}

#[apply(both)]
async fn a_refused_write_leaves_nothing_behind(app: TestApp) {
    let token = app.newsroom().await;
    let before = app
        .request(Method::GET, "/v1/editorial/articles?count=true")
        .bearer(&token)
        .send()
        .await;
    let reply = app
        .request(Method::POST, "/v1/editorial/articles")
        .bearer(&token)
        .json(json!({"headline": "a", "tags": ["climate", "unknown"]}))
        .await;
    assert_eq!(reply.status, 422);
    let after = app
        .request(Method::GET, "/v1/editorial/articles?count=true")
        .bearer(&token)
        .send()
        .await;
    assert_eq!(before.json["page"], after.json["page"]);
}

#[test]
fn a_database_without_tables_is_not_ready() {
    for on in [On::Sqlite, On::Postgres] {
        let (config, _disposable) = fresh_database(on);
        if let DatabaseUrl::Sqlite(path) = &config.database_url {
            dateline::db::file::create(path).unwrap();
        }
        let database = dateline::app::open_database(&config, dateline::app::Opening::AsItIs)
            .unwrap_or_else(|error| panic!("{error}"));
        let mut connection = database.connection().unwrap();
        if on == On::Sqlite {
            assert!(!migrations::is_current(&mut connection).unwrap());
            assert_eq!(
                migrations::run(&mut connection).unwrap().len(),
                migrations::status(&mut connection).unwrap().len() + 1
            );
        }
        assert!(migrations::is_current(&mut connection).unwrap());
        assert!(
            migrations::status(&mut connection)
                .unwrap()
                .iter()
                .all(|migration| migration.state == migrations::MigrationState::Applied)
        );
    }
}

/// The last migration of databases that are in use: those after it find tables that views name.
const IN_USE: &str = "20261128000034";

#[derive(QueryableByName)]
struct TableName {
    #[diesel(sql_type = Text)]
    name: String,
}

#[test]
fn migrations_run_beside_the_views_of_the_version_before() {
    use diesel::migration::{Migration, MigrationSource};
    use diesel_migrations::{FileBasedMigrations, MigrationHarness};
    fn run_first<DB, C>(connection: &mut C, folder: &str)
    where
        DB: diesel::backend::Backend,
        C: MigrationHarness<DB> + diesel::Connection<Backend = DB> + 'static,
    {
        let source = FileBasedMigrations::from_path(format!("migrations/{folder}")).unwrap();
        let mut all: Vec<Box<dyn Migration<DB>>> = source.migrations().unwrap();
        all.sort_unstable_by(|left, right| left.name().version().cmp(&right.name().version()));
        // Makes the table that says which have run.
        connection.applied_migrations().unwrap();
        for migration in all {
            if migration.name().version().to_string().as_str() <= IN_USE {
                connection.run_migration(&migration).unwrap();
            }
        }
    }
    for on in [On::Sqlite, On::Postgres] {
        let (config, _disposable) = fresh_database(on);
        if let DatabaseUrl::Sqlite(path) = &config.database_url {
            dateline::db::file::create(path).unwrap();
        }
        let database = dateline::app::open_database(&config, dateline::app::Opening::AsItIs)
            .unwrap_or_else(|error| panic!("{error}"));
        let mut connection = database.connection().unwrap();
        let tables = match &mut *connection {
            Connection::Sqlite(sqlite) => {
                run_first(sqlite, "sqlite");
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' \
                 AND name NOT LIKE '%search%' AND name NOT LIKE '%diesel%'"
            }
            Connection::Postgres(postgres) => {
                let anew = "DROP SCHEMA public CASCADE; CREATE SCHEMA public";
                postgres.batch_execute(anew).unwrap();
                run_first(postgres, "postgres");
                "SELECT tablename::text AS name FROM pg_tables WHERE schemaname = 'public' \
                 AND tablename NOT LIKE '%diesel%'"
            }
        };
        let tables: Vec<TableName> = diesel::sql_query(tables).load(&mut *connection).unwrap();
        assert!(tables.len() > 20, "{}", tables.len());
        for TableName { name } in &tables {
            let view = format!("CREATE VIEW before_{name} AS SELECT * FROM {name}");
            connection.batch_execute(&view).unwrap();
        }
        migrations::run(&mut connection).unwrap();
        assert!(migrations::is_current(&mut connection).unwrap());
        for TableName { name } in &tables {
            let read = format!("SELECT '' AS name FROM before_{name} LIMIT 1");
            let read: Vec<TableName> = diesel::sql_query(read).load(&mut *connection).unwrap();
            drop(read);
        }
    }
}
