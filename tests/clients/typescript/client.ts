/** Reads the sample newsroom and writes an article with the client that @hey-api/openapi-ts makes. */

import { createArticle, editArticle, getArticle, listArticles } from "./hey-api";
import { client } from "./hey-api/client.gen";

declare const process: { env: Record<string, string | undefined> };

function check(holds: boolean, what: unknown): asserts holds {
  if (!holds) throw new Error(JSON.stringify(what));
}

async function main(): Promise<void> {
  client.setConfig({ baseUrl: process.env["DATELINE_URL"] ?? "", auth: process.env["DATELINE_TOKEN"] ?? "" });
  const slugs: string[] = [];
  let blocks = 0;
  let cursor: string | undefined;
  do {
    const query = { limit: 20, include: ["body" as const, "shares" as const], ...(cursor ? { cursor } : {}) };
    const { data, error } = await listArticles({ query });
    check(data !== undefined, error);
    for (const article of data.data) {
      slugs.push(article.slug);
      blocks += article.body?.length ?? 0;
    }
    cursor = data.page.next_cursor ?? undefined;
  } while (cursor !== undefined);
  for (const slug of slugs) {
    const { data, error } = await getArticle({ path: { slug } });
    check(data?.slug === slug && data.body !== undefined && data.body_html !== undefined, error);
  }

  const created = await createArticle({
    body: {
      headline: "From TypeScript",
      kicker: "Test",
      lead_image: { url: "https://images.example.com/a.jpg", alt: "A", width: 1600 },
      body: { format: "html", content: "<p>One.</p><p>Two.</p>" },
    },
  });
  check(created.data?.body.length === 2, created.error);
  const patched = await editArticle({
    path: { id: created.data.id },
    headers: { "If-Match": created.response?.headers.get("etag") ?? "" },
    body: { headline: "Patched from TypeScript", kicker: null, lead_image: { credit: "C" } },
  });
  const article = patched.data;
  check(article !== undefined && article.headline === "Patched from TypeScript", patched.error);
  check(article.kicker === null && article.lead_image?.credit === "C" && article.lead_image.alt === "A", article);
  console.log(`   ${slugs.length} articles with ${blocks} blocks read, one written and patched`);
}

void main();
