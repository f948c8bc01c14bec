// Makes the whole site ahead, as files that work without JavaScript.
//
//   node examples/reader/build.mjs API FOLDER [API-FOR-READERS]
//
// The first run makes all pages, later ones those that show what has changed since. README.md says more.

import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { concerned, EMPTY, follow, pathsOf } from "./copy.mjs";
import { Folder } from "./folder.mjs";
import * as pages from "./pages.js";

const STATE = ".dateline.json";
const FEEDS = ["rss", "atom", "json"].map((format) => `/feeds/articles.${format}`);
const AT_ONCE = 8;

const [api, folder, forReaders = api] = process.argv.slice(2).map((one) => one.replace(/\/$/, ""));
if (!folder) {
  console.error("node build.mjs API FOLDER [API-FOR-READERS]");
  process.exit(2);
}
const own = (name) => readFile(new URL(name, import.meta.url), "utf8");
const out = new Folder(folder);

async function ask(path) {
  const answer = await fetch(api + path);
  if (answer.ok) return answer.text();
  const { type = "", detail } = await answer.json().catch(() => ({}));
  throw Object.assign(new Error(`${path}: ${answer.status} ${detail ?? ""}`), { type: type.replace(/^.*\//, "") });
}
const read = async (path) => JSON.parse(await ask(path));

/** Does something for all, a few at a time. */
async function each(all, act) {
  const rest = [...all];
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    while (rest.length) await act(rest.shift());
  }));
}

/** What has changed since the last run. A cursor that the server does not know any more means: all of it. */
async function sync(before) {
  try {
    return await follow(read, before);
  } catch (error) {
    if (error.type === "invalid-cursor") throw new Error(`${folder} was made from another newsroom; name another folder`);
    if (error.type !== "sync-expired") throw error;
    console.log("the server was brought back from a backup: all pages are made again");
    return { ...await follow(read, { ...EMPTY, sitemaps: before.sitemaps }), anew: true };
  }
}

/** The site's name and whether the server knows its address, without which there are no feeds and sitemaps. */
async function describe() {
  const links = pages.PATHS;
  try {
    const { title } = await read("/feeds/articles.json?limit=1&full=false");
    return { name: title, api: forReaders, links, feed: FEEDS[0] };
  } catch (error) {
    if (error.type !== "no-public-url") throw error;
    console.log("the server has no --public-url: feeds, sitemaps and what needs the site's address are left out");
    return { name: process.env.DATELINE_PUBLICATION_NAME ?? "News", api: forReaders, links, feed: null };
  }
}

/** One page: index.html with another head and body. */
function dress(shell, site, { head, lang = "en", ...parts }) {
  return shell
    .replaceAll("http://127.0.0.1:8080", forReaders).replace(/"(reader\.\w+)"/g, '"/$1"')
    .replaceAll("The Example Courier", () => String(pages.html`${site.name}`))
    .replace(/<title>.*<\/title>/, () => String(head))
    .replace('<html lang="en">', () => String(pages.html`<html lang="${lang}">`))
    .replace(/<body.*<\/body>/s, () => `<body>${pages.frame(site, parts)}</body>`);
}

/** The pages at `paths`, which are in `all`. */
async function make(site, state, all, paths, sections) {
  const shell = await own("index.html");
  const write = (path, parts) => out.write(path, dress(shell, site, { sections, ...parts }));
  const named = (said) => ({ head: pages.html`<title>${said}</title>` });
  const articles = [];
  const others = [];
  for (const path of paths) (all.get(path).kind === "article" ? articles : others).push(path);

  const include = site.feed ? "body,corrections,meta,jsonld" : "body,corrections";
  const batches = Array.from({ length: Math.ceil(articles.length / 20) }, (_, at) => articles.slice(at * 20, at * 20 + 20));
  for (const batch of batches) {
    const slugs = batch.map((path) => all.get(path).slug).join(",");
    const { data } = await read(`/v1/articles?slugs=${slugs}&limit=${batch.length}&include=${include}&body_format=html`);
    await each(data, async (article) => {
      const { data: related } = await read(pages.ASK.related(article.slug));
      if (state.articles[article.id]) state.articles[article.id].related = related.map(({ id }) => id);
      await write(pages.PATHS.article(article.slug), {
        ...(article.meta ? { head: pages.head(article) } : named(pages.title(site, article.headline))),
        lang: article.language, here: article.section?.ancestors[0]?.slug ?? article.section?.slug,
        main: pages.article(site, article, related),
      });
    });
  }
  await each(others, async (path) => {
    const { kind, slug } = all.get(path);
    if (kind === "front") {
      return write(path, { ...named(site.name), main: pages.front(site, (await read(pages.ASK.front)).data) });
    }
    const [subject, { data }, { data: below }] = await Promise.all([
      read(pages.ASK.subject(kind, slug)), read(pages.ASK.list(kind, slug)),
      kind === "section" ? read(pages.ASK.below(slug)) : { data: [] }]);
    return write(path, {
      ...named(pages.title(site, subject.name)), here: subject.ancestors?.[0]?.slug ?? slug,
      main: pages.list(site, kind, subject, data, { below }),
    });
  });
  await write("/404.html", { ...named(site.name), main: pages.absent(site, "This page is not here") });
}

/** The sitemaps that have changed; that of the last two days does not say when it did. */
async function sitemaps(before) {
  const index = await ask("/sitemap.xml");
  const named = {};
  for (const [, path, changed] of index.matchAll(/(\/sitemaps\/[^<]+)<\/loc>(?:<lastmod>([^<]+))?/g)) named[path] = changed ?? null;
  await each(Object.keys(named), async (path) => {
    if (!named[path] || named[path] !== before[path]) await out.write(path, await ask(path));
  });
  await out.write("/sitemap.xml", index);
  await each(Object.keys(before).filter((path) => !(path in named)), (path) => out.remove(path));
  return named;
}

const before = JSON.parse((await out.read(STATE)) ?? JSON.stringify(EMPTY));
const { state, changed, anew } = await sync(before);
const site = await describe();
const { data: sections } = await read(pages.ASK.sections);
// What decides how all pages look.
const looks = createHash("sha256").update(JSON.stringify([site, sections.map(({ slug, name }) => [slug, name])]));
for (const name of ["pages.js", "build.mjs", "index.html"]) looks.update(await own(name));
state.looks = looks.digest("hex");

const all = pathsOf(state);
const everything = anew || state.looks !== before.looks;
const paths = [...everything ? all.keys() : concerned(before, state, changed)].filter((path) => all.has(path));
await each(["reader.css", "reader.js", "pages.js"], async (name) => out.write(`/${name}`, await own(name)));
if (paths.length) await make(site, state, all, paths, sections);
await each([...pathsOf(before).keys()].filter((path) => !all.has(path)), (path) => out.remove(path));
const written = out.written.filter((path) => /\/$|\.html$/.test(path)).length;
const removed = out.removed.length;
if (site.feed) {
  state.sitemaps = await sitemaps(before.sitemaps);
  if (everything || changed.size) await each(FEEDS, async (path) => out.write(path, await ask(path)));
}
await out.write("/robots.txt", await ask("/robots.txt"));
// Last, so that a run that was stopped is made up for by the next.
await out.write(STATE, JSON.stringify(state));
console.log(`${written} pages written, ${removed} removed`);
