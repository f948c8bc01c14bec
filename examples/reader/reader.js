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

/** An address that the API says: what it serves itself begins with `/`. */
const address = (url) => new URL(url, api).href;
const widths = (renditions) => renditions?.map(({ url, width }) => `${address(url)} ${width}w`).join(", ") || null;

// How wide pictures are in which windows, as reader.css has it: in `sizes` a rem is 16 pixels, whatever the page's is.
const SIZES = {
  lead: "(min-width: 1188px) 825px, (min-width: 960px) calc(100vw - 366px), calc(100vw - 34px)",
  tall: "(min-width: 544px) 510px, calc(100vw - 34px)",
  body: "(min-width: 782px) 748px, calc(100vw - 34px)",
  gallery: "(min-width: 752px) 265px, calc(100vw - 34px)",
  teaser: "(min-width: 672px) 255px, calc(100vw - 34px)",
};

/** The colour of all of a picture, of its ThumbHash: what is seen until the picture is there. */
function colour(thumbhash) {
  const [first, second, third] = [...atob(thumbhash)].map((letter) => letter.charCodeAt(0));
  const light = (first & 63) / 63;
  const yellow = ((first >> 6) | ((second & 15) << 2)) / 31.5 - 1;
  const red = ((second >> 4) | ((third & 3) << 4)) / 31.5 - 1;
  const b = light - (2 / 3) * yellow;
  const r = (3 * light - b + red) / 2;
  return `rgb(${[r, r - red, b].map((part) => Math.round(Math.min(1, Math.max(0, part)) * 255))})`;
}

/** An img element. What cannot be loaded is not shown, nor its caption. */
function image(attributes, thumbhash) {
  const element = make("img", attributes);
  if (thumbhash) element.style.backgroundColor = colour(thumbhash);
  element.addEventListener("error", () => (element.closest("figure, .thumb") ?? element).remove());
  return element;
}

/** The picture above the text, with a caption and who made it. */
function lead(picture) {
  if (!picture) return null;
  const tall = picture.height > picture.width;
  return make("figure", { class: tall ? "lead tall" : "lead" },
    image({
      srcset: widths(picture.srcset), sizes: picture.srcset ? SIZES[tall ? "tall" : "lead"] : null,
      width: picture.width, height: picture.height, alt: picture.alt ?? "", fetchpriority: "high", src: address(picture.url),
    }, picture.thumbhash),
    picture.caption || picture.credit
      ? make("figcaption", {}, picture.caption ?? "", picture.credit ? make("small", {}, ` ${picture.credit}`) : null)
      : null);
}

/** A small picture beside a headline: the part of it that is 16 wide and 9 high. */
function thumb(article, first) {
  const crop = article.lead_image?.crops?.find(({ ratio }) => ratio === "16x9");
  if (!crop) return null;
  const all = crop.widths.map((width) => ({ width, url: crop.url.replace("{width}", width) }));
  return make("a", { class: "thumb", href: link(article.slug), tabindex: -1, "aria-hidden": "true" },
    image({
      srcset: widths(all), sizes: SIZES[first ? "lead" : "teaser"], width: 16, height: 9, alt: "",
      loading: first ? null : "lazy", src: address(all[0].url),
    }, article.lead_image.thumbhash));
}

function teaser(article, position) {
  const small = thumb(article, position === 0);
  return make("article", { class: small ? "teaser pictured" : "teaser" },
    small,
    make("div", {},
      article.section ? make("p", { class: "section" }, article.section.name) : null,
      make("h2", {}, make("a", { href: link(article.slug) }, article.headline)),
      article.excerpt ? make("p", { class: "standfirst" }, article.excerpt) : null,
      make("p", { class: "byline" }, article.byline, " · ", day(article.published_at)),
      shares(article)));
}

async function front() {
  const { data } = await read("/v1/articles?limit=10&view=card");
  const list = document.querySelector("#articles");
  list.replaceChildren(...data.map(teaser));
  list.removeAttribute("aria-busy");
}

/** Pictures in the text: from the API, in the width that the page needs, when they are scrolled to. */
function illustrate(body) {
  for (const figure of body.querySelectorAll("figure > figure")) figure.parentElement.classList.add("gallery");
  for (const found of body.querySelectorAll("img")) {
    const { src, srcset, alt, width, height } = Object.fromEntries([...found.attributes].map(({ name, value }) => [name, value]));
    found.replaceWith(image({
      srcset: srcset?.replace(/[^\s,]\S*(?= \d+w)/g, address), sizes: srcset && SIZES[found.closest(".gallery") ? "gallery" : "body"],
      width, height, alt: alt ?? "", loading: "lazy", src: address(src),
    }));
  }
}

/** The body is sanitised by the server; the dateline goes before its first words. */
function text(article) {
  // In a template nothing is loaded yet.
  const inert = make("template");
  inert.innerHTML = article.body_html;
  illustrate(inert.content);
  const first = inert.content.querySelector("p");
  if (article.dateline && first) {
    first.prepend(make("span", { class: "dateline" }, article.dateline), " – ");
  }
  return make("div", { class: "body" }, inert.content);
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
        lead(article.lead_image),
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
