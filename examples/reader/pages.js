// The parts of a news site's pages: what Dateline's public API answers goes in, HTML comes out. Used by reader.js in
// the browser and by build.mjs in Node, so nothing here asks for a document.
//
// `site` says what is the same on all pages: `name`, `api` (the address of the API), `links` (where each kind of page
// is), `feed` (the address of the feed, or null).

class Html {
  constructor(text) { this.text = text; }
  toString() { return this.text; }
}

const ESCAPES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
const print = (value) =>
  value == null || value === false ? ""
    : Array.isArray(value) ? value.map(print).join("")
      : value instanceof Html ? value.text
        : String(value).replace(/[&<>"']/g, (letter) => ESCAPES[letter]);

/** A template in which everything that is put in is escaped, except what this template has made. */
export const html = (strings, ...values) => new Html(String.raw({ raw: strings }, ...values.map(print)));
/** HTML as it is: only for what the server has sanitised. */
const sanitised = (text) => new Html(text);
/** Attributes of an element; those without a value are left out. */
export const attributes = (all) =>
  Object.entries(all).filter(([, value]) => value != null).map(([name, value]) => html` ${sanitised(name)}="${value}"`);

/** Where pages are, for a site that is made ahead. */
export const PATHS = {
  front: "/", article: (slug) => `/${slug}/`, section: (slug) => `/tags/${slug}/`, tag: (slug) => `/tags/${slug}/`,
  author: (slug) => `/authors/${slug}/`,
};
/** Where pages are, for pages that ask the API when they are read. */
export const QUERIES = {
  front: "index.html", article: (slug) => `article.html?slug=${encodeURIComponent(slug)}`,
  section: (slug) => `list.html?section=${encodeURIComponent(slug)}`, tag: (slug) => `list.html?tag=${encodeURIComponent(slug)}`,
  author: (slug) => `list.html?author=${encodeURIComponent(slug)}`,
};

/** What to ask the API for. */
export const ASK = {
  sections: "/v1/tags?kind=section&top_level=true&sort=position&limit=100",
  front: "/v1/articles?limit=10&view=card",
  subject: (kind, slug) => `/v1/${kind === "author" ? "authors" : "tags"}/${encodeURIComponent(slug)}`,
  list: (kind, slug) => `/v1/articles?limit=30&view=card&${kind}=${encodeURIComponent(slug)}`,
  below: (slug) => `/v1/tags?parent=${encodeURIComponent(slug)}&sort=position&limit=100`,
  related: (slug) => `/v1/articles/${encodeURIComponent(slug)}/related?limit=3&view=card`,
  trending: "/v1/trending?window=24h&limit=5&fields=slug,headline",
};

const DAY = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" });
const time = (instant) =>
  html`<time lang="en" dir="ltr" datetime="${instant}">${DAY.format(new Date(instant))}, ${new Date(instant).toISOString().slice(11, 16)} UTC</time>`;
/** Scripts that are written from the right. */
const direction = (language) => (/^(ar|ckb|dv|fa|he|ps|sd|ug|ur|yi)\b/i.test(language ?? "") ? "rtl" : null);

// How wide pictures are in which windows, as reader.css has it: in `sizes` a rem is 16 pixels, whatever the page's is.
const SIZES = {
  lead: "(min-width: 1188px) 825px, (min-width: 960px) calc(100vw - 366px), calc(100vw - 34px)",
  tall: "(min-width: 544px) 510px, calc(100vw - 34px)",
  body: "(min-width: 782px) 748px, calc(100vw - 34px)",
  gallery: "(min-width: 752px) 265px, calc(100vw - 34px)",
  card: "(min-width: 1188px) 256px, (min-width: 672px) 30vw, calc(100vw - 34px)",
  row: "(min-width: 672px) 240px, calc(100vw - 34px)",
};

/** An address that the API says: what it serves itself begins with `/`. */
const address = (site, url) => new URL(url, site.api).href;
const widths = (site, renditions) =>
  renditions?.map(({ url, width }) => `${address(site, url)} ${width}w`).join(", ") || null;
const image = (all) => html`<img${attributes(all)}>`;

/** The picture above the text, with a caption and who made it. */
function lead(site, picture) {
  if (!picture) return null;
  const tall = picture.height > picture.width;
  return html`<figure class="lead${tall ? " tall" : ""}">${image({
    srcset: widths(site, picture.srcset), sizes: picture.srcset ? SIZES[tall ? "tall" : "lead"] : null,
    width: picture.width, height: picture.height, alt: picture.alt ?? "", fetchpriority: "high",
    "data-thumbhash": picture.thumbhash, src: address(site, picture.url),
  })}${(picture.caption || picture.credit) &&
    html`<figcaption>${picture.caption}${picture.credit && html` <small>${picture.credit}</small>`}</figcaption>`}</figure>`;
}

const crop = (article) => article.lead_image?.crops?.find(({ ratio }) => ratio === "16x9");

/** The picture of a teaser: the part of it that is 16 wide and 9 high. The headline has the same link. */
function thumb(site, article, shape) {
  const found = crop(article);
  if (!found) return null;
  const all = found.widths.map((width) => ({ width, url: found.url.replace("{width}", width) }));
  return html`<a class="thumb" href="${site.links.article(article.slug)}" tabindex="-1" aria-hidden="true">${image({
    srcset: widths(site, all), sizes: SIZES[shape], width: 16, height: 9, alt: "", loading: shape === "lead" ? null : "lazy",
    fetchpriority: shape === "lead" ? "high" : null, "data-thumbhash": article.lead_image.thumbhash, src: address(site, all[0].url),
  })}</a>`;
}

/** The share bar: the widget fills it, and takes an address without a host as one of its page's host. */
const shares = (site, article) =>
  html`<div class="shares" data-dateline-article="${article.slug}" data-dateline-url="${
    article.canonical_url ?? site.links.article(article.slug)}" data-dateline-title="${article.headline}"></div>`;

const sectionOf = (site, section) =>
  section && html`<p class="section">${[...(section.ancestors ?? []), section].map(({ slug, name }, at) =>
    html`${at > 0 && html` <span aria-hidden="true">›</span> `}<a href="${site.links.section(slug)}">${name}</a>`)}</p>`;

/** A story in a list. `shape` is `lead`, `card` or `row`: how large its picture is, and where. */
function teaser(site, article, shape) {
  const picture = thumb(site, article, shape);
  return html`<article class="teaser ${shape}${picture ? " pictured" : ""}">${picture}<div>${sectionOf(site, article.section)}
    <h2 dir="auto"><a href="${site.links.article(article.slug)}">${article.headline}</a></h2>
    ${article.excerpt && !(picture && shape === "card") && html`<p class="standfirst" dir="auto">${article.excerpt}</p>`}
    <p class="byline"><span>${article.byline}</span> ${time(article.published_at)}</p>
    ${shares(site, article)}</div></article>`;
}

/** The front page: the newest story with a picture leads, all others follow as they come. */
export function front(site, articles) {
  const first = articles.find(crop) ?? articles[0];
  return html`<h1 class="unseen">Latest news</h1><div id="articles">${first && teaser(site, first, "lead")}
    <div class="cards">${articles.filter((one) => one !== first).map((one) => teaser(site, one, "card"))}</div></div>`;
}

/** A page of a section, a tag or an author. `older` is the address of the next page, if there is one. */
export function list(site, kind, subject, articles, { below = [], older = null } = {}) {
  return html`<header class="heading">${kind === "author" && subject.avatar_url && html`<figure class="portrait">${image({
    src: address(site, subject.avatar_url), width: 96, height: 96, alt: "" })}</figure>`}
    ${kind === "section" && subject.ancestors?.length > 0 && sectionOf(site, subject.ancestors.at(-1))}
    <h1>${subject.name}</h1>${subject.role && html`<p class="role">${subject.role}</p>`}
    ${(subject.bio ?? subject.description) && html`<p class="standfirst">${subject.bio ?? subject.description}</p>`}
    ${below.length > 0 && html`<ul class="tags">${below.map(({ slug, name }) =>
      html`<li><a href="${site.links.section(slug)}">${name}</a></li>`)}</ul>`}</header>
    <div id="articles">${articles.length ? articles.map((one) => teaser(site, one, "row")) : html`<p>Nothing yet.</p>`}</div>
    ${older && html`<p class="older"><a href="${older}">Older articles</a></p>`}`;
}

/** Pictures in the text: from the API, in the width that the page needs, when they are scrolled to. */
function illustrate(site, body) {
  let depth = 0;
  return body.replace(/<figure(?=[ >])|<\/figure>|<img((?: [a-z-]+="[^"]*")*) ?\/?>/g, (tag, inside, at) => {
    if (tag === "</figure>") depth -= 1;
    if (tag === "<figure") {
      depth += 1;
      // Figures within a figure are shown beside each other.
      if (body.startsWith("<figure><figure", at)) return '<figure class="gallery"';
    }
    if (!tag.startsWith("<img")) return tag;
    // The values are escaped already, as the server writes them.
    const all = Object.fromEntries([...inside.matchAll(/ ([a-z-]+)="([^"]*)"/g)].map(([, name, value]) => [name, sanitised(value)]));
    const { src, srcset } = all;
    return image({
      ...all, srcset: srcset && sanitised(srcset.text.replace(/[^\s,]\S*(?= \d+w)/g, (url) => address(site, url))),
      sizes: srcset && SIZES[depth > 1 ? "gallery" : "body"], alt: all.alt ?? "", loading: "lazy",
      src: src && sanitised(address(site, src.text)),
    }).text;
  });
}

/** The body is sanitised by the server; the dateline goes before its first words. */
function text(site, article) {
  const body = illustrate(site, article.body_html);
  const begin = article.dateline ? html`<p><span class="dateline">${article.dateline}</span> – ` : "<p>";
  return html`<div class="body">${sanitised(body.replace("<p>", () => String(begin)))}</div>`;
}

/** The byline as the newsroom wrote it, with links where it names the authors. */
function byline(site, article) {
  let rest = [article.byline ?? ""];
  for (const { name, slug } of article.authors) {
    rest = rest.flatMap((part) => {
      const at = typeof part === "string" && name ? part.indexOf(name) : -1;
      if (at < 0) return [part];
      return [part.slice(0, at), html`<a href="${site.links.author(slug)}">${name}</a>`, part.slice(at + name.length)];
    });
  }
  // What is saved within a minute of publication belongs to it.
  const updated = Date.parse(article.updated_at) - Date.parse(article.published_at) > 60_000;
  return html`<p class="byline"><span>${rest}</span> ${time(article.published_at)}${
    updated && html` <span class="updated" lang="en" dir="ltr">Updated ${time(article.updated_at)}</span>`}</p>`;
}

const corrections = (all) => all?.length > 0 &&
  html`<section class="corrections" aria-label="Corrections">${all.map((one) =>
    html`<p><strong>${one.kind}</strong> ${time(one.published_at)}${one.text}</p>`)}</section>`;

const about = (site, authors) => authors.length > 0 &&
  html`<section class="about" aria-labelledby="about-title">
    <h2 id="about-title">${authors.length > 1 ? "About the authors" : "About the author"}</h2>${authors.map((author) =>
    html`<div class="author"><h3><a href="${site.links.author(author.slug)}">${author.name}</a></h3>
      ${author.role && html`<p class="role" dir="auto">${author.role}</p>`}${author.bio && html`<p dir="auto">${author.bio}</p>`}</div>`)}</section>`;

const alike = (site, related) => related.length > 0 &&
  html`<section class="related" lang="en" aria-labelledby="related-title"><h2 id="related-title">Related articles</h2>
    <ul>${related.map((one) => html`<li><h3 dir="auto"><a href="${site.links.article(one.slug)}">${one.headline}</a></h3>
      <p class="byline">${time(one.published_at)}</p></li>`)}</ul></section>`;

/** An article page; `related` are the articles that the API says are related. */
export const article = (site, one, related) =>
  html`<article id="article"${attributes({ dir: direction(one.language) })}>${sectionOf(site, one.section)}${shares(site, one)}
    ${one.kicker && html`<p class="kicker">${one.kicker}</p>`}<h1>${one.headline}</h1>
    ${one.standfirst && html`<p class="standfirst">${one.standfirst}</p>`}${byline(site, one)}
    ${lead(site, one.lead_image)}${text(site, one)}${corrections(one.corrections)}
    ${one.tags.length > 0 && html`<ul class="tags" aria-label="Tags">${one.tags.map(({ slug, name }) =>
      html`<li><a href="${site.links.tag(slug)}">${name}</a></li>`)}</ul>`}
    ${about(site, one.authors)}</article>${alike(site, related)}`;

const back = (site) => html`<p><a class="back" href="${site.links.front}">Back to the front page</a></p>`;

/** What readers are told of an article that was retracted (410). */
export const retraction = (site, { notice, retracted_at }) =>
  html`<article id="article"><h1>This article was retracted</h1>
    <p class="retraction">${notice ?? "We have withdrawn this article."}</p>
    <p class="byline">Retracted on ${time(retracted_at)}</p>${back(site)}</article>`;

export const absent = (site, said) => html`<article id="article"><h1>${said}</h1>${back(site)}</article>`;

/** The order is what readers are told: numbers of shares would be of another window than the order. */
export const trending = (site, articles) => html`${articles.length
  ? articles.map(({ slug, headline }) => html`<li dir="auto"><a href="${site.links.article(slug)}">${headline}</a></li>`)
  : html`<li class="none">Nothing yet.</li>`}`;

/** The menu; `here` is the slug of the section that is shown. */
export const menu = (site, sections, here) => html`${sections.map(({ slug, name }) => html`<li><a${attributes({
  href: site.links.section(slug), "aria-current": slug === here ? "true" : null })}>${name}</a></li>`)}`;

/** What goes into `body`; without `main` it is being loaded. */
export const frame = (site, { sections = [], main = null, here = null } = {}) => html`
  <a class="skip" lang="en" href="#main">Skip to the content</a>
  <header class="masthead" lang="en"><a href="${site.links.front}">${site.name}</a>
    <nav aria-label="Sections"><ul id="menu">${menu(site, sections, here)}</ul></nav></header>
  <div class="columns"><main id="main"${attributes({ "aria-busy": main ? null : "true" })}>${main}</main>
    <aside lang="en" aria-labelledby="trending-title"><h2 id="trending-title">Trending</h2><ol id="trending"></ol></aside></div>
  <footer class="imprint" lang="en"><a href="${site.links.front}">${site.name}</a>${
    site.feed && html`<a href="${site.feed}">RSS</a>`}</footer>`;

export const title = (site, said) => `${said} – ${site.name}`;

/** The head of a page, of `include=meta` and `include=jsonld`. */
export const head = ({ meta, jsonld_script }) => html`${meta.map(({ element, ...rest }) => (element === "title"
  ? html`<title>${rest.content}</title>` : html`<${sanitised(element)}${attributes(rest)}>`))}${
  // The server has made it safe to print within a script.
  jsonld_script && html`<script type="application/ld+json">${sanitised(jsonld_script)}</script>`}`;
