//! What can happen.

crate::word_set! {
    EventKind, "kind of event", "What an entry of the log says has happened. Later versions have more kinds.";

    ArticleCreated = "article_created", "An article was created.";
    ArticleEdited = "article_edited", "An article's content was changed.";
    ArticlePublished = "article_published", "An article was published, now or for later.";
    ArticleUnpublished = "article_unpublished", "An article was taken back.";
    ArticleRetracted = "article_retracted", "An article was withdrawn for a reason.";
    ArticleTrashed = "article_trashed", "An article was thrown away.";
    ArticleRestored = "article_restored", "An article was brought back from the trash.";
    ArticleCorrected = "article_corrected", "An article was given a correction.";
    ArticleCorrectionChanged = "article_correction_changed", "A correction of an article was changed.";
    ArticleCorrectionWithdrawn = "article_correction_withdrawn", "A correction of an article was withdrawn.";
    ArticleReinstated = "article_reinstated", "An article that was retracted was brought back.";
    ArticleAppeared = "article_appeared", "The clock made an article public.";
    ArticleExpired = "article_expired", "The clock took an article back.";
    ArticleDeleted = "article_deleted", "An article was deleted for good.";
    WorkingCopySaved = "working_copy_saved", "The working copy of an article was begun or changed.";
    WorkingCopyScheduled = "working_copy_scheduled", "The working copy of an article was scheduled to be published.";
    WorkingCopyUnscheduled = "working_copy_unscheduled", "That was taken back.";
    WorkingCopyPublished = "working_copy_published", "The working copy of an article was published.";
    WorkingCopyFailed = "working_copy_failed", "The working copy of an article could not be published when it should have been.";
    WorkingCopyDiscarded = "working_copy_discarded", "The working copy of an article was discarded.";
    ArticleLockTaken = "article_lock_taken", "Somebody took over the lock of an article that another was editing.";
    TagCreated = "tag_created", "A tag was created.";
    TagEdited = "tag_edited", "A tag was changed.";
    TagMerged = "tag_merged", "A tag was merged into another one.";
    TagDeleted = "tag_deleted", "A tag was deleted.";
    AuthorCreated = "author_created", "An author was created.";
    AuthorEdited = "author_edited", "An author was changed.";
    AuthorMerged = "author_merged", "An author was merged into another one.";
    AuthorDeleted = "author_deleted", "An author was deleted.";
    MediaUploaded = "media_uploaded", "A picture, audio, video or document was uploaded.";
    MediaChanged = "media_changed", "What is said of a picture, audio, video or document was changed.";
    MediaDeleted = "media_deleted", "A picture, audio, video or document was deleted.";
    CollectionCreated = "collection_created", "A collection was created.";
    CollectionChanged = "collection_changed", "A collection was changed.";
    CollectionDeleted = "collection_deleted", "A collection was deleted.";
    PreviewLinkCreated = "preview_link_created", "A link to an article that is not public was made.";
    PreviewLinkRevoked = "preview_link_revoked", "Such a link was revoked.";
    SignedIn = "signed_in", "Somebody signed in.";
    SignInFailed = "sign_in_failed", "Somebody tried to sign in and could not.";
    SignedOut = "signed_out", "Somebody signed out.";
    SessionRevoked = "session_revoked", "A session was ended.";
    PasswordChanged = "password_changed", "A password was changed.";
    PasswordResetCreated = "password_reset_created", "A link to reset a password was made.";
    PersonInvited = "person_invited", "Somebody was invited.";
    PersonJoined = "person_joined", "Somebody who was invited has joined.";
    PersonChanged = "person_changed", "Somebody's name or role was changed.";
    PersonDisabled = "person_disabled", "Somebody cannot sign in any more.";
    PersonEnabled = "person_enabled", "Somebody can sign in again.";
    IdentityLinked = "identity_linked", "A person was linked with who they are at the identity provider.";
    IdentityUnlinked = "identity_unlinked", "That link was taken away.";
    TokenCreated = "token_created", "An API token was issued.";
    TokenRevoked = "token_revoked", "An API token was revoked.";
    WebhookCreated = "webhook_created", "A webhook was created.";
    WebhookChanged = "webhook_changed", "A webhook was changed, enabled or disabled.";
    WebhookSecretRotated = "webhook_secret_rotated", "A webhook was given another secret.";
    WebhookReplayed = "webhook_replayed", "A webhook is sent again what happened since an instant.";
    WebhookDisabled = "webhook_disabled", "The server disabled a webhook that took nothing.";
    WebhookDeleted = "webhook_deleted", "A webhook was deleted.";
    AccessDenied = "access_denied", "A caller had not the right for what they asked.";
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::{Id, Resource, Timestamp};
    use crate::events::{
        ArticleEvent, ArticleState, CollectionEvent, Correction, Event, NameEvent, Remark,
    };

    #[test]
    fn the_list_has_every_kind_that_is_recorded() {
        let (id, slug, version) = (Id::generate(), String::new(), 1);
        let correction = Correction {
            id,
            kind: String::new(),
            text: String::new(),
            published_at: Timestamp::EARLIEST,
        };
        let articles = [
            ArticleEvent::Created,
            ArticleEvent::Edited,
            ArticleEvent::Published,
            ArticleEvent::Unpublished,
            ArticleEvent::Retracted,
            ArticleEvent::Trashed,
            ArticleEvent::Restored,
            ArticleEvent::Corrected,
            ArticleEvent::CorrectionChanged(correction.clone()),
            ArticleEvent::CorrectionWithdrawn(correction),
            ArticleEvent::Expired,
            ArticleEvent::Deleted,
        ]
        .map(|event| Event::Article {
            event,
            id,
            slug: slug.clone(),
            version,
            before: ArticleState::default(),
            after: ArticleState::default(),
            remark: Remark::default(),
        });
        let names = [
            NameEvent::Created(String::new()),
            NameEvent::Edited(None),
            NameEvent::Merged(id),
            NameEvent::Absorbed(id),
            NameEvent::Deleted,
        ];
        let names = [Resource::Tag, Resource::Author].map(|of| {
            names.clone().map(|event| Event::Name {
                event,
                of,
                id,
                slug: slug.clone(),
            })
        });
        let collections = [
            CollectionEvent::Created,
            CollectionEvent::Changed,
            CollectionEvent::Deleted,
        ]
        .map(|event| Event::Collection {
            event,
            id,
            slug: slug.clone(),
            version,
        });
        let all = articles
            .into_iter()
            .chain(names.into_iter().flatten())
            .chain(collections);
        for event in all {
            let kind = event.kind().parse::<EventKind>();
            assert!(kind.is_ok(), "{}", event.kind());
        }
    }
}
