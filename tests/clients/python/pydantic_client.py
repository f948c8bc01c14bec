"""Reads the sample newsroom and writes an article with the client that openapi-generator makes for Python."""

import os

from dateline import (
    ApiClient,
    ArticleCreation,
    ArticlePatch,
    ArticlesApi,
    BodyInput,
    Configuration,
    EditorialArticlesApi,
    FormattedBody,
    Include,
    LeadImageInput,
    LeadImagePatch,
)

configuration = Configuration(host=os.environ["DATELINE_URL"], access_token=os.environ["DATELINE_TOKEN"])
with ApiClient(configuration) as client:
    articles = ArticlesApi(client)
    slugs, blocks, cursor = [], 0, None
    while True:
        page = articles.list_articles(limit=20, cursor=cursor, include=[Include.BODY, Include.SHARES])
        slugs += [article.slug for article in page.data]
        blocks += sum(len(article.body) for article in page.data)
        cursor = page.page.next_cursor
        if cursor is None:
            break
    for slug in slugs:
        article = articles.get_article(slug)
        assert article.slug == slug and article.body and article.body_html, slug

    editorial = EditorialArticlesApi(client)
    body = BodyInput(FormattedBody(format="html", content="<p>One.</p><p>Two.</p>"))
    image = LeadImageInput(url="https://images.example.com/a.jpg", alt="A", width=1600)
    written = ArticleCreation(headline="From Python", kicker="Test", lead_image=image, body=body)
    created = editorial.create_article_with_http_info(written)
    assert len(created.data.body) == 2, created.data
    patch = ArticlePatch(headline="Patched from Python", kicker=None, lead_image=LeadImagePatch(credit="C"))
    patched = editorial.edit_article(str(created.data.id), created.headers["etag"], patch)
    assert patched.headline == "Patched from Python" and patched.kicker is None, patched
    assert patched.lead_image.credit == "C" and patched.lead_image.alt == "A", patched
print(f"   {len(slugs)} articles with {blocks} blocks read, one written and patched")
