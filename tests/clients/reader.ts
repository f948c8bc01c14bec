/**
 * A newspaper's front page, article page and share button, written against the types that
 * openapi-typescript generates from openapi/openapi.json. It is compiled, never run: what a
 * frontend relies on must be in the document. Types are reached by path, so that no name of a
 * schema matters here.
 */

import type { paths } from "./schema";

// --- What the document says ---------------------------------------------------------------------

type Json<Response> = Response extends { content: { "application/json": infer Body } } ? Body : never;

type ListArticles = paths["/v1/articles"]["get"];
type GetArticle = paths["/v1/articles/{slug}"]["get"];
type PostShare = paths["/v1/articles/{slug}/shares"]["post"];
type GetShares = paths["/v1/articles/{slug}/shares"]["get"];

type ArticlePage = Json<ListArticles["responses"]["200"]>;
type ArticleQuery = NonNullable<ListArticles["parameters"]["query"]>;
type ListedArticle = ArticlePage["data"][number];
type Article = Json<GetArticle["responses"]["200"]>;
type Block = NonNullable<Article["body"]>[number];
type LeadImage = NonNullable<Article["lead_image"]>;
type Author = Article["authors"][number];
type Share = NonNullable<PostShare["requestBody"]>["content"]["application/json"];
type ShareReceipt = Json<PostShare["responses"]["200"]>;
type Shares = NonNullable<Article["shares"]>;
type Problem = GetArticle["responses"]["404"]["content"]["application/problem+json"];

// `any`, `unknown` and `never` would let much of what follows pass.
type Known<T> = 0 extends 1 & T ? false : [T] extends [never] ? false : unknown extends T ? false : true;
type AllKnown<T extends Record<string, true>> = T;
export type Checked = AllKnown<{
  page: Known<ArticlePage>;
  listed: Known<ListedArticle>;
  article: Known<Article>;
  block: Known<Block>;
  image: Known<LeadImage>;
  author: Known<Author>;
  share: Known<Share>;
  network: Known<Share["network"]>;
  receipt: Known<ShareReceipt>;
  shares: Known<Shares>;
  counts: Known<Json<GetShares["responses"]["200"]>>;
  problem: Known<Problem>;
}>;

// --- Asking -------------------------------------------------------------------------------------

/** What the server says when it does not answer with what was asked for. */
export class Refused extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(`${problem.status} ${problem.title}: ${problem.detail}`);
    this.problem = problem;
  }

  /** What is wrong with the field that a JSON pointer names. */
  at(pointer: string): string[] {
    return (this.problem.errors ?? [])
      .filter((error) => error.pointer === pointer)
      .map((error) => `${error.detail} (${error.code})`);
  }

  /** For the newsroom's support desk. */
  get reference(): string {
    return `${this.problem.type} ${this.problem.instance ?? ""}`.trim();
  }
}

async function ask<Answer>(base: string, path: string, init?: RequestInit): Promise<Answer> {
  const response = await fetch(new URL(path, base), init);
  if (response.headers.get("content-type")?.startsWith("application/problem+json")) {
    throw new Refused((await response.json()) as Problem);
  }
  return (await response.json()) as Answer;
}

function queryString(query: ArticleQuery): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    // `tag` may stand several times; every other list is one value with commas.
    for (const one of Array.isArray(value) ? (name === "tag" ? value : [value.join(",")]) : [value]) {
      if (one !== undefined && one !== null) search.append(name, String(one));
    }
  }
  return search.toString();
}

/** All articles of a section, page after page. */
export async function* articlesOf(base: string, section: string): AsyncGenerator<ListedArticle> {
  let cursor: string | undefined;
  do {
    const query: ArticleQuery = { section: [section], limit: 20, ...(cursor === undefined ? {} : { cursor }) };
    const { data, page } = await ask<ArticlePage>(base, `/v1/articles?${queryString(query)}`);
    yield* data;
    cursor = page.next_cursor ?? undefined;
  } while (cursor !== undefined);
}

/** "1 to 20 of 240". */
export function whereabouts(answer: ArticlePage): string {
  const { limit, total } = answer.page;
  const shown = Math.min(limit, answer.data.length);
  return total === undefined || total === null ? `1 to ${shown}` : `1 to ${shown} of ${total}`;
}

export function readArticle(base: string, slug: string): Promise<Article> {
  return ask<Article>(base, `/v1/articles/${encodeURIComponent(slug)}?include=shares`);
}

/** Reports a share and says what came of it. */
export async function share(base: string, slug: string): Promise<string> {
  const body: Share = { network: "x" };
  const receipt = await ask<ShareReceipt>(base, `/v1/articles/${encodeURIComponent(slug)}/shares`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const counted: boolean = receipt.counted;
  return counted ? "Thank you for sharing." : "You shared this already.";
}

// --- Showing ------------------------------------------------------------------------------------

const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const escape = (text: string): string => text.replace(/[&<>"]/g, (one) => entities[one] ?? one);
const optional = (text: string | null | undefined, show: (text: string) => string): string =>
  text === undefined || text === null || text === "" ? "" : show(text);

/** A body's block: a union that `type` tells apart, every kind of it handled. */
export function renderBlock(block: Block): string {
  switch (block.type) {
    case "paragraph":
      return `<p>${block.html}</p>`;
    case "heading": {
      const level: number = block.level;
      return `<h${level}>${block.html}</h${level}>`;
    }
    case "quote":
      return `<blockquote>${block.text}${optional(block.attribution, (who) => `<cite>${escape(who)}</cite>`)}</blockquote>`;
    case "image":
      return figure(block);
    case "gallery":
      return block.images.map((image) => figure(image)).join("");
    case "audio":
      return `<audio src="${escape(block.url)}" controls></audio>`;
    case "video":
      return `<video src="${escape(block.url)}" controls></video>`;
    case "list": {
      const items = block.items.map((item) => `<li>${item}</li>`).join("");
      return block.ordered ? `<ol>${items}</ol>` : `<ul>${items}</ul>`;
    }
    case "embed":
      return block.html ?? `<a href="${escape(block.url)}">${escape(block.provider ?? block.url)}</a>`;
    case "table": {
      const cells = (row: string[], tag: "th" | "td") => row.map((cell) => `<${tag}>${cell}</${tag}>`).join("");
      const rows = block.rows.map((row) => `<tr>${cells(row, "td")}</tr>`).join("");
      return `<table><tr>${cells(block.header, "th")}</tr>${rows}</table>`;
    }
    case "code":
      return `<pre data-language="${escape(block.language ?? "")}">${escape(block.text)}</pre>`;
    case "html":
      return block.html;
    default: {
      const unknownBlock: never = block;
      return unknownBlock;
    }
  }
}

/** What lead images and pictures within the text have in common. */
type Picture = { url: string; alt: string | null; caption?: string | null; credit?: string | null };

function figure(image: Picture): string {
  const words = [image.caption, image.credit].map((line) => optional(line, escape)).filter(Boolean);
  return `<figure><img src="${escape(image.url)}" alt="${escape(image.alt ?? "")}"><figcaption>${words.join(" ")}</figcaption></figure>`;
}

function leadImage(image: LeadImage): string {
  const ratio = image.width && image.height ? image.width / image.height : 1.5;
  return `<div style="aspect-ratio: ${ratio}">${figure(image)}</div>`;
}

function aboutTheAuthor(author: Author): string {
  const portrait = optional(author.avatar_url, (url) => `<img src="${escape(url)}" alt="">`);
  const words = [author.role, author.bio].map((line) => optional(line, escape)).filter(Boolean);
  return `<aside id="${author.id}">${portrait}<a href="/authors/${author.slug}">${escape(author.name)}</a> ${words.join(". ")}</aside>`;
}

function shareCounts(shares: Shares): string {
  const byNetwork = Object.entries(shares.by_network).map(([network, count]: [string, number]) => `${network}: ${count}`);
  return `<p title="${byNetwork.join(", ")} (${shares.as_of})">Shared ${shares.total.toFixed(0)} times</p>`;
}

/** An article in a list. */
export function teaser(article: ListedArticle): string {
  const section = article.section?.name ?? "News";
  const standfirst = optional(article.standfirst, (text) => `<p>${escape(text)}</p>`);
  const minutes: number = article.reading_minutes;
  return `<article lang="${article.language}" id="${article.id}">${escape(section)}
    <h2><a href="/${article.slug}">${escape(article.headline)}</a></h2>${standfirst}
    <p>${escape(article.byline)}, ${minutes} min</p></article>`;
}

/** An article on its own page. */
export function articlePage(article: Article): { head: string; body: string } {
  const published = new Date(article.published_at);
  const updated = new Date(article.updated_at);
  const text = article.body ? article.body.map(renderBlock).join("\n") : (article.body_html ?? "");
  const corrections = article.corrections.map(
    (correction) => `<p id="${correction.id}">${correction.kind}, ${correction.published_at}: ${escape(correction.text)}</p>`,
  );
  const tags = article.tags.map((tag) => `<a href="/${tag.kind}/${tag.slug}">${escape(tag.name)}</a>`);
  // The newsroom's own JSON: any keys, of any type.
  const custom: Record<string, unknown> = article.custom;
  const liveblog = custom["liveblog"] === true;
  return {
    head: [
      `<title>${escape(article.seo.title ?? article.headline)}</title>`,
      optional(article.seo.description ?? article.standfirst, (is) => `<meta name="description" content="${escape(is)}">`),
      optional(article.canonical_url, (url) => `<link rel="canonical" href="${escape(url)}">`),
    ].join(""),
    body: [
      `<h1>${escape(article.headline)}</h1>`,
      `<p>${published.toISOString()}${updated > published ? `, updated ${updated.toISOString()}` : ""}</p>`,
      liveblog ? "<p>Live</p>" : `<p>${article.word_count.toFixed(0)} words</p>`,
      article.lead_image ? leadImage(article.lead_image) : "",
      optional(article.dateline, (where) => `<b>${escape(where)}</b> `),
      text,
      ...corrections,
      ...tags,
      ...article.authors.map(aboutTheAuthor),
      article.shares ? shareCounts(article.shares) : "",
    ].join("\n"),
  };
}

// --- What must not compile ----------------------------------------------------------------------

type CustomField = Article["custom"][string];
export type CustomFieldsCanBeAnything = AllKnown<{ custom: unknown extends CustomField ? true : false }>;

export function mistakes(article: Article, block: Block): unknown[] {
  const network: Share = {
    // @ts-expect-error -- networks are a closed list
    network: "no_such_network",
  };
  return [
    network,
    // @ts-expect-error -- an article has no such field
    article.no_such_field,
    // @ts-expect-error -- only some blocks have items
    block.items,
  ];
}
