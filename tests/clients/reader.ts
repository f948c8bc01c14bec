// A reader's front page and article page, as a frontend would type them.
import type { components, paths } from "./schema";

type Get<Path extends keyof paths> = paths[Path] extends {
  get: { responses: { 200: { content: { "application/json": infer Body } } } };
}
  ? Body
  : never;

type ArticleList = Get<"/v1/articles">;
type Article = Get<"/v1/articles/{slug}">;
type Receipt =
  paths["/v1/articles/{slug}/shares"]["post"]["responses"][200]["content"]["application/json"];
type Problem = components["schemas"]["Problem"];
type Block = components["schemas"]["Block"];

async function read<T>(path: string): Promise<T> {
  const response = await fetch(path);
  if (!response.ok) {
    const problem: Problem = await response.json();
    const wrong = (problem.errors ?? []).map((error) => `${error.pointer} ${error.detail}`);
    throw new Error([problem.title, problem.detail, ...wrong].join("\n"));
  }
  return response.json();
}

function render(block: Block): string {
  switch (block.type) {
    case "paragraph":
      return `<p>${block.html}</p>`;
    case "heading":
      return `<h${block.level}>${block.html}</h${block.level}>`;
    case "quote":
      return `<blockquote>${block.text} ${block.attribution ?? ""}</blockquote>`;
    case "image":
      return `<img src="${block.url}" alt="${block.alt}"> ${block.caption ?? ""} ${block.credit ?? ""}`;
    case "list":
      return block.items.map((item) => `<li>${item}</li>`).join("");
    case "embed":
      return block.html ?? block.url;
    case "table":
      return block.rows.map((row) => row.join(" | ")).join("\n");
    case "code":
      return block.text;
    case "html":
      return block.html;
    default: {
      const never: never = block;
      return never;
    }
  }
}

export async function frontPage(): Promise<string[]> {
  const list = await read<ArticleList>("/v1/articles?include=shares");
  const next: string | null | undefined = list.page.next_cursor;
  const lines = list.data.map((article) => {
    const shares: number = article.shares?.total ?? 0;
    return `${shares} SHARES ${article.headline} ${article.section?.name ?? ""} ${article.published_at}`;
  });
  return next ? [...lines, `more: ${next}`] : lines;
}

export async function articlePage(slug: string): Promise<string> {
  const article = await read<Article>(`/v1/articles/${slug}?include=shares`);
  const picture = article.lead_image
    ? `${article.lead_image.url} ${article.lead_image.caption ?? ""} ${article.lead_image.credit ?? ""}`
    : "";
  const about = article.authors.map((author) => `${author.name}: ${author.bio ?? ""}`);
  const text = (article.body ?? []).map(render).join("\n");
  return [article.headline, article.dateline ?? "", picture, text, ...about].join("\n");
}

export async function share(slug: string): Promise<number> {
  const response = await fetch(`/v1/articles/${slug}/shares`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ network: "x" } satisfies components["schemas"]["ShareInput"]),
  });
  const receipt: Receipt = await response.json();
  return receipt.counted ? receipt.total : receipt.total;
}
