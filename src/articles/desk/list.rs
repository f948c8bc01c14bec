//! The list of articles as the desk sees it, of any status: parameters and handler.

use actix_web::HttpResponse;
use actix_web::web::Data;
use utoipa::IntoParams;

use super::filter::{Between, EditorialFilter, EditorialSort, SearchedWords, SortValue};
use crate::articles::model::EditorialSummary;
use crate::articles::store::desk_list;
use crate::articles::workflow::Status;
use crate::auth::guard::{Allowed, ArticlesRead};
use crate::auth::model::Caller;
use crate::db::connection_pool::Cost;
use crate::db::keyset::KeysetBound;
use crate::db::{Connection, Database, Timestamp};
use crate::http::cursor::CursorKey;
use crate::http::page::{List, Paginator, editorial_page};
use crate::http::params::{FromParams, KeyedQuery, Params};
use crate::problem::{INVALID_CURSOR, Problem};
use crate::text::{Language, Slug};

/// Parameters of the editorial list.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct EditorialListParams {
    /// Most items on a page, 1 to 100.
    #[param(value_type = Option<u8>, minimum = 1, maximum = 100, default = 20)]
    limit: i64,
    /// Where to read on: `page.next_cursor` of the page before.
    cursor: Option<String>,
    /// `true` adds `page.total`, which ends at 10,000.
    #[param(value_type = Option<bool>)]
    count: bool,
    /// `-updated_at` (default), `updated_at`, `-published_at`, `published_at`: `-` means the latest first, and what has
    /// no time of publication stands before all that have one, so it comes last with `-`. `headline` or `-headline`:
    /// case and accents make no difference, and what has no headline stands before all that have one.
    #[param(value_type = Option<EditorialSort>, inline)]
    sort: EditorialSort,
    /// Statuses, comma-separated: any of them; all but `trashed` when left out.
    #[param(value_type = Option<Vec<Status>>, style = Form, explode = false, example = json!(["draft", "in_review"]))]
    status: Vec<Status>,
    /// `true`: only articles that the caller first saved. API tokens cannot ask for it.
    #[param(value_type = Option<bool>)]
    mine: bool,
    /// `true`: only articles that have a working copy; `false`: only those that have none.
    #[param(value_type = Option<bool>)]
    has_working_copy: Option<bool>,
    /// Slugs of authors, comma-separated: any of them.
    #[param(value_type = Option<Vec<Slug>>, style = Form, explode = false, max_items = 20)]
    author: Vec<Slug>,
    /// Slugs of sections, comma-separated: any of them, or of the sections below them.
    #[param(value_type = Option<Vec<Slug>>, style = Form, explode = false, max_items = 20)]
    section: Vec<Slug>,
    /// Slugs of tags, comma-separated: any of them.
    #[param(value_type = Option<Vec<Slug>>, style = Form, explode = false, max_items = 20)]
    tag: Vec<Slug>,
    /// Slugs of articles, comma-separated: any of them, at most 100; also slugs that they once had.
    #[param(value_type = Option<Vec<Slug>>, style = Form, explode = false, max_items = 100)]
    slug: Vec<Slug>,
    /// Only articles in this language (BCP 47), in whatever script, region or variant unless that is
    /// named: `pt` finds `pt-BR`. Case makes no difference.
    #[param(value_type = Option<Language>, example = "en")]
    language: Option<Language>,
    /// Words that the article is found by, drafts too: in headline, kicker, standfirst, body, or the names of tags,
    /// section and authors. `"a phrase"`, `-without`, `beginning*`, as readers search. Without any of these, also articles
    /// whose headline has all the words as any part of its own: those are looked for among the 10,000 last changed, and
    /// are all that is found of the trash. Of more than 10,000 articles that are found, published ones and others, the
    /// newest 10,000 of either are looked at, and `total_is` is `at_least`.
    #[param(value_type = Option<String>, max_length = 200)]
    q: Option<String>,
    /// Only articles changed later than this instant.
    #[param(value_type = Option<Timestamp>)]
    updated_after: Option<Timestamp>,
    /// Only articles changed earlier than this instant.
    #[param(value_type = Option<String>, format = DateTime)]
    updated_before: Option<Timestamp>,
    /// Only articles whose time of publication is later than this instant; it may be to come.
    #[param(value_type = Option<String>, format = DateTime)]
    published_after: Option<Timestamp>,
    /// Only articles whose time of publication is earlier than this instant.
    #[param(value_type = Option<String>, format = DateTime)]
    published_before: Option<Timestamp>,
    /// Only published articles that readers do not see yet and will later than this instant: the later one of
    /// `published_at` and `embargo_until` counts.
    #[param(value_type = Option<String>, format = DateTime)]
    scheduled_after: Option<Timestamp>,
    /// Only published articles that readers do not see yet and will earlier than this instant.
    #[param(value_type = Option<String>, format = DateTime)]
    scheduled_before: Option<Timestamp>,
}

impl FromParams for EditorialListParams {
    fn from_params(params: &mut Params) -> Result<Self, Problem> {
        Ok(Self {
            limit: params.limit()?,
            cursor: params.text("cursor")?,
            count: params.flag("count")?,
            sort: params
                .choice("sort", EditorialSort::ALL)?
                .unwrap_or_default(),
            status: params.choices("status", Status::ALL)?,
            mine: params.flag("mine")?,
            has_working_copy: params
                .choice("has_working_copy", &[("true", true), ("false", false)])?,
            author: params.list("author", 20)?,
            section: params.list("section", 20)?,
            tag: params.list("tag", 20)?,
            slug: params.list("slug", 100)?,
            language: params.one("language")?,
            q: params.part_of_name()?,
            updated_after: params.one("updated_after")?,
            updated_before: params.one("updated_before")?,
            published_after: params.one("published_after")?,
            published_before: params.one("published_before")?,
            scheduled_after: params.one("scheduled_after")?,
            scheduled_before: params.one("scheduled_before")?,
        })
    }
}

impl EditorialListParams {
    /// The articles that it asks for, of those that the caller may see.
    fn filter(self, caller: &Caller) -> Result<EditorialFilter, Problem> {
        let created_by = match (self.mine, caller.user()) {
            (true, None) => {
                let reason = "is for people: an API token has no articles of its own";
                return Err(Problem::parameter("mine", reason));
            }
            (true, user) => user,
            (false, _) => caller.only_own(),
        };
        let between = |after, before| Between { after, before };
        let mut statuses = self.status;
        statuses.sort_unstable_by_key(|status| *status as u8);
        statuses.dedup();
        Ok(EditorialFilter {
            statuses,
            created_by,
            authors: self.author,
            sections: self.section,
            tags: self.tag,
            slugs: self.slug,
            language: self.language,
            updated: between(self.updated_after, self.updated_before),
            published: between(self.published_after, self.published_before),
            scheduled: between(self.scheduled_after, self.scheduled_before),
            has_working_copy: self.has_working_copy,
            words: self.q.as_deref().map(SearchedWords::of),
        })
    }
}

/// A page of the editorial list.
type EditorialArticlePage = List<EditorialSummary>;

/// List articles of any status
///
/// The last changed first, unless `sort` says another order. Authors see their own.
#[utoipa::path(
    get, path = "/v1/editorial/articles", operation_id = "listAnyArticles", tag = "editorial articles",
    security(("bearer" = ["articles:read"])), params(EditorialListParams),
    responses((status = 200, description = "A page of articles.", body = EditorialArticlePage))
)]
pub async fn list_any_articles(
    Allowed(caller, query, _): Allowed<ArticlesRead, KeyedQuery<EditorialListParams>>,
    database: Data<Database>,
    cursors: Data<CursorKey>,
) -> Result<HttpResponse, Problem> {
    let KeyedQuery {
        mut params,
        canonical,
    } = query;
    let (sort, count, limit) = (params.sort, params.count, params.limit);
    let cursor = params.cursor.take();
    let filter = params.filter(&caller)?;
    let name = format!("editorial articles {sort:?} {filter:?}");
    let paginator = Paginator::new(&cursors, name, cursor.as_deref(), limit)?;
    let (start, limit) = (place(sort, paginator.start())?, paginator.fetch());
    // What looks at many articles must not keep what is quick from its connections.
    let cost = Cost::high_if(count || !filter.is_by_index(sort));
    let read = move |connection: &mut Connection| {
        let window = desk_list::Window { sort, start, limit };
        desk_list::list(connection, &filter, &window, count)
    };
    let (found, total) = match cost {
        Cost::High => database.read_within(cost, read).await?,
        Cost::Low => database.read(read).await?,
    };
    let list = paginator.page(found, total, |article| article.id);
    Ok(editorial_page(&canonical, &list))
}

/// Where a page starts, its value read.
fn place(
    sort: EditorialSort,
    start: Option<KeysetBound<String>>,
) -> Result<Option<KeysetBound<SortValue>>, Problem> {
    start
        .map(|start| start.try_map(|value| SortValue::read(sort, value)))
        .transpose()
        .map_err(|_: String| Problem::new(&INVALID_CURSOR, INVALID_CURSOR.meaning))
}
