//! The handlers of `/v1/editorial/people`: who may sign in, and as what.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use url::Url;
use utoipa::IntoParams;

use super::guard::{Allowed, PeopleManage};
use super::model::{Caller, Role};
use super::person::{
    InvitedPerson, PasswordLink, Person, PersonInput, PersonInvitation, PersonStatus, SignIns,
};
use super::store::people::{self, Authority, LinkFor, NewLink, PersonFilter};
use super::store::{access, sessions, users};
use crate::db::{Connection, Database, Id, StoreResult};
use crate::events::Change;
use crate::http::body::JsonBody;
use crate::http::conditional::{IfMatch, editorial_json, private_json};
use crate::http::cursor::CursorKey;
use crate::http::page::{List, Paginator, editorial_page};
use crate::http::params::{FromParams, KeyedQuery, NoParams, Params, Query};
use crate::http::path::{IdPath, in_path};
use crate::idempotency::{EditorialWriter, Reply};
use crate::merge_patch::MergePatch;
use crate::problem::{Problem, ProblemDocument};

crate::operations! {
    self::list_people,
    self::invite_person,
    self::read_person,
    self::edit_person,
    self::invite_person_again,
    self::reset_password,
    self::disable_person,
    self::enable_person,
    self::list_sessions_of_person,
    self::end_sessions_of_person,
    self::end_session_of_person,
}

/// How links are made by which people set a password.
#[derive(Debug, Clone)]
pub struct LinkSettings {
    /// The page that takes their tokens.
    pub page: Option<Url>,
    /// How long an invitation is good.
    pub invitations: chrono::Duration,
}

/// How long a link to reset a password is good.
const RESETS: chrono::Duration = chrono::Duration::days(1);

impl LinkSettings {
    fn link(&self, link: NewLink) -> PasswordLink {
        let url = self.page.clone().map(|mut page| {
            page.set_fragment(Some(&format!("token={}", link.token)));
            page.to_string()
        });
        PasswordLink {
            url,
            token: link.token,
            expires_at: link.expires_at,
        }
    }
}

/// Parameters of the list of people.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PersonParams {
    /// Part of a name or an e-mail address, in any case.
    #[param(max_length = 200)]
    q: Option<String>,
    /// Only those with this role.
    #[param(inline)]
    role: Option<Role>,
    /// Only those of this status.
    #[param(inline)]
    status: Option<PersonStatus>,
    /// Most items on a page, 1 to 100.
    #[param(value_type = Option<u8>, minimum = 1, maximum = 100, default = 20)]
    limit: i64,
    /// Where to read on: `page.next_cursor` of the page before.
    cursor: Option<String>,
}

impl FromParams for PersonParams {
    fn from_params(params: &mut Params) -> Result<Self, Problem> {
        let roles: Vec<_> = Role::ALL
            .iter()
            .map(|role| (role.as_str(), *role))
            .collect();
        Ok(Self {
            q: params.part_of_name()?,
            role: params.choice("role", &roles)?,
            status: params.choice("status", PersonStatus::ALL)?,
            limit: params.limit()?,
            cursor: params.text("cursor")?,
        })
    }
}

/// A page of the list.
type PersonPage = List<Person>;

/// List people
///
/// Those added first come first.
#[utoipa::path(
    get, path = "/v1/editorial/people", operation_id = "listPeople", tag = "editorial people",
    security(("bearer" = ["people:manage"])), params(PersonParams),
    responses((status = 200, description = "A page of people.", body = PersonPage))
)]
pub async fn list_people(
    Allowed(_, query, _): Allowed<PeopleManage, KeyedQuery<PersonParams>>,
    database: Data<Database>,
    cursors: Data<CursorKey>,
) -> Result<HttpResponse, Problem> {
    let KeyedQuery { params, canonical } = query;
    let filter = PersonFilter {
        q: params.q,
        role: params.role,
        status: params.status,
    };
    let list = format!("people {:?}", (&filter.q, filter.role, filter.status));
    let cursor = params.cursor.as_deref();
    let paginator = Paginator::new(&cursors, list, cursor, params.limit)?;
    let (start, limit) = (paginator.start(), paginator.fetch());
    let found = database
        .read(move |connection| people::list(connection, &filter, start, limit))
        .await?;
    let found = found.into_iter().map(|person| (person, String::new()));
    let list = paginator.page(found.collect(), None, |person| person.id);
    Ok(editorial_page(&canonical, &list))
}

/// Invite a person
///
/// They can sign in once they have set a password by the link, which is shown this once: how it reaches them is the
/// caller's to see to. Nobody gives a role that may do more than they may themselves.
#[utoipa::path(
    post, path = "/v1/editorial/people", operation_id = "invitePerson", tag = "editorial people",
    security(("bearer" = ["people:manage"])), request_body = PersonInvitation,
    responses((status = 201, description = "Invited.", body = InvitedPerson, headers(("Location" = String), ("ETag" = String))))
)]
pub async fn invite_person(
    Allowed(caller, (_, JsonBody(invitation)), _): Allowed<
        PeopleManage,
        (Query<NoParams>, JsonBody<PersonInvitation>),
    >,
    writer: EditorialWriter,
    settings: Data<LinkSettings>,
) -> Result<HttpResponse, Problem> {
    let lifetime = settings.invitations;
    let authority = Authority::Caller(caller.clone());
    let reply = move |connection: &mut Connection, (id, link)| {
        let (person, link) = (people::find(connection, id)?, settings.link(link));
        let (location, version) = (format!("/v1/editorial/people/{id}"), person.version);
        let reply = Reply::json(StatusCode::CREATED, &InvitedPerson { person, link })?;
        Ok(reply
            .with_location(location)
            .with_version(version)
            .shown_once())
    };
    let work =
        move |change: &mut Change<'_>| people::invite(change, &authority, &invitation, lifetime);
    writer.respond(&caller, work, reply).await
}

/// Read a person
#[utoipa::path(
    get, path = "/v1/editorial/people/{id}", operation_id = "readPerson", tag = "editorial people",
    security(("bearer" = ["people:manage"])), params(IdPath),
    responses((status = 200, description = "The person.", body = Person, headers(("ETag" = String))))
)]
pub async fn read_person(
    Allowed(_, (IdPath(id), _), _): Allowed<PeopleManage, (IdPath, Query<NoParams>)>,
    database: Data<Database>,
) -> Result<HttpResponse, Problem> {
    let person = database
        .read(move |connection| people::find(connection, id))
        .await?;
    Ok(editorial_json(HttpResponse::Ok(), person.version, &person))
}

/// Changes a person, and answers with them as they are then.
async fn change_person(
    caller: Caller,
    id: Id,
    writer: &EditorialWriter,
    work: impl FnOnce(&mut Change<'_>, &Authority) -> StoreResult<()> + Clone + Send + 'static,
) -> Result<HttpResponse, Problem> {
    let authority = Authority::Caller(caller.clone());
    let reply = move |connection: &mut Connection, ()| {
        let person = people::find(connection, id)?;
        Ok(Reply::json(StatusCode::OK, &person)?.with_version(person.version))
    };
    writer
        .respond(&caller, move |change| work(change, &authority), reply)
        .await
}

/// Change a person's name or role
///
/// A JSON merge patch (RFC 7396). Another role holds from their next request on. Nobody gives a role that may do more than
/// they may themselves, nor changes somebody who has one; the last admin who can sign in stays an admin.
#[utoipa::path(
    patch, path = "/v1/editorial/people/{id}", operation_id = "editPerson", tag = "editorial people",
    security(("bearer" = ["people:manage"])), params(IdPath, IfMatch),
    request_body(content = PersonInput, content_type = "application/merge-patch+json"),
    responses(
        (status = 200, description = "Changed.", body = Person, headers(("ETag" = String))),
        (status = 409, description = "They are the last admin who can sign in.", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn edit_person(
    Allowed(caller, (IdPath(id), IfMatch(expected), _, JsonBody(patch)), _): Allowed<
        PeopleManage,
        (IdPath, IfMatch, Query<NoParams>, JsonBody<MergePatch>),
    >,
    writer: EditorialWriter,
) -> Result<HttpResponse, Problem> {
    change_person(caller, id, &writer, move |change, authority| {
        people::edit(change, authority, id, &expected, patch)
    })
    .await
}

/// Makes a link for a person, and answers with it.
async fn link_for(
    caller: Caller,
    id: Id,
    writer: &EditorialWriter,
    settings: Data<LinkSettings>,
    purpose: LinkFor,
) -> Result<HttpResponse, Problem> {
    let lifetime = match purpose {
        LinkFor::Joining => settings.invitations,
        LinkFor::Reset => RESETS,
    };
    let authority = Authority::Caller(caller.clone());
    let work =
        move |change: &mut Change<'_>| people::link(change, &authority, id, purpose, lifetime);
    let reply = move |_: &mut Connection, link| {
        Ok(Reply::json(StatusCode::OK, &settings.link(link))?.shown_once())
    };
    writer.respond(&caller, work, reply).await
}

/// Invite a person again
///
/// Makes a new link, and the one before is good no more. Only for somebody who has not joined yet.
#[utoipa::path(
    post, path = "/v1/editorial/people/{id}/invitation", operation_id = "invitePersonAgain", tag = "editorial people",
    security(("bearer" = ["people:manage"])), params(IdPath),
    responses(
        (status = 200, description = "The new link, shown this once.", body = PasswordLink),
        (status = 409, description = "They have joined, or are disabled.", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn invite_person_again(
    Allowed(caller, (IdPath(id), _), _): Allowed<PeopleManage, (IdPath, Query<NoParams>)>,
    writer: EditorialWriter,
    settings: Data<LinkSettings>,
) -> Result<HttpResponse, Problem> {
    link_for(caller, id, &writer, settings, LinkFor::Joining).await
}

/// Make a link to reset a forgotten password
///
/// Good once, for a day; the password stays what it is until it is used. Only for somebody who has joined.
#[utoipa::path(
    post, path = "/v1/editorial/people/{id}/password-reset", operation_id = "resetPassword", tag = "editorial people",
    security(("bearer" = ["people:manage"])), params(IdPath),
    responses(
        (status = 200, description = "The link, shown this once.", body = PasswordLink),
        (status = 409, description = "They have not joined, or are disabled.", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn reset_password(
    Allowed(caller, (IdPath(id), _), _): Allowed<PeopleManage, (IdPath, Query<NoParams>)>,
    writer: EditorialWriter,
    settings: Data<LinkSettings>,
) -> Result<HttpResponse, Problem> {
    link_for(caller, id, &writer, settings, LinkFor::Reset).await
}

/// Disable a person
///
/// They cannot sign in, their sessions and links end at once, and their access tokens are refused from the next request on,
/// whichever server is asked. API tokens that they created go on: list those by `created_by`. Once more is no error.
#[utoipa::path(
    post, path = "/v1/editorial/people/{id}/disable", operation_id = "disablePerson", tag = "editorial people",
    security(("bearer" = ["people:manage"])), params(IdPath),
    responses(
        (status = 200, description = "Disabled.", body = Person, headers(("ETag" = String))),
        (status = 409, description = "They are the last admin who can sign in.", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn disable_person(
    Allowed(caller, (IdPath(id), _), _): Allowed<PeopleManage, (IdPath, Query<NoParams>)>,
    writer: EditorialWriter,
) -> Result<HttpResponse, Problem> {
    change_person(caller, id, &writer, move |change, authority| {
        people::disable(change, authority, id)
    })
    .await
}

/// Enable a person
///
/// They can sign in again, or be invited again if they had not joined. Once more is no error.
#[utoipa::path(
    post, path = "/v1/editorial/people/{id}/enable", operation_id = "enablePerson", tag = "editorial people",
    security(("bearer" = ["people:manage"])), params(IdPath),
    responses((status = 200, description = "Enabled.", body = Person, headers(("ETag" = String))))
)]
pub async fn enable_person(
    Allowed(caller, (IdPath(id), _), _): Allowed<PeopleManage, (IdPath, Query<NoParams>)>,
    writer: EditorialWriter,
) -> Result<HttpResponse, Problem> {
    change_person(caller, id, &writer, move |change, authority| {
        people::enable(change, authority, id)
    })
    .await
}

/// List a person's sessions
///
/// Those used last first.
#[utoipa::path(
    get, path = "/v1/editorial/people/{id}/sessions", operation_id = "listSessionsOfPerson", tag = "editorial people",
    security(("bearer" = ["people:manage"])), params(IdPath),
    responses((status = 200, description = "The sessions that go on.", body = SignIns))
)]
pub async fn list_sessions_of_person(
    Allowed(_, (IdPath(id), _), _): Allowed<PeopleManage, (IdPath, Query<NoParams>)>,
    database: Data<Database>,
) -> Result<HttpResponse, Problem> {
    let data = database
        .read(move |connection| {
            users::find(connection, id)?;
            sessions::list(connection, id, None)
        })
        .await?;
    Ok(private_json(HttpResponse::Ok(), &SignIns { data }))
}

/// End all sessions of a person
#[utoipa::path(
    delete, path = "/v1/editorial/people/{id}/sessions", operation_id = "endSessionsOfPerson", tag = "editorial people",
    security(("bearer" = ["people:manage"])), params(IdPath),
    responses((status = 204, description = "They have ended."))
)]
pub async fn end_sessions_of_person(
    Allowed(caller, (IdPath(id), _), _): Allowed<PeopleManage, (IdPath, Query<NoParams>)>,
    writer: EditorialWriter,
) -> Result<HttpResponse, Problem> {
    let authority = Authority::Caller(caller.clone());
    writer
        .remove(&caller, move |change| {
            access::revoke_sessions(change, &authority, id)
        })
        .await
}

/// `{session_id}` of the path.
#[derive(Debug, IntoParams)]
#[into_params(names("session_id"), parameter_in = Path)]
pub struct SessionPath(
    /// The session's id.
    #[param(value_type = String)]
    pub Id,
);

impl FromRequest for SessionPath {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(in_path(request, "session_id").map(Self))
    }
}

/// End a session of a person
#[utoipa::path(
    delete, path = "/v1/editorial/people/{id}/sessions/{session_id}", operation_id = "endSessionOfPerson", tag = "editorial people",
    security(("bearer" = ["people:manage"])), params(IdPath, SessionPath),
    responses((status = 204, description = "It has ended."))
)]
pub async fn end_session_of_person(
    Allowed(caller, (IdPath(id), SessionPath(session), _), _): Allowed<
        PeopleManage,
        (IdPath, SessionPath, Query<NoParams>),
    >,
    writer: EditorialWriter,
) -> Result<HttpResponse, Problem> {
    let authority = Authority::Caller(caller.clone());
    writer
        .remove(&caller, move |change| {
            access::revoke_session(change, &authority, id, session)
        })
        .await
}
