// The example reader and the share widget, as readers use them.
//
//   node reader.mjs PROGRAM CHROMIUM ROOT

import assert from "node:assert/strict";
import { join } from "node:path";
import { prerendered } from "./prerendered.mjs";
import { claim, claims, closing, demo, launch, overflow, portray, reader, serve, tooSmall, until } from "./tools.mjs";

const [program, executablePath, root] = process.argv.slice(2);
// Each claim has an article of its own: counts may be seconds old.
const SLUG = "harbour-cities-agree-flood-fund";
const OTHERS = [
  "port-ellery-council-passes-budget-by-one-vote", "tidewater-cup-final-ellery-rovers-win",
  "sand-battery-heats-kestrel-bay-swimming-pool",
];

const RETRACTED = "glowing-moss-could-light-footpaths";

const count = (page, slug = SLUG) => page.locator(`[data-dateline-article="${slug}"] .dateline-count`);
/** The number in front of the widget's words on a page of one article. */
const number = async (page) =>
  Number((await page.locator("#article .dateline-count").textContent()).replace(/\D/g, ""));

async function run() {
  const newsroom = await demo(program);
  const { api } = newsroom;
  const { data: [widget] } = await (await fetch(`${api}/widgets`)).json();
  const site = await serve(join(root, "examples/reader"), api, `<!doctype html><html lang="de"><title>Bare</title><link rel="icon" href="data:,"><body>
    <script src="${api}${widget.url}" integrity="${widget.integrity}" crossorigin="anonymous"></script>
    <div data-dateline-article="${SLUG}" data-dateline-networks="facebook whatsapp email copy_link unknown"
      data-dateline-words='{"other":"{n} mal geteilt","copy_link":"Link kopieren"}'></div>`);
  const browser = await launch(executablePath);
  const total = async () => (await (await fetch(`${api}/v1/articles/${SLUG}/shares`)).json()).total;
  const addressOf = (slug) => `${site}/article.html?slug=${slug}`;
  const address = addressOf(SLUG);

  await claim("the front page has counts for all its articles from one request", async () => {
    const { context, page, complaints } = await reader(browser);
    const asked = [];
    page.on("request", (request) => request.url().includes("/v1/shares?") && asked.push(request.url()));
    await page.goto(`${site}/`);
    await page.locator("#articles .dateline-count").last().waitFor();
    await until("counts", async () => (await page.locator("#articles .dateline-count:not(:empty)").count()) === 10);
    assert.equal(asked.length, 1, asked.join("\n"));
    assert.match(await count(page).textContent(), /^[\d,]+ shares$/);
    assert.equal(await page.locator("#trending li").count(), 5);
    await portray(page, root, "front");
    assert.deepEqual(complaints, []);
    await context.close();
  });

  await claim("pictures are there in the width that the page needs, in places that were kept for them", async () => {
    const { context, page, complaints } = await reader(browser, { agent: "A reader who looks" });
    await page.addInitScript(() => {
      window.shifted = [];
      new PerformanceObserver((list) => {
        for (const { sources } of list.getEntries()) {
          window.shifted.push(...sources.map(({ node }) => node).filter((node) => node?.closest?.("figure")));
        }
      }).observe({ type: "layout-shift", buffered: true });
    });
    const loaded = async (picture) => {
      await picture.scrollIntoViewIfNeeded();
      await until("a picture", () => picture.evaluate((img) => img.complete && img.naturalWidth > 0));
      return picture.evaluate((img) => img.currentSrc);
    };
    await page.goto(address);
    const lead = page.locator("#article .lead");
    const picture = lead.locator("img");
    assert.match(await loaded(picture), /\/media\/[0-9a-f]+\/960\.webp$/);
    assert.match(await picture.getAttribute("srcset"), /\/320\.webp 320w, .*\/1600\.webp 1600w$/);
    assert.deepEqual(await picture.evaluate((img) => [img.width / img.height > 1.4, img.getAttribute("width")]), [true, "1600"]);
    assert.match(await picture.getAttribute("alt"), /sunrise/);
    assert.match(await lead.locator("figcaption").textContent(), /Port Ellery.*Harbour Pictures \/ Example Press Agency$/);
    const gallery = page.locator("#article .gallery > figure");
    assert.equal(await gallery.count(), 3);
    for (const figure of await gallery.all()) {
      assert.match(await loaded(figure.locator("img")), /\/320\.webp$/);
      assert.match(await figure.locator("figcaption").textContent(), /Harbour Pictures/);
    }
    assert.equal(await page.evaluate(() => window.shifted.length), 0);
    await page.goto(`${site}/`);
    const small = page.locator("#articles .thumb img");
    assert.match(await loaded(small.first()), /\/960-16x9-\d+-\d+\.webp$/);
    assert.match(await loaded(small.nth(1)), /\/320-16x9-\d+-\d+\.webp$/);
    await portray(page, root, "front-pictures");
    assert.deepEqual(complaints, []);
    await context.close();
  });

  await claim("a click raises the count, a second one does not", async () => {
    const { context, page, complaints } = await reader(browser, { share: "accept" });
    await page.goto(address);
    await until("a count", async () => (await number(page)) > 0);
    const before = await number(page);
    assert.equal(before, await total());
    await portray(page, root, "article");
    const button = page.getByRole("button", { name: "Share" });
    await button.click();
    await until("one more", async () => (await number(page)) === before + 1);
    const answer = page.waitForResponse((response) => response.request().method() === "POST");
    await button.click();
    assert.equal((await (await answer).json()).counted, false);
    assert.equal(await number(page), before + 1);
    assert.equal((await page.evaluate(() => window.shared)).title,
      await page.locator("h1").textContent());
    // A new look at it does not lie either, although caches may hold the old count for seconds.
    await page.reload();
    await until("the same", async () => (await number(page)) === before + 1);
    assert.deepEqual(complaints, []);
    await context.close();
  });

  await claim("who closes the share sheet has not shared", async () => {
    const { context, page } = await reader(browser, { share: "refuse", agent: "Another browser" });
    await page.goto(address);
    await until("a count", async () => (await number(page)) > 0);
    const sent = [];
    page.on("request", (request) => request.method() === "POST" && sent.push(request.url()));
    await page.getByRole("button", { name: "Share" }).click();
    await page.waitForTimeout(300);
    assert.deepEqual(sent, []);
    await context.close();
  });

  await claim("without a share sheet the link is copied; a link to a network counts as it opens", async () => {
    const address = addressOf(OTHERS[0]);
    // What is shared is where the article belongs, and not the page that shows it here.
    const canonical = `https://courier.example/${OTHERS[0]}`;
    const { context, page, complaints } = await reader(browser, { agent: "A third browser" });
    await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: site });
    await page.goto(address);
    await until("a count", async () => (await number(page)) > 0);
    const before = await number(page);
    await page.getByRole("button", { name: "Share" }).click();
    await page.getByRole("button", { name: "Link copied" }).waitFor();
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), canonical);
    await until("one more", async () => (await number(page)) === before + 1);
    const tweet = page.getByRole("link", { name: "Tweet: Share on X" });
    const target = new URL(await tweet.getAttribute("href"));
    assert.equal(target.searchParams.get("url"), canonical);
    assert.match(target.searchParams.get("text"), /Port Ellery/);
    assert.equal(await tweet.getAttribute("rel"), "noopener");
    const opened = context.waitForEvent("page");
    await tweet.click();
    await (await opened).close();
    await until("two more", async () => (await number(page)) === before + 2);
    assert.deepEqual(complaints, []);
    await context.close();
  });

  await claim("the keyboard reaches every control, and a screen reader hears its name", async () => {
    const address = addressOf(OTHERS[1]);
    const { context, page } = await reader(browser, { agent: "A fourth browser" });
    await page.goto(address);
    await until("a count", async () => (await number(page)) > 0);
    const bar = page.getByRole("group", { name: "Share this article" });
    assert.match(await bar.locator(".dateline-count").textContent(), /shares$/);
    const focused = [];
    while (focused.length < 20 && focused.at(-1) !== "Tweet") {
      await page.keyboard.press("Tab");
      focused.push(await page.evaluate(() => document.activeElement.textContent));
    }
    assert.deepEqual(focused.slice(0, 2), ["Skip to the content", "The Example Courier"]);
    assert.deepEqual(focused.slice(-3), ["Football", "Share", "Tweet"]);
    const before = await number(page);
    await page.keyboard.press("Shift+Tab");
    await page.keyboard.press("Enter");
    await until("one more", async () => (await number(page)) === before + 1);
    assert.equal(await bar.locator(".dateline-count").getAttribute("aria-live"), "polite");
    assert.equal(await page.evaluate(() => document.activeElement.dataset.network), "native");
    await context.close();
  });

  await claim("a page from the back/forward cache shows what was counted meanwhile", async () => {
    const address = addressOf(OTHERS[2]);
    const { context, page } = await reader(browser, { agent: "A fifth browser" });
    await page.goto(address);
    await until("a count", async () => (await number(page)) > 0);
    const before = await number(page);
    await page.evaluate(() => {
      addEventListener("pageshow", (event) => { window.cameBack = event.persisted; });
    });
    await page.goto(`${site}/nothing-here.html`).catch(() => {});
    await fetch(`${api}/v1/articles/${OTHERS[2]}/shares`, {
      method: "POST", body: "email", headers: { "content-type": "text/plain", "user-agent": "Someone else" },
    });
    // As old as counts may be.
    await page.waitForTimeout(5500);
    await page.goBack({ waitUntil: "commit" });
    assert.equal(await page.evaluate(() => window.cameBack), true, "the page was kept");
    await until("one more", async () => (await number(page)) === before + 1);
    await context.close();
  });

  await claim("the widget works on a page that allows nothing but it, also when elements come late", async () => {
    const { context, page, complaints } = await reader(browser, { agent: "A sixth browser" });
    await page.goto(`${site}/bare`);
    await until("a count", async () => /^[\d.]+ mal geteilt$/.test(await count(page).textContent()));
    assert.deepEqual(await page.locator(".dateline-network").allTextContents(),
      ["Facebook", "WhatsApp", "Email", "Link kopieren"]);
    await page.evaluate(() => {
      const late = document.createElement("p");
      late.setAttribute("data-dateline-article", "telescope-made-of-washing-up-bowls-hears-a-pulsar");
      document.body.append(late);
    });
    await until("the late one", async () =>
      /shares$/.test(await page.locator("p .dateline-count").textContent().catch(() => "")));
    assert.deepEqual(complaints, []);
    // What is written wrongly takes nothing from the others, and is tried as it is.
    await page.evaluate(() => {
      document.documentElement.lang = "de_DE";
      for (const attributes of [
        { "data-dateline-article": "Not A Slug" },
        { "data-dateline-article": "ferry", "data-dateline-url": "http://", "data-dateline-words": '{"on":null}' },
        { "data-dateline-article": " tidewater-cup-final-ellery-rovers-win ", "data-dateline-networks": "constructor x" },
      ]) {
        const element = document.createElement("section");
        for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
        document.body.append(element);
      }
    });
    await until("the good one", async () =>
      /shares$/.test(await page.locator("section .dateline-count").last().textContent().catch(() => "")));
    await context.close();
  });

  await claim("what is retracted says so; what is not here leads back", async () => {
    const { context, page } = await reader(browser, { agent: "An eighth browser" });
    await page.goto(addressOf(RETRACTED));
    assert.match(await page.locator(".retraction").textContent(), /could not be confirmed/);
    assert.equal(await page.title(), "Retracted – The Example Courier");
    for (const path of ["article.html?slug=nowhere", "list.html?tag=nowhere"]) {
      await page.goto(`${site}/${path}`);
      await page.getByRole("heading", { name: "This page is not here" }).waitFor();
      await page.getByRole("link", { name: "Back to the front page" }).click();
      await page.locator("#articles").waitFor();
    }
    await context.close();
  });

  await claim("the front page leads with a story and its picture, and a menu of sections goes on from it", async () => {
    const { context, page, complaints } = await reader(browser, { agent: "A designer" });
    await page.goto(`${site}/`);
    const first = page.locator("#articles .lead");
    await first.locator("img").waitFor();
    const { width } = await first.locator("img").boundingBox();
    assert.ok(width > 800, `${width} px`);
    const size = (place) => place.evaluate((one) => parseFloat(getComputedStyle(one).fontSize));
    assert.ok((await size(first.locator("h2"))) > 1.5 * (await size(page.locator(".card h2").first())));
    assert.match(await first.locator("time").textContent(), /^\d{1,2} [A-Z][a-z]+ \d{4}, \d\d:\d\d UTC$/);
    await page.locator("#trending li a").last().waitFor();
    const trending = await (await fetch(`${api}/v1/trending?window=24h&limit=5&fields=headline`)).json();
    assert.deepEqual(await page.locator("#trending li").allTextContents(), trending.data.map(({ headline }) => headline));
    const menu = page.getByRole("navigation", { name: "Sections" });
    assert.deepEqual(await menu.getByRole("link").allTextContents(), ["World", "Politics", "Business", "Science", "Culture", "Sport"]);
    await menu.getByRole("link", { name: "Sport" }).click();
    await page.getByRole("heading", { level: 1, name: "Sport" }).waitFor();
    assert.equal(await page.title(), "Sport – The Example Courier");
    assert.equal(await menu.locator("[aria-current]").textContent(), "Sport");
    // Those of a section below it are among them.
    await page.locator('#articles a[href$="section=football"]').first().click();
    await page.getByRole("heading", { level: 1, name: "Football" }).waitFor();
    assert.equal(await menu.locator("[aria-current]").textContent(), "Sport");
    assert.equal(await page.locator("#articles .teaser").count(), 2);
    assert.deepEqual(complaints, []);
    await context.close();
  });

  await claim("an article shows its section, tags, changes, corrections and what is related to it", async () => {
    const { context, page, complaints } = await reader(browser, { agent: "A reader who reads on" });
    await page.goto(addressOf(OTHERS[0]));
    await page.locator("#article h1").waitFor();
    assert.equal(await page.locator("#article .section a").getAttribute("href"), "list.html?section=politics");
    assert.match(await page.locator("#article .updated").textContent(), /^Updated \d.* UTC$/);
    assert.match(await page.locator(".corrections").textContent(), /correction\s+\d.* UTC\s*An earlier version/);
    const related = await (await fetch(`${api}/v1/articles/${OTHERS[0]}/related?limit=3&fields=headline`)).json();
    assert.deepEqual(await page.locator(".related h3").allTextContents(), related.data.map(({ headline }) => headline));
    await page.locator("#article > .byline a").click();
    await page.getByRole("heading", { level: 1, name: "Sam Reporter" }).waitFor();
    assert.match(await page.locator(".heading").textContent(), /City and parliament reporter/);
    await portray(page, root, "author");
    await page.goto(address);
    const tag = page.locator("#article .tags a").first();
    const name = await tag.textContent();
    await tag.click();
    await page.getByRole("heading", { level: 1, name }).waitFor();
    assert.ok((await page.locator("#articles .teaser").count()) > 1);
    await portray(page, root, "tag");
    const first = await (await fetch(`${api}/v1/articles?author=sam-reporter&limit=5&view=card`)).json();
    await page.goto(`${site}/list.html?author=sam-reporter&cursor=${first.page.next_cursor}`);
    await page.locator("#articles").waitFor();
    assert.equal(await page.locator("#articles .teaser").count(), 7);
    await page.goto(`${site}/list.html?section=culture`);
    await page.locator("#articles").waitFor();
    await portray(page, root, "section");
    assert.deepEqual(complaints, []);
    await context.close();
  });

  await claim("who is quoted stands apart from the quote", async () => {
    const { context, page } = await reader(browser, { agent: "A reader of quotes" });
    await page.goto(address);
    const [quote, who] = [page.locator("blockquote p").first(), page.locator("blockquote footer").first()];
    const style = (place) => place.evaluate((one) => getComputedStyle(one).fontStyle + getComputedStyle(one).fontFamily);
    const [above, below] = [await quote.boundingBox(), await who.boundingBox()];
    assert.ok(below.y - (above.y + above.height) >= 8);
    assert.notEqual(await style(quote), await style(who));
    await context.close();
  });

  await claim("a finger hits every link and button; what separates those of the share bar is none of them", async () => {
    const { context, page } = await reader(browser, { agent: "A finger" });
    for (const width of [1200, 390]) {
      await page.setViewportSize({ width, height: 844 });
      for (const path of ["", `article.html?slug=${SLUG}`, `article.html?slug=${OTHERS[0]}`, "list.html?section=sport",
        "list.html?tag=port-ellery", "list.html?author=alex-writer", "article.html?slug=nowhere"]) {
        await page.goto(`${site}/${path}`);
        await page.locator("#main:not([aria-busy])").waitFor();
        await page.locator("#trending a").first().waitFor();
        if (!path.endsWith("nowhere")) await page.locator(".dateline-network").last().waitFor();
        assert.deepEqual(await tooSmall(page), [], `${path} at ${width} px`);
        assert.ok((await overflow(page)) <= 0, `${path} at ${width} px is ${await overflow(page)} px too wide`);
      }
      await page.goto(address);
      await page.locator(".dateline-count:not(:empty)").waitFor();
      const controls = page.locator("#article .dateline-network");
      for (const control of await controls.all()) {
        const drawn = await control.evaluate((one) => ["::before", "::after"].map((part) => getComputedStyle(one, part).content));
        assert.deepEqual(drawn, ["none", "none"]);
      }
      const [one, two] = [await controls.first().boundingBox(), await controls.nth(1).boundingBox()];
      const between = one.x + one.width + (two.x - one.x - one.width) / 2;
      assert.ok(two.x - one.x - one.width >= 4);
      assert.equal(await page.evaluate(([x, y]) => document.elementFromPoint(x, y).closest("a, button"),
        [between, one.y + one.height / 2]), null);
    }
    await context.close();
  });

  await claim("a small screen shows all of it", async () => {
    const { context, page } = await reader(browser, { agent: "A telephone" });
    await page.setViewportSize({ width: 390, height: 844 });
    await page.goto(address);
    await until("a count", async () => (await number(page)) > 0);
    await page.setViewportSize({ width: 320, height: 600 });
    assert.ok((await overflow(page)) <= 0, `${await overflow(page)} px too wide`);
    await page.setViewportSize({ width: 390, height: 844 });
    await portray(page, root, "article-small");
    await page.goto(`${site}/`);
    await page.locator(".dateline-count:not(:empty)").last().waitFor();
    await portray(page, root, "front-small");
    await context.close();
  });

  await prerendered({ browser, newsroom, root });
}

let failure;
try {
  await run();
} catch (error) {
  failure = error;
}
for (const close of closing.reverse()) await close().catch(() => {});
if (failure) {
  console.error(failure);
  process.exit(1);
}
console.log(`   ${claims()} claims hold in ${executablePath}`);
