//! What refers to tags.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use crate::db::total::{MOST_UNPUBLISHED, Total};
use crate::db::types::IdSql;
use crate::db::{Connection, Id, StoreResult, dialect};
use crate::tags::model::{EditorialTag, Tag, TagUsage};

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = IdSql)]
    id: Id,
    #[diesel(sql_type = BigInt)]
    version: i64,
    #[diesel(sql_type = BigInt)]
    published: i64,
    #[diesel(sql_type = BigInt)]
    unpublished: i64,
    #[diesel(sql_type = BigInt)]
    children: i64,
    #[diesel(sql_type = BigInt)]
    collections: i64,
}

/// Tags as the desk sees them, in the same order, whatever else stands beside each; one that is gone meanwhile is left
/// out.
///
/// # Errors
/// When the database fails.
pub fn with_usage<T>(
    connection: &mut Connection,
    tags: Vec<(Tag, T)>,
) -> StoreResult<Vec<(EditorialTag, T)>> {
    if tags.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<Id> = tags.iter().map(|(tag, _)| tag.id).collect();
    let most = MOST_UNPUBLISHED + 1;
    let rows: Vec<Row> = diesel::sql_query(format!(
        "SELECT t.id, t.version, t.published_articles AS published, \
         (SELECT count(*) FROM (SELECT 1 FROM article_tags x WHERE x.tag_id = t.id AND x.published_at IS NULL \
                                LIMIT {most}) AS tagged) \
         + (SELECT count(*) FROM (SELECT 1 FROM articles a WHERE a.section_id = t.id AND a.status <> 'published' \
                                  LIMIT {most}) AS standing) AS unpublished, \
         (SELECT count(*) FROM tag_ancestors x WHERE x.ancestor_id = t.id AND x.distance = 1) AS children, \
         (SELECT count(*) FROM (SELECT c.id FROM collections c WHERE c.fill_section_id = t.id \
                                UNION SELECT x.collection_id FROM collection_tags x WHERE x.tag_id = t.id) AS filled) \
         AS collections \
         FROM tags t WHERE t.id IN ({})",
        dialect::these(connection)
    ))
    .bind::<Text, _>(dialect::ids(&ids))
    .load(connection)?;
    let mut found: HashMap<Id, Row> = rows.into_iter().map(|row| (row.id, row)).collect();
    Ok(tags
        .into_iter()
        .filter_map(|(tag, beside)| {
            let row = found.remove(&tag.id)?;
            let articles = Total::with_unpublished(row.published, row.unpublished);
            let usage = TagUsage {
                articles: articles.items,
                articles_are: articles.is,
                published: row.published,
                children: row.children,
                collections: row.collections,
            };
            let version = row.version;
            Some((
                EditorialTag {
                    tag,
                    version,
                    usage,
                },
                beside,
            ))
        })
        .collect())
}
