//! Statements that stores write as SQL and run often.
//!
//! [`diesel::sql_query`] is prepared anew each time that it runs; a [`Statement`] once for each
//! connection, and so its text must be one of a few.

use std::borrow::Cow;
use std::marker::PhantomData;

use diesel::backend::Backend;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::serialize::ToSql;
use diesel::sql_types::{HasSqlType, Untyped};
use diesel::{Connection, RunQueryDsl};

/// The text of a statement up to its first value.
pub struct Start(Cow<'static, str>);

/// A statement, and after it a value and more text.
pub struct Statement<Before, Type, Value> {
    before: Before,
    value: Value,
    after: Cow<'static, str>,
    r#type: PhantomData<Type>,
}

/// Begins a statement.
pub fn statement(text: impl Into<Cow<'static, str>>) -> Start {
    Start(text.into())
}

impl Start {
    /// Goes on with a value and the text after it.
    pub fn bind<Type, Value>(
        self,
        value: Value,
        after: impl Into<Cow<'static, str>>,
    ) -> Statement<Self, Type, Value> {
        Statement {
            before: self,
            value,
            after: after.into(),
            r#type: PhantomData,
        }
    }
}

impl<Before, Type, Value> Statement<Before, Type, Value> {
    /// Goes on with another value and the text after it.
    pub fn bind<NextType, Next>(
        self,
        value: Next,
        after: impl Into<Cow<'static, str>>,
    ) -> Statement<Self, NextType, Next> {
        Statement {
            before: self,
            value,
            after: after.into(),
            r#type: PhantomData,
        }
    }
}

impl<DB: Backend> QueryFragment<DB> for Start {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql(&self.0);
        Ok(())
    }
}

impl<DB, Before, Type, Value> QueryFragment<DB> for Statement<Before, Type, Value>
where
    DB: Backend + HasSqlType<Type>,
    Before: QueryFragment<DB>,
    Value: ToSql<Type, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        self.before.walk_ast(out.reborrow())?;
        out.push_bind_param::<Type, Value>(&self.value)?;
        out.push_sql(&self.after);
        Ok(())
    }
}

impl<Before, Type, Value> QueryId for Statement<Before, Type, Value> {
    type QueryId = ();

    // Its text says which one it is.
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Before, Type, Value> Query for Statement<Before, Type, Value> {
    type SqlType = Untyped;
}

impl<Before, Type, Value, Conn: Connection> RunQueryDsl<Conn> for Statement<Before, Type, Value> {}
