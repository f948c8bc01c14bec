// A news site's front page and article page, made of what Dateline's public API answers.

const api = document.querySelector("meta[name=dateline-api]").content;

/** An element with attributes and children; text is never read as HTML. */
function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) {
    if (value != null) element.setAttribute(attribute, value);
  }
  element.append(...children.filter((child) => child != null));
  return element;
}

async function read(path) {
  const answer = await fetch(api + path);
  if (!answer.ok) {
    const problem = await answer.json();
    throw Object.assign(new Error(problem.title), { status: answer.status, retraction: problem.retraction });
  }
  return answer.json();
}

const link = (slug) => `article.html?slug=${encodeURIComponent(slug)}`;
const day = (instant) =>
  make("time", { datetime: instant },
    new Intl.DateTimeFormat("en", { dateStyle: "long", timeZone: "UTC" }).format(new Date(instant)));

/** The share bar: the widget fills it. */
const shares = (article) =>
  make("div", {
    class: "shares",
    "data-dateline-article": article.slug,
    "data-dateline-url": article.canonical_url ?? new URL(link(article.slug), location.href).href,
    "data-dateline-title": article.headline,
  });

function picture(image) {
  if (!image) return null;
  return make("figure", {},
    make("img", { src: image.url, alt: image.alt ?? "", width: image.width, height: image.height }),
    make("figcaption", {},
      image.caption ?? "",
      image.credit ? make("span", { class: "credit" }, ` ${image.credit}`) : null));
}

function teaser(article) {
  return make("article", { class: "teaser" },
    article.section ? make("p", { class: "section" }, article.section.name) : null,
    make("h2", {}, make("a", { href: link(article.slug) }, article.headline)),
    article.standfirst ? make("p", { class: "standfirst" }, article.standfirst) : null,
    make("p", { class: "byline" }, article.byline, " · ", day(article.published_at)),
    shares(article));
}

async function front() {
  const { data } = await read(
    "/v1/articles?limit=10&fields=slug,headline,standfirst,byline,section.name,published_at,canonical_url");
  const list = document.querySelector("#articles");
  list.replaceChildren(...data.map(teaser));
  list.removeAttribute("aria-busy");
}

/** The body is sanitised by the server; the dateline goes before its first words. */
function text(article) {
  const body = make("div", { class: "body" });
  body.innerHTML = article.body_html;
  const first = body.querySelector("p");
  if (article.dateline && first) {
    first.prepend(make("span", { class: "dateline" }, article.dateline), " – ");
  }
  return body;
}

function about(authors) {
  if (!authors.length) return null;
  const title = authors.length > 1 ? "About the authors" : "About the author";
  return make("section", { class: "about", "aria-labelledby": "about-title" },
    make("h2", { id: "about-title" }, title),
    ...authors.map((author) =>
      make("div", { class: "author" },
        make("h3", {}, author.name),
        author.role ? make("p", { class: "role" }, author.role) : null,
        author.bio ? make("p", {}, author.bio) : null)));
}

function corrections(all) {
  return all.length
    ? make("section", { class: "corrections", "aria-label": "Corrections" },
        ...all.map((one) => make("p", {}, make("strong", {}, `${one.kind}: `), one.text)))
    : null;
}

/** What readers are told of an article that was retracted (410). */
function retraction({ notice, retracted_at }) {
  return [
    make("h1", {}, "This article was retracted"),
    make("p", { class: "retraction" }, notice ?? "We have withdrawn this article."),
    make("p", { class: "byline" }, "Retracted on ", day(retracted_at)),
    make("p", {}, make("a", { href: "index.html" }, "Back to the front page"))];
}

async function page() {
  const slug = new URLSearchParams(location.search).get("slug") ?? "";
  const place = document.querySelector("#article");
  try {
    const article = await read(`/v1/articles/${encodeURIComponent(slug)}`);
    document.title = `${article.headline} – The Example Courier`;
    document.documentElement.lang = article.language;
    place.replaceChildren(
      shares(article),
      ...[article.kicker ? make("p", { class: "kicker" }, article.kicker) : null,
        make("h1", {}, article.headline),
        article.standfirst ? make("p", { class: "standfirst" }, article.standfirst) : null,
        make("p", { class: "byline" }, article.byline, " · ", day(article.published_at)),
        picture(article.lead_image),
        text(article),
        corrections(article.corrections),
        about(article.authors)].filter(Boolean));
  } catch (error) {
    const gone = error.status === 404;
    if (error.retraction) {
      document.title = "Retracted – The Example Courier";
      place.replaceChildren(...retraction(error.retraction));
    } else place.replaceChildren(
      make("h1", {}, gone ? "This article is not here" : "The article could not be loaded"),
      make("p", {}, make("a", { href: "index.html" }, "Back to the front page")));
  }
  place.removeAttribute("aria-busy");
}

async function trending() {
  const list = document.querySelector("#trending");
  const { data } = await read("/v1/trending?window=24h&limit=5&fields=slug,headline,trend.shares");
  list.replaceChildren(...data.map(({ slug, headline, trend }) =>
    make("li", {}, make("a", { href: link(slug) }, headline),
      make("span", { class: "note" }, ` ${new Intl.NumberFormat("en").format(trend.shares)} shares today`))));
  if (!data.length) list.replaceWith(make("p", {}, "Nothing yet."));
}

const failed = (error) => console.error(error);
if (document.body.dataset.page === "front") front().catch(failed);
else page().catch(failed);
trending().catch(failed);
