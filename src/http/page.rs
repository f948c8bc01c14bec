//! The shape of a list.

use std::borrow::Cow;

use actix_web::HttpResponse;
use actix_web::http::header;
use serde::Serialize;
use utoipa::IntoParams;
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder};
use utoipa::openapi::{Ref, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::conditional::private_json;
use super::cursor::{CursorKey, Position};
use super::params::{CanonicalTarget, FromParams, Params};
use crate::db::Id;
use crate::db::keyset::KeysetBound;
use crate::db::total::{Total, TotalIs};
use crate::problem::Problem;

/// Parameters of a list that takes no others.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageParams {
    /// Most items on a page, 1 to 100.
    #[param(value_type = Option<u8>, minimum = 1, maximum = 100, default = 20)]
    pub limit: i64,
    /// Where to read on: `page.next_cursor` of the page before.
    pub cursor: Option<String>,
}

impl FromParams for PageParams {
    fn from_params(params: &mut Params) -> Result<Self, Problem> {
        Ok(Self {
            limit: params.limit()?,
            cursor: params.text("cursor")?,
        })
    }
}

/// Where a page stands in its list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = PageInfo)]
pub struct Page {
    /// Pass it as `cursor` to read on; null on the last page.
    #[schema(required = true)]
    pub next_cursor: Option<String>,
    /// Pass it as `cursor` to read back; null on the first page.
    #[schema(required = true)]
    pub prev_cursor: Option<String>,
    /// The most items a page of this request can have.
    #[schema(minimum = 1, maximum = 100, example = 20)]
    pub limit: i64,
    /// With `count=true`: how many items the whole list has, as far as they were counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0)]
    #[schema(nullable = false)]
    pub total: Option<i64>,
    /// With `count=true`: whether `total` is all of them, or counting ended at 10,000.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub total_is: Option<TotalIs>,
}

/// One page of a list.
#[derive(Debug, Clone, Serialize)]
pub struct List<T> {
    /// The items, in order.
    pub data: Vec<T>,
    /// Where this page stands.
    pub page: Page,
}

/// Written out: derived, each page would hold a copy of its item's schema instead of referring to it.
impl<T: ToSchema> PartialSchema for List<T> {
    fn schema() -> RefOr<Schema> {
        let items = ArrayBuilder::new()
            .items(Ref::from_schema_name(T::name()))
            .description(Some("The items, in order."));
        ObjectBuilder::new()
            .property("data", items)
            .required("data")
            .property("page", Ref::from_schema_name(Page::name()))
            .required("page")
            .description(Some("One page of a list."))
            .into()
    }
}

impl<T: ToSchema> ToSchema for List<T> {
    /// Pages are named after what they list: `TagPage`, and `ArticlePage` of `ArticleSummary`.
    fn name() -> Cow<'static, str> {
        format!("{}Page", T::name().trim_end_matches("Summary")).into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((T::name().into(), T::schema()));
        schemas.push((Page::name().into(), Page::schema()));
        T::schemas(schemas);
        Page::schemas(schemas);
    }
}

/// Reading a list page by page: opens the cursor that came, seals the one that goes.
pub struct Paginator<'a> {
    key: &'a CursorKey,
    list: String,
    position: Option<Position>,
    limit: i64,
}

impl<'a> Paginator<'a> {
    /// A page of `limit` items of `list`, which names the list, its order and its filters.
    ///
    /// # Errors
    /// `invalid-cursor`.
    pub fn new(
        key: &'a CursorKey,
        list: String,
        cursor: Option<&str>,
        limit: i64,
    ) -> Result<Self, Problem> {
        let position = cursor.map(|cursor| key.open(&list, cursor)).transpose()?;
        Ok(Self {
            key,
            list,
            position,
            limit,
        })
    }

    /// Where the page starts; `None` at the beginning of the list.
    pub fn start(&self) -> Option<KeysetBound<String>> {
        self.position.as_ref().map(|position| KeysetBound {
            value: position.value.clone(),
            id: position.id,
            backward: position.backward,
            inclusive: position.inclusive,
        })
    }

    /// How many items to ask the store for: one more than the page has, to see whether another
    /// page follows.
    pub fn fetch(&self) -> i64 {
        self.limit + 1
    }

    /// From a page of which all is gone: it begins with the item that led there.
    fn way_back(&self, position: &Position) -> String {
        let back = Position {
            backward: !position.backward,
            inclusive: true,
            ..position.clone()
        };
        self.key.seal(&self.list, &back)
    }

    /// The page made of what the store found, from where the page starts on, each item with its
    /// sort value.
    pub fn page<T>(
        &self,
        mut found: Vec<(T, String)>,
        total: Option<Total>,
        id: impl Fn(&T) -> Id,
    ) -> List<T> {
        let limit = usize::try_from(self.limit).unwrap_or(0);
        let more = found.len() > limit;
        found.truncate(limit);
        let backward = self.position.as_ref().is_some_and(|start| start.backward);
        if backward {
            found.reverse();
        }
        let cursor = |item: Option<&(T, String)>, backward| {
            item.map(|(item, value)| {
                let position = Position {
                    value: value.clone(),
                    id: id(item),
                    backward,
                    inclusive: false,
                };
                self.key.seal(&self.list, &position)
            })
        };
        let page = |next_cursor, prev_cursor| Page {
            next_cursor,
            prev_cursor,
            limit: self.limit,
            total: total.map(|total| total.items),
            total_is: total.map(|total| total.is),
        };
        if let (Some(position), true) = (&self.position, found.is_empty()) {
            let back = Some(self.way_back(position));
            let (next, prev) = if backward { (back, None) } else { (None, back) };
            return List {
                data: Vec::new(),
                page: page(next, prev),
            };
        }
        // What a page was reached from lies on its other side.
        let is_after = if backward {
            more
        } else {
            self.position.is_some()
        };
        let is_before = backward || more;
        let page = page(
            cursor(found.last().filter(|_| is_before), false),
            cursor(found.first().filter(|_| is_after), true),
        );
        List {
            data: found.into_iter().map(|(item, _)| item).collect(),
            page,
        }
    }
}

/// The `Link` header (RFC 8288) of a page: its own path and query with the cursors of the pages
/// after and before it.
pub fn links(own: &CanonicalTarget, page: &Page) -> Option<String> {
    let link = |cursor: &Option<String>, relation: &str| {
        let target = own.with("cursor", cursor.as_deref()?);
        Some(format!("<{target}>; rel=\"{relation}\""))
    };
    let all: Vec<String> = [(&page.next_cursor, "next"), (&page.prev_cursor, "prev")]
        .into_iter()
        .filter_map(|(cursor, relation)| link(cursor, relation))
        .collect();
    (!all.is_empty()).then(|| all.join(", "))
}

/// 200 with a page of an editorial list, and the pages around it in `Link`.
pub fn editorial_page<T: Serialize>(own: &CanonicalTarget, list: &List<T>) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    if let Some(link) = links(own, &list.page) {
        response.insert_header((header::LINK, link));
    }
    private_json(response, list)
}
