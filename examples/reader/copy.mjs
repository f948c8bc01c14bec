// What a site that is made ahead remembers of the newsroom between two runs: where /v1/sync goes on, which pages there
// are, and which pages show what.

import { PATHS } from "./pages.js";

export const EMPTY = { cursor: null, articles: {}, tags: {}, authors: {}, sitemaps: {} };

/** Which article it is, and the pages that list it. */
const entry = ({ slug, section, tags, authors }, before) => ({
  slug, related: before?.related ?? [],
  listed: [
    ...(section ? [section, ...section.ancestors] : []).map((one) => PATHS.section(one.slug)),
    ...tags.map((one) => PATHS.tag(one.slug)), ...authors.map((one) => PATHS.author(one.slug))],
});

/** What is known after the changes since `before`, and the ids of what has changed. */
export async function follow(read, before) {
  const state = structuredClone(before);
  const changed = new Set();
  for (let more = true; more;) {
    const from = state.cursor ? `cursor=${encodeURIComponent(state.cursor)}` : "initial=true";
    // Bodies are asked for with the pages: those of a whole newsroom would not fit into memory.
    const page = await read(`/v1/sync?${from}&limit=200&body_format=text`);
    for (const { type, id, article, tag, author } of page.data) {
      changed.add(id);
      if (type === "article") state.articles[id] = entry(article, state.articles[id]);
      if (type === "tag") state.tags[id] = { slug: tag.slug, kind: tag.kind, parent: tag.parent_id };
      if (type === "author") state.authors[id] = { slug: author.slug };
      if (type.startsWith("deleted_")) for (const kept of [state.articles, state.tags, state.authors]) delete kept[id];
    }
    state.cursor = page.cursor;
    more = page.has_more;
  }
  return { state, changed };
}

/** All pages that there are: their paths, and what each shows. */
export function pathsOf({ articles, tags, authors }) {
  const all = new Map([[PATHS.front, { kind: "front" }]]);
  for (const [id, { slug, kind }] of Object.entries(tags)) all.set(PATHS.tag(slug), { kind: kind === "section" ? kind : "tag", id, slug });
  for (const [id, { slug }] of Object.entries(authors)) all.set(PATHS.author(slug), { kind: "author", id, slug });
  for (const [id, { slug }] of Object.entries(articles)) all.set(PATHS.article(slug), { kind: "article", id, slug });
  return all;
}

/** The paths of pages that show something that has changed, as it was or as it is. */
export function concerned(before, state, changed) {
  const paths = new Set();
  for (const { articles, tags, authors } of [before, state]) {
    for (const [id, { slug, parent }] of Object.entries(tags)) {
      // A section is named on the pages of those above and below it.
      const near = changed.has(parent) || Object.keys(tags).some((other) => changed.has(other) && tags[other].parent === id);
      if (changed.has(id) || near) paths.add(PATHS.tag(slug));
    }
    const people = new Set();
    for (const [id, { slug }] of Object.entries(authors)) if (changed.has(id)) people.add(PATHS.author(slug));
    for (const path of people) paths.add(path);
    for (const [id, { slug, listed, related }] of Object.entries(articles)) {
      if (changed.has(id)) for (const path of [PATHS.front, ...listed]) paths.add(path);
      // Articles show what is related to them, and who their authors are.
      if (changed.has(id) || related.some((other) => changed.has(other)) || listed.some((path) => people.has(path))) {
        paths.add(PATHS.article(slug));
      }
    }
  }
  return paths;
}
