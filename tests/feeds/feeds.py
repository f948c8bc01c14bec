"""Feeds, sitemaps and structured data of the sample newsroom, read by programs that somebody else wrote. See ./check."""

import datetime
import html
import io
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import time
import urllib.parse

import atoma
import extruct
import feedparser
import jsonschema
import lxml.etree
import referencing

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "media"))
from newsroom import ask, check, main, say  # noqa: E402

PROGRAM = os.environ["PROGRAM"]
# Where the IPTC's schema of ninjs is; empty where it is not.
NINJS = os.environ.get("NINJS", "")
SITEMAP_SCHEMA = os.environ.get("SITEMAP_SCHEMA", "")
SITE = "https://courier.example"
HERE = pathlib.Path(__file__).parent

# What XML cannot hold, and what ends things elsewhere. The first two are left out on their way in or out.
NAUGHTY = "A ]]> B </script><b> & \"quoted\" 'text' \U0001f30a ‏שלום &nbsp; é"


class Demo:
    """The sample newsroom, and two articles more."""

    def __init__(self, folder):
        log = open(folder / "log", "wb")
        command = [PROGRAM, "demo", "--listen", "127.0.0.1:0", "--ops-listen", "127.0.0.1:0"]
        self.process = subprocess.Popen(command, stdout=log, stderr=log)
        for _ in range(900):
            said = (folder / "log").read_text()
            address = re.search(r"http://127\.0\.0\.1:\d+", said)
            password = re.search(r'"password": ?"([^"]+)"', said)
            if address and password and self.is_ready(address.group(0)):
                break
            check(self.process.poll() is None, f"the demo did not start: {said}")
            time.sleep(0.1)
        self.address = address.group(0)
        login = {"email": "editor@example.com", "password": password.group(1)}
        self.token = self.post("/v1/auth/login", login)["access_token"]

    @staticmethod
    def is_ready(address):
        try:
            return ask(address, "GET", "/readyz").status == 200
        except OSError:
            return False

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()

    def get(self, path, expected=200):
        answer = ask(self.address, "GET", path)
        check(answer.status == expected, f"{path}: {answer}")
        return answer

    def post(self, path, body):
        headers = {"Content-Type": "application/json"}
        if hasattr(self, "token"):
            headers["Authorization"] = f"Bearer {self.token}"
        answer = ask(self.address, "POST", path, json.dumps(body), headers)
        check(answer.status in (200, 201), f"{path}: {answer}")
        return answer.json()

    def publish(self, article):
        return self.post("/v1/editorial/articles", article | {"status": "published"})

    def articles(self):
        """All of them, as readers have them."""
        found, cursor = [], ""
        while cursor is not None:
            more = f"&cursor={urllib.parse.quote(cursor)}" if cursor else ""
            page = self.get(f"/v1/articles?limit=100&include=body,corrections,seo{more}").json()
            found += page["data"]
            cursor = page["page"]["next_cursor"]
        return found


def add_naughty(server):
    """What editors write, and what hardly has anything."""
    server.publish({
        "headline": NAUGHTY, "standfirst": NAUGHTY, "byline": "By The <Desk> & Co", "tags": ["energy"],
        "lead_image": {"url": "/img/quay.jpg", "alt": NAUGHTY, "credit": "D & E", "width": 1600, "height": 1067,
                       "focal_point": {"x": 0.5, "y": 0.4}},
        "body": [{"type": "paragraph", "html": html.escape(NAUGHTY) + ' <a href="/about?a=1&amp;b=2">more</a>'}],
        "seo": {"title": NAUGHTY[:60], "description": NAUGHTY},
    })
    server.publish({"headline": "Bare", "byline": "By A", "body": {"format": "text", "content": "One line."}})


# --- Feeds --------------------------------------------------------------------------------------------


def instant(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def parsed(tuple_):
    return datetime.datetime(*tuple_[:6], tzinfo=datetime.timezone.utc)


def whole_seconds(text):
    return instant(text).replace(microsecond=0)


def feeds(server, articles):
    by_id = {f"urn:uuid:{article['id']}": article for article in articles}
    for name in ("rss", "atom"):
        answer = server.get(f"/feeds/articles.{name}?limit=100")
        lxml.etree.fromstring(answer.body)
        feed = feedparser.parse(answer.body, response_headers={"content-type": answer.headers["content-type"]})
        check(not feed.bozo, f"{name}: {feed.get('bozo_exception')}")
        check(feed.version == {"rss": "rss20", "atom": "atom10"}[name], f"{name} is {feed.version}")
        check([entry.id for entry in feed.entries] == list(by_id), f"{name} has other entries, or in another order")
        for entry in feed.entries:
            article = by_id[entry.id]
            about = f"{name}, {article['slug']}"
            check(html.unescape(entry.title) == html.unescape(article["headline"]), f"{about}: {entry.title!r}")
            check(entry.link == article["canonical_url"], f"{about} is at {entry.link}")
            check(parsed(entry.published_parsed) == whole_seconds(article["published_at"]), f"{about}: when")
            names = [author["name"] for author in article["authors"]] or [article["byline"].removeprefix("By ")]
            # feedparser knows the first of several `dc:creator`.
            read = [author.get("name") for author in entry.authors]
            check(read == names or name == "rss" and read[:1] == names[:1], f"{about} is by {read}, not {names}")
            terms = {tag["label"] or tag["term"] for tag in entry.get("tags", [])}
            wanted = {tag["name"] for tag in article["tags"]}
            wanted |= {article["section"]["name"]} if article["section"] else set()
            check(wanted <= terms, f"{about} has {terms}, not {wanted}")
            image = article["lead_image"]
            if image:
                check(entry.media_content[0]["url"].startswith("https://"), f"{about}: {entry.media_content}")
                check(entry.media_credit[0]["content"] == image["credit"], f"{about}: {entry.media_credit}")
            content = entry.content[0].value
            check("src=\"/" not in content and "href=\"/" not in content, f"{about} has addresses without a host")
        (atoma.parse_rss_bytes if name == "rss" else atoma.parse_atom_bytes)(answer.body)
    answer = server.get("/feeds/articles.json?limit=100")
    feed = answer.json()
    schema = json.loads((HERE / "json-feed.schema.json").read_text())
    jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker()).validate(feed)
    check([item["id"] for item in feed["items"]] == list(by_id), "json has other items")
    for item in feed["items"]:
        check(item["title"] == by_id[item["id"]]["headline"], f"json: {item['title']!r}")
    atoma.parse_json_feed_bytes(answer.body)
    say(f"feedparser and atoma read {len(by_id)} articles of each feed as they are")


# --- Sitemaps -----------------------------------------------------------------------------------------

NAMESPACES = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9",
              "i": "http://www.google.com/schemas/sitemap-image/1.1",
              "n": "http://www.google.com/schemas/sitemap-news/0.9"}


def locations(document, kind):
    return [element.text for element in document.findall(f"s:{kind}/s:loc", NAMESPACES)]


def sitemaps(server, articles):
    schema = None
    if SITEMAP_SCHEMA:
        text = (HERE / "sitemaps.xsd").read_text().replace("SITEMAP_SCHEMA", SITEMAP_SCHEMA)
        schema = lxml.etree.XMLSchema(lxml.etree.parse(io.BytesIO(text.encode()), base_url=f"{HERE}/sitemaps.xsd"))
    index = lxml.etree.fromstring(server.get("/sitemap.xml").body)
    maps = locations(index, "sitemap")
    check(maps and all(one.startswith(f"{SITE}/sitemaps/") for one in maps), f"the index names {maps}")
    pages = []
    for address in maps:
        document = lxml.etree.fromstring(server.get(address.removeprefix(SITE)).body)
        is_news = "news.xml" in address
        if schema is not None and len(document):
            check(schema.validate(document), f"{address}: {schema.error_log}")
        if not is_news:
            pages += locations(document, "url")
        for image in document.iterfind(".//i:loc", NAMESPACES):
            check(image.text.startswith("https://"), f"{address} has the picture {image.text}")
    expected = sorted(article["canonical_url"] for article in articles)
    check(sorted(pages) == expected, f"sitemaps have {set(pages) ^ set(expected)} too many or not")
    news = lxml.etree.fromstring(server.get("/sitemaps/news.xml").body)
    now = datetime.datetime.now(datetime.timezone.utc)
    for published in news.iterfind(".//n:publication_date", NAMESPACES):
        age = now - instant(published.text)
        check(age < datetime.timedelta(hours=48, seconds=30), f"news of {age}")
    titles = [title.text for title in news.iterfind(".//n:title", NAMESPACES)]
    check(NAUGHTY in titles, "a headline is another one in the news")
    if schema is not None:
        wrong = lxml.etree.fromstring(server.get("/sitemaps/news.xml").body)
        next(wrong.iterfind(".//s:lastmod", NAMESPACES)).text = "2026-11-24T23:32Z"
        check(not schema.validate(wrong), "the schema takes a time without seconds")
    say(f"sitemaps list {len(pages)} pages, each once" + (" and are valid" if schema is not None else ""))


# --- Structured data ----------------------------------------------------------------------------------


def jsonld(server, articles, folder):
    """Files for TypeScript, which knows the words of schema.org; and what a page makes of it."""
    lines = ['import type { WithContext, NewsArticle, ReportageNewsArticle, OpinionNewsArticle,',
             '  AnalysisNewsArticle, BackgroundNewsArticle, ReviewNewsArticle, LiveBlogPosting,',
             '  AdvertiserContentArticle } from "schema-dts";']
    for number, article in enumerate(articles):
        answer = server.get(f"/v1/articles/{article['slug']}/jsonld?include=shares")
        check(answer.headers["content-type"] == "application/ld+json", f"{article['slug']}: {answer.headers}")
        found = answer.json()
        # The vocabulary wants texts or quantities where everybody writes numbers.
        for image in found.get("image", []):
            for side in ("width", "height"):
                if side in image:
                    image[side] = str(image[side])
        lines.append(f"export const a{number}: WithContext<{found['@type']}> = {json.dumps(found)};")
        page = f'<html><head><script type="application/ld+json">{answer.body.decode()}</script></head><p>x</html>'
        read = extruct.extract(page, syntaxes=["json-ld"])["json-ld"]
        check(len(read) == 1 and read[0]["headline"] == article["headline"], f"{article['slug']}: {read[:1]}")
        check(read[0]["url"] == article["canonical_url"], f"{article['slug']} is at {read[0]['url']}")
    (folder / "jsonld.ts").write_text("\n".join(lines))
    say(f"JSON-LD of {len(articles)} articles stands in pages as it is")


VOID = "<{element} {attributes}>"


def printed(tag):
    """An element of a head, as a frontend prints it."""
    tag = dict(tag)
    element = tag.pop("element")
    if element == "title":
        return f"<title>{html.escape(tag['content'])}</title>"
    attributes = " ".join(f'{name}="{html.escape(value)}"' for name, value in tag.items())
    return VOID.format(element=element, attributes=attributes)


def heads(server, articles):
    for article in articles:
        head = server.get(f"/v1/articles/{article['slug']}?include=meta&fields=meta").json()["meta"]
        page = f"<html><head>{''.join(map(printed, head))}</head><body><p>x</body></html>"
        graph = dict(extruct.extract(page, syntaxes=["opengraph"])["opengraph"][0]["properties"])
        check(graph["og:type"] == "article" and graph["og:url"] == article["canonical_url"], f"{graph}")
        title = (article["seo"]["title"] or article["headline"])
        check(graph["og:title"] == title, f"{article['slug']}: {graph['og:title']!r}")
        if article["lead_image"]:
            check(graph["og:image"].startswith("https://"), f"{graph}")
        document = lxml.etree.HTML(page)
        oembed = document.find(".//link[@type='application/json+oembed']").get("href")
        answer = server.get(oembed.removeprefix(SITE)).json()
        check(answer["version"] == "1.0" and answer["title"] == article["headline"], f"{answer}")
        thumbnail = [answer.get(f"thumbnail_{part}") for part in ("url", "width", "height")]
        check(all(thumbnail) or not any(thumbnail), f"{article['slug']}: {thumbnail}")
        xml = lxml.etree.fromstring(server.get(oembed.removeprefix(SITE) + "&format=xml").body)
        check(xml.findtext("title") == article["headline"], f"{article['slug']}: oEmbed as XML")
    say(f"heads of {len(articles)} pages are read by Open Graph and oEmbed")


def ninjs(server, articles):
    if not NINJS:
        print("   *** NOT CHECKED: the IPTC's schema of ninjs was not found (NINJS names its folder) ***", flush=True)
        return
    folder = pathlib.Path(NINJS)
    schema = json.loads((folder / "ninjs-3.1.json").read_text())
    geo = referencing.Resource.from_contents(json.loads((folder / "geojson.json").read_text()))
    registry = referencing.Registry().with_resources([("https://geojson.org/schema/GeoJSON.json", geo)])
    checker = jsonschema.FormatChecker()
    validator = jsonschema.Draft202012Validator(schema, registry=registry, format_checker=checker)
    for article in articles:
        item = server.get(f"/v1/articles/{article['slug']}?format=ninjs").json()
        wrong = [f"{list(error.path)}: {error.message[:200]}" for error in validator.iter_errors(item)]
        check(not wrong, f"{article['slug']}: {wrong}")
    for wrong in ({**item, "made_up": 1}, {**item, "uri": "no address"}, {**item, "versionCreated": "2026-01-01"}):
        check(not validator.is_valid(wrong), "the schema takes anything")
    listed = server.get("/v1/articles?format=ninjs&limit=100").json()["data"]
    check(all(validator.is_valid(item) for item in listed), "a list of ninjs is not valid")
    say(f"ninjs of {len(articles)} articles is valid")


def work(folder):
    server = Demo(folder)
    try:
        add_naughty(server)
        articles = server.articles()
        feeds(server, articles)
        sitemaps(server, articles)
        jsonld(server, articles, pathlib.Path(os.environ["WORK"]))
        heads(server, articles)
        ninjs(server, articles)
    finally:
        server.stop()


main(work)
