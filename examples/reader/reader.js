// A news site's pages in the browser. Pages that `data-page` names are made of what the API answers when they are
// read; those that build.mjs has made ahead have their text already, and get colours and what trends.

import * as pages from "./pages.js";

const said = (name) => document.querySelector(`meta[name=${name}]`)?.content;
const kind = document.body.dataset.page;
const api = said("dateline-api");
const site = {
  api, name: said("application-name"), links: kind ? pages.QUERIES : pages.PATHS, feed: `${api}/feeds/articles.rss`,
};

async function read(path) {
  const answer = await fetch(api + path);
  if (!answer.ok) {
    const problem = await answer.json();
    throw Object.assign(new Error(problem.title), { status: answer.status, retraction: problem.retraction });
  }
  return answer.json();
}
/** A list; what cannot be read is left out. */
const some = (path) => read(path).then(({ data }) => data, () => []);

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

/** What cannot be loaded is not shown, nor its caption. */
const leaveOut = (picture) => (picture.closest("figure, .thumb") ?? picture).remove();
const isPicture = (element) => element instanceof HTMLImageElement;
// Such events do not rise, but can be caught on their way down.
addEventListener("error", ({ target }) => isPicture(target) && leaveOut(target), true);

function colourPictures() {
  for (const picture of document.images) {
    const { thumbhash } = picture.dataset;
    if (thumbhash) picture.style.backgroundColor = colour(thumbhash);
    // It may have failed before this script ran; one that is not asked for yet has no currentSrc.
    if (picture.complete && picture.currentSrc && !picture.naturalWidth) leaveOut(picture);
  }
}

async function front() {
  return { main: pages.front(site, (await read(pages.ASK.front)).data) };
}

async function list(asked) {
  const one = ["section", "tag", "author"].find((name) => asked.has(name)) ?? "section";
  const slug = asked.get(one) ?? "";
  const cursor = asked.has("cursor") ? `&cursor=${encodeURIComponent(asked.get("cursor"))}` : "";
  const [subject, { data, page }, below] = await Promise.all([
    read(pages.ASK.subject(one, slug)), read(pages.ASK.list(one, slug) + cursor),
    one === "section" ? some(pages.ASK.below(slug)) : []]);
  document.title = pages.title(site, subject.name);
  const older = page.next_cursor && `${site.links[one](subject.slug)}&cursor=${encodeURIComponent(page.next_cursor)}`;
  return { main: pages.list(site, one, subject, data, { below, older }), here: subject.ancestors?.[0]?.slug ?? subject.slug };
}

async function article(asked) {
  const slug = asked.get("slug") ?? "";
  const [one, related] = await Promise.all([
    read(`/v1/articles/${encodeURIComponent(slug)}`), some(pages.ASK.related(slug))]);
  document.title = pages.title(site, one.headline);
  document.documentElement.lang = one.language;
  return { main: pages.article(site, one, related), here: one.section?.ancestors[0]?.slug ?? one.section?.slug };
}

function failure(error) {
  if (error.retraction) {
    document.title = pages.title(site, "Retracted");
    return { main: pages.retraction(site, error.retraction) };
  }
  if (error.status === 404) return { main: pages.absent(site, "This page is not here") };
  console.error(error);
  return { main: pages.absent(site, "The page could not be loaded") };
}

if (kind) {
  document.body.innerHTML = pages.frame(site);
  const asked = new URLSearchParams(location.search);
  // The menu and the text come together, so that neither moves the other.
  const [sections, { main, here }] = await Promise.all([
    some(pages.ASK.sections), { front, list, article }[kind](asked).catch(failure)]);
  document.querySelector("#menu").innerHTML = pages.menu(site, sections, here);
  const place = document.querySelector("#main");
  place.innerHTML = main;
  place.removeAttribute("aria-busy");
}
colourPictures();
document.querySelector("#trending").innerHTML = pages.trending(site, await some(pages.ASK.trending));
