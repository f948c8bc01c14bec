// The site that examples/reader/build.mjs makes ahead: what it is without JavaScript, and what a change rewrites.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { claim, closing, overflow, portray, reader, serve, tooSmall, until } from "./tools.mjs";

const SLUG = "harbour-cities-agree-flood-fund";

const stamp = async (path) => {
  const { ino, mtimeMs } = await stat(path);
  return `${ino} ${mtimeMs}`;
};

/** A server that passes on what it is asked, but knows no cursor of /v1/sync before its own. */
async function restored(api) {
  let asked = false;
  const server = createServer(async ({ url }, response) => {
    if (url.startsWith("/v1/sync?initial")) asked = true;
    if (url.startsWith("/v1/sync?cursor") && !asked) {
      response.writeHead(410, { "content-type": "application/problem+json" });
      return response.end(JSON.stringify({ type: "/problems/sync-expired", status: 410 }));
    }
    const answer = await fetch(api + url);
    response.writeHead(answer.status, { "content-type": answer.headers.get("content-type") });
    return response.end(Buffer.from(await answer.arrayBuffer()));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.push(() => new Promise((resolve) => server.close(resolve)));
  return `http://127.0.0.1:${server.address().port}`;
}

export async function prerendered({ browser, newsroom, root }) {
  const { api } = newsroom;
  const folder = await mkdtemp(join(tmpdir(), "dateline-site-"));
  closing.push(() => rm(folder, { recursive: true, force: true }));
  const build = async (into = folder, from = api) => {
    const { stdout } = await promisify(execFile)(process.execPath, [join(root, "examples/reader/build.mjs"), from, into, api]);
    return /(\d+) pages written, (\d+) removed/.exec(stdout).slice(1).map(Number);
  };
  /** All files but the state, and what tells whether they were written: each is written as a new file. */
  const files = async (of = folder, tell = stamp) => {
    const all = {};
    for (const one of await readdir(of, { recursive: true, withFileTypes: true })) {
      if (!one.isFile() || one.name === ".dateline.json") continue;
      const path = join(one.parentPath ?? one.path, one.name);
      all[path.slice(of.length)] = await tell(path);
    }
    return all;
  };
  const contents = (of) => files(of, (path) => readFile(path, "utf8"));
  const rewritten = (before, after) => Object.keys(after).filter((path) => after[path] !== before[path]).sort();
  const gone = (before, after) => Object.keys(before).filter((path) => !(path in after)).sort();
  /** Feeds and sitemaps list articles, so they follow every change. */
  const pagesOf = (paths) => paths.filter((path) => path.endsWith(".html"));

  const site = await serve(folder, api);

  await claim("a site that is made ahead has all its pages without JavaScript", async () => {
    const [written, removed] = await build();
    assert.equal(written, Object.keys(await files()).filter((path) => path.endsWith(".html")).length);
    assert.equal(removed, 0);
    const { context, page, complaints } = await reader(browser, { scripts: false, agent: "A reader without scripts" });
    await page.goto(`${site}/${SLUG}/`);
    const { headline } = await (await fetch(`${api}/v1/articles/${SLUG}?fields=headline`)).json();
    assert.equal(await page.locator("h1").textContent(), headline);
    assert.match(await page.locator(".body").textContent(), /^New York, USA – Thirty-one port cities.*first to apply\.\s*$/s);
    const picture = page.locator("#article .lead img");
    // Nothing can be run in the page: what it loaded is seen from its size.
    assert.ok((await picture.boundingBox()).height > 400);
    assert.match(await picture.getAttribute("alt"), /sunrise/);
    assert.match(await page.locator("#article .lead figcaption").textContent(), /Port Ellery.*Harbour Pictures/);
    assert.equal(await page.getByRole("navigation", { name: "Sections" }).getByRole("link").count(), 6);
    assert.equal(await page.locator(".related h3").count(), 3);
    const jsonld = JSON.parse(await page.locator('script[type="application/ld+json"]').textContent());
    assert.equal(jsonld.headline, headline);
    assert.equal(await page.locator("link[rel=canonical]").getAttribute("href"), `https://courier.example/${SLUG}`);
    assert.match(await page.locator('meta[property="og:title"]').getAttribute("content"), /^Flood fund/);
    assert.match(await page.title(), /The Example Courier$/);
    await portray(page, root, "prerendered");
    await page.goto(`${site}/saint-aubrac-le-cinema-sauve-par-ses-fauteuils/`);
    assert.equal(await page.locator("html").getAttribute("lang"), "fr");
    await page.goto(`${site}/marsa-al-yasmin-library-boat/`);
    assert.equal(await page.locator("#article").getAttribute("dir"), "rtl");
    await portray(page, root, "prerendered-arabic");
    await page.setViewportSize({ width: 390, height: 844 });
    await page.goto(`${site}/`);
    assert.equal(await page.locator("#articles .teaser").count(), 10);
    await portray(page, root, "prerendered-small");
    assert.deepEqual(complaints, []);
    await context.close();
  });

  await claim("every link within the site answers, from every page", async () => {
    const seen = new Set();
    const waiting = Object.keys(await files()).filter((path) => path.endsWith(".html")).map((path) => path.replace(/index\.html$/, ""));
    while (waiting.length) {
      const path = waiting.pop();
      if (seen.has(path)) continue;
      seen.add(path);
      const answer = await fetch(site + path);
      assert.equal(answer.status, 200, path);
      if (!answer.headers.get("content-type").startsWith("text/html")) continue;
      for (const [, found] of (await answer.text()).matchAll(/ (?:href|src)="(\/[^"#]*)/g)) waiting.push(found);
    }
    const { data } = await (await fetch(`${api}/v1/articles?limit=100&fields=slug`)).json();
    for (const { slug } of data) assert.ok(seen.has(`/${slug}/`), slug);
    const sitemap = await (await fetch(`${site}/sitemap.xml`)).text();
    const listed = [];
    for (const [, map] of sitemap.matchAll(/<loc>https:\/\/courier\.example(\/sitemaps\/[^<]+)/g)) {
      const answer = await fetch(site + map);
      assert.equal(answer.status, 200, map);
      for (const [, path] of (await answer.text()).matchAll(/<loc>https:\/\/courier\.example(\/[^<]+)/g)) listed.push(path);
    }
    assert.deepEqual([...new Set(listed)].sort(), data.map(({ slug }) => `/${slug}`).sort());
    assert.match(await (await fetch(`${site}/robots.txt`)).text(), /^Sitemap: /m);
    for (const format of ["rss", "atom", "json"]) {
      assert.equal(await (await fetch(`${site}/feeds/articles.${format}`)).text(),
        await (await fetch(`${api}/feeds/articles.${format}`)).text());
    }
  });

  await claim("with JavaScript it counts shares, shows what trends, and leaves out what cannot be loaded", async () => {
    const { context, page, complaints } = await reader(browser, { share: "accept", agent: "A reader with scripts" });
    await page.goto(`${site}/${SLUG}/`);
    const shown = page.locator("#article .dateline-count");
    await until("a count", async () => /\d shares$/.test(await shown.textContent().catch(() => "")));
    const before = Number((await shown.textContent()).replace(/\D/g, ""));
    await page.getByRole("button", { name: "Share" }).click();
    await until("one more", async () => Number((await shown.textContent()).replace(/\D/g, "")) === before + 1);
    assert.equal((await page.evaluate(() => window.shared)).url, `https://courier.example/${SLUG}`);
    await page.locator("#trending a").last().waitFor();
    assert.match(await page.locator("#trending a").first().getAttribute("href"), /^\/[a-z0-9-]+\/$/);
    assert.match(await page.locator("#article .lead img").evaluate((img) => img.style.backgroundColor), /^rgb/);
    for (const width of [1200, 390]) {
      await page.setViewportSize({ width, height: 844 });
      assert.deepEqual(await tooSmall(page), []);
      assert.ok((await overflow(page)) <= 0);
    }
    assert.deepEqual(complaints, []);
    await context.unroute("https://images.example.com/**");
    await context.route("https://images.example.com/**", (route) => route.abort());
    await page.goto(`${site}/port-ellery-council-passes-budget-by-one-vote/`);
    await until("no picture", async () => (await page.locator("#article figure.lead").count()) === 0);
    await context.close();
  });

  const call = async (path, body, headers = {}, method = "POST") => {
    const answer = await fetch(`${api}/v1/${path}`, {
      method, headers: { "content-type": "application/json", ...headers }, body: body && JSON.stringify(body),
    });
    assert.ok(answer.ok, `${path}: ${answer.status} ${await answer.clone().text()}`);
    return answer.json();
  };
  const { email, password } = newsroom;
  const { access_token } = await call("auth/login", { email, password });
  const editor = { authorization: `Bearer ${access_token}` };

  await claim("a run without changes writes nothing; a change rewrites the pages that show it", async () => {
    const start = await files();
    assert.deepEqual(await build(), [0, 0]);
    assert.deepEqual(await files(), start);

    const { id, version } = await call("editorial/articles", {
      headline: "Ferries & <quays>: what is next", authors: ["alex-writer"], section: "football", tags: ["transport"],
      body: { format: "html", content: "<p>It <em>works</em>.</p>" },
    }, editor);
    const published = await call(`editorial/articles/${id}/publish`, null, { ...editor, "if-match": `"v${version}"` });
    const own = `/${published.slug}/index.html`;
    const pages = ["/index.html", own, "/authors/alex-writer/index.html", "/tags/football/index.html",
      "/tags/sport/index.html", "/tags/transport/index.html"].sort();
    await build();
    const there = await files();
    assert.deepEqual(pagesOf(rewritten(start, there)), pages);
    assert.deepEqual(gone(start, there), []);
    const { context, page } = await reader(browser, { scripts: false, agent: "A reader of what is new" });
    await page.goto(`${site}/${published.slug}/`);
    assert.equal(await page.locator("h1").textContent(), "Ferries & <quays>: what is next");
    assert.equal(await page.locator(".updated").count(), 0);
    await page.goto(`${site}/tags/sport/`);
    assert.equal(await page.locator("#articles h2").first().textContent(), "Ferries & <quays>: what is next");
    await context.close();

    await call(`editorial/articles/${id}/unpublish`, null, { ...editor, "if-match": `"v${published.version}"` });
    const [, removed] = await build();
    const after = await files();
    assert.equal(removed, 1);
    assert.deepEqual(gone(there, after).filter((path) => path.endsWith(".html")), [own]);
    assert.deepEqual(pagesOf(rewritten(there, after)), pages.filter((path) => path !== own));
    assert.equal((await fetch(`${site}/${published.slug}/`)).status, 404);
  });

  await claim("a renamed tag moves; the folder is what a first run makes", async () => {
    const { id } = await call("tags/transport", undefined, {}, "GET");
    await call(`editorial/tags/${id}`, { slug: "getting-about", name: "Getting about" },
      { ...editor, "if-match": "*", "content-type": "application/merge-patch+json" }, "PATCH");
    const before = await files();
    await build();
    assert.deepEqual(gone(before, await files()), ["/tags/transport/index.html"]);
    const other = await mkdtemp(join(tmpdir(), "dateline-site-"));
    closing.push(() => rm(other, { recursive: true, force: true }));
    await build(other);
    assert.deepEqual(await contents(folder), await contents(other));
  });

  await claim("what was lost comes back, and what a server does not remember goes", async () => {
    const before = await files();
    const state = join(folder, ".dateline.json");
    await rm(join(folder, SLUG), { recursive: true });
    await rm(state);
    assert.deepEqual(await build(), [1, 0]);
    assert.deepEqual(rewritten(before, await files()), [`/${SLUG}/index.html`]);
    const kept = JSON.parse(await readFile(state, "utf8"));
    const forgotten = { slug: "before-the-backup", listed: [], related: [] };
    await mkdir(join(folder, forgotten.slug));
    await writeFile(join(folder, forgotten.slug, "index.html"), "What the backup did not have.");
    await writeFile(state, JSON.stringify({ ...kept, articles: { ...kept.articles, "an-id": forgotten } }));
    const there = await files();
    assert.deepEqual(await build(folder, await restored(api)), [0, 1]);
    assert.deepEqual(gone(there, await files()), [`/${forgotten.slug}/index.html`]);
    // A folder of another newsroom is left as it is.
    await writeFile(state, JSON.stringify({ ...kept, cursor: "elsewhere" }));
    await assert.rejects(build(), /was made from another newsroom/);
  });
}
