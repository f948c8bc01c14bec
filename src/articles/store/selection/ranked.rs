//! Pages of a search, read from the index in its own order: the newest first, or by rank.

use diesel::dsl::sql;
use diesel::expression::{AsExpression, SqlLiteral, UncheckedBind};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Text};

use super::{Selection, SortKey, Window, ranked};
use crate::articles::model::ArticleSort;
use crate::db::schema::{article_authors, article_tags, public_articles_by_search};
use crate::db::total::{CEILING, Total, TotalIs};
use crate::db::{Connection, Id, MultiBackend, StoreResult};
use crate::search::entry::Rank;
use crate::search::expression::{Dialect, ResolvedQuery};

type Condition =
    SqlLiteral<Bool, UncheckedBind<SqlLiteral<Bool>, <String as AsExpression<Text>>::Expression>>;

/// That words match an expression, which a pair of SQL texts goes around.
fn matching(before: &str, dialect: Dialect, expression: String, after: &str) -> Condition {
    let (operator, cast) = match dialect {
        Dialect::Fts5 => ("MATCH", ""),
        Dialect::Tsquery => ("@@", "::tsquery"),
    };
    sql::<Bool>(&format!("{before} {operator} "))
        .bind::<Text, _>(expression)
        .sql(&format!("{cast}{after}"))
}

/// That a search finds the article, whatever the order of the list.
pub(super) fn is_found(view: &str, lookup: &ResolvedQuery, dialect: Dialect) -> Condition {
    let before = format!("{view}.id IN (SELECT article_id FROM search_matches WHERE words");
    matching(&before, dialect, lookup.all(dialect), ")")
}

/// How many public articles a search finds, up to a ceiling: all matches but those that are not public
/// yet, which are few, so that no article is looked at.
pub(super) fn count(
    connection: &mut Connection,
    lookup: &ResolvedQuery,
    dialect: Dialect,
) -> StoreResult<Total> {
    #[derive(QueryableByName)]
    struct Counted {
        #[diesel(sql_type = BigInt)]
        matches: i64,
        #[diesel(sql_type = BigInt)]
        hidden: i64,
    }
    let (column, operator, cast) = match dialect {
        Dialect::Fts5 => ("article_search", "MATCH", ""),
        Dialect::Tsquery => ("words", "@@", "::tsquery"),
    };
    let counted: Counted = diesel::sql_query(format!(
        "SELECT (SELECT count(*) FROM (SELECT 1 FROM article_search \
                 WHERE {column} {operator} $1{cast} LIMIT $2) AS found) AS matches, \
                (SELECT count(*) FROM hidden_matches WHERE words {operator} $1{cast}) AS hidden"
    ))
    .bind::<Text, _>(lookup.all(dialect))
    .bind::<BigInt, _>(CEILING + 1)
    .get_result(connection)?;
    Ok(match Total::counted(counted.matches) {
        all if all.is == TotalIs::Exact => Total::exact(counted.matches - counted.hidden),
        some => some,
    })
}

/// The ranks that a list goes through; one without regard to them where they do not order it.
fn ranks(sort: ArticleSort, backward: bool) -> Vec<Option<Rank>> {
    let mut ranks: Vec<Option<Rank>> = match sort {
        ArticleSort::Relevance => Rank::ALL.into_iter().map(Some).collect(),
        _ => vec![None],
    };
    if backward {
        ranks.reverse();
    }
    ranks
}

/// A page of a search. By rank, one rank is read after the other until the page is full.
pub(super) fn page(
    connection: &mut Connection,
    selection: &Selection,
    lookup: &ResolvedQuery,
    window: Window,
) -> StoreResult<Vec<(Id, SortKey)>> {
    use public_articles_by_search::{id, position, table};
    let backward = window.start.is_some_and(|start| start.backward);
    let start = window.start.and_then(|start| match start.value {
        SortKey::Found(rank, at) => Some((rank, at, start.inclusive)),
        _ => None,
    });
    let upwards = (window.sort == ArticleSort::OldestFirst) != backward;
    let ranks = ranks(window.sort, backward)
        .into_iter()
        .skip_while(|rank| start.is_some_and(|(first, _, _)| first != *rank));
    let mut page = Vec::new();
    for rank in ranks {
        let room = window.limit - page.len() as i64;
        let expression = match rank {
            None => Some(lookup.all(selection.dialect)),
            Some(rank) => lookup.ranked(selection.dialect, rank),
        };
        let (Some(expression), true) = (expression, room > 0) else {
            continue;
        };
        let words = "public_articles_by_search.words";
        let mut query = table
            .filter(matching(words, selection.dialect, expression, ""))
            .into_boxed::<MultiBackend>();
        if let Some((first, at, inclusive)) = start
            && first == rank
        {
            // Positions are whole numbers: with the item itself, one further.
            let inclusive = i64::from(inclusive);
            query = if upwards {
                query.filter(position.gt(at - inclusive))
            } else {
                query.filter(position.lt(at + inclusive))
            };
        }
        let query = narrowed!(public_articles_by_search, query, selection);
        let query = if upwards {
            query.order(position.asc())
        } else {
            query.order(position.desc())
        };
        let rows: Vec<(Id, i64)> = query.limit(room).select((id, position)).load(connection)?;
        page.extend(
            rows.into_iter()
                .map(|(article, at)| (article, SortKey::Found(rank, at))),
        );
    }
    Ok(page)
}
