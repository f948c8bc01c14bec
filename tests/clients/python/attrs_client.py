"""Reads the sample newsroom and writes an article with the client that openapi-python-client makes."""

import os

from dateline_client import AuthenticatedClient
from dateline_client.api.articles import get_article, list_articles
from dateline_client.api.editorial_articles import create_article, edit_article
from dateline_client.models import (
    ArticleCreation,
    ArticlePage,
    ArticlePatch,
    FormattedBody,
    FormattedBodyFormat,
    Include,
    LeadImageInput,
    LeadImagePatch,
)
from dateline_client.types import UNSET

client = AuthenticatedClient(base_url=os.environ["DATELINE_URL"], token=os.environ["DATELINE_TOKEN"])
slugs, blocks, cursor = [], 0, UNSET
while True:
    page = list_articles.sync(client=client, limit=20, cursor=cursor, include=[Include.BODY, Include.SHARES])
    assert isinstance(page, ArticlePage), page
    slugs += [article.slug for article in page.data]
    blocks += sum(len(article.body) for article in page.data)
    cursor = page.page.next_cursor
    if cursor is None:
        break
for slug in slugs:
    article = get_article.sync(slug, client=client)
    assert article.slug == slug and article.body and article.body_html, slug

written = ArticleCreation(
    headline="From Python",
    kicker="Test",
    lead_image=LeadImageInput(url="https://images.example.com/a.jpg", alt="A", width=1600),
    body=FormattedBody(format_=FormattedBodyFormat.HTML, content="<p>One.</p><p>Two.</p>"),
)
created = create_article.sync_detailed(client=client, body=written)
assert created.status_code == 201 and len(created.parsed.body) == 2, created
patch = ArticlePatch(headline="Patched from Python", kicker=None, lead_image=LeadImagePatch(credit="C"))
patched = edit_article.sync(created.parsed.id, client=client, body=patch, if_match=created.headers["etag"])
assert patched.headline == "Patched from Python" and patched.kicker is None, patched
assert patched.lead_image.credit == "C" and patched.lead_image.alt == "A", patched
print(f"   {len(slugs)} articles with {blocks} blocks read, one written and patched")
