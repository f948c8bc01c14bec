// The example reader and the share widget, as readers use them.
//
//   node reader.mjs PROGRAM CHROMIUM ROOT

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { chromium } from "playwright-core";

const [program, executablePath, root] = process.argv.slice(2);
// Each claim has an article of its own: counts may be seconds old.
const SLUG = "harbour-cities-agree-flood-fund";
const OTHERS = [
  "port-ellery-council-passes-budget-by-one-vote", "tidewater-cup-final-ellery-rovers-win",
  "sand-battery-heats-kestrel-bay-swimming-pool",
];
const closing = [];

/** `dateline demo` on a free port; its address. */
async function demo() {
  const child = spawn(program, ["demo", "--listen", "127.0.0.1:0"], { stdio: ["ignore", "pipe", "ignore"] });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  closing.push(() => {
    child.kill("SIGTERM");
    return ended;
  });
  let said = "";
  for await (const piece of child.stdout) {
    said += piece;
    const address = /http:\/\/127\.0\.0\.1:\d+/.exec(said);
    if (address) {
      child.stdout.resume();
      return address[0];
    }
  }
  throw new Error(`the demo did not start: ${said}`);
}

/** The pages of the example on another origin, under a policy that allows the API and nothing else. */
async function pages(api, bare) {
  const types = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css" };
  const policy =
    `default-src 'none'; script-src 'self' ${api}; connect-src ${api}; style-src 'self'; ` +
    `img-src https: data: ${api}; base-uri 'none'; form-action 'none'`;
  const server = createServer(async (request, response) => {
    const path = new URL(request.url, "http://x").pathname;
    if (path === "/bare") {
      response.writeHead(200, {
        "content-type": "text/html",
        "content-security-policy":
          `default-src 'none'; script-src ${api}; connect-src ${api}; img-src data:; require-trusted-types-for 'script'`,
      });
      response.end(bare);
      return;
    }
    try {
      let content = await readFile(join(root, "examples/reader", path === "/" ? "index.html" : path));
      if (extname(path) === ".html" || path === "/") {
        content = content.toString().replaceAll("http://127.0.0.1:8080", api);
      }
      response.writeHead(200, {
        "content-type": types[extname(path)] ?? "text/html",
        "content-security-policy": policy,
      });
      response.end(content);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.push(() => new Promise((resolve) => server.close(resolve)));
  return `http://127.0.0.1:${server.address().port}`;
}

const PICTURE = `<svg xmlns="http://www.w3.org/2000/svg" width="1600" height="1067">
  <rect width="1600" height="1067" fill="#9db4c0"/><rect y="700" width="1600" height="367" fill="#5c6b73"/>
  <path d="M200 700h260v-300h60v300h420v-420h70v420h390v60H200z" fill="#253237"/></svg>`;

/** A reader with a browser of their own; what the console complained of. */
async function reader(browser, { share = "none", agent = "A first browser" } = {}) {
  const context = await browser.newContext({ viewport: { width: 1200, height: 900 }, userAgent: agent });
  await context.route("https://images.example.com/**", (route) =>
    route.fulfill({ contentType: "image/svg+xml", body: PICTURE }));
  // Nobody leaves this machine.
  await context.route(/^https:\/\/(?!images\.example\.com)/, (route) => route.abort());
  await context.addInitScript((share) => {
    if (share === "none") delete Navigator.prototype.share;
    else Navigator.prototype.share = async (data) => {
      window.shared = data;
      if (share === "refuse") throw new DOMException("no", "AbortError");
    };
  }, share);
  const page = await context.newPage();
  const complaints = [];
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  return { context, page, complaints };
}

const count = (page, slug = SLUG) => page.locator(`[data-dateline-article="${slug}"] .dateline-count`);
/** The number in front of the widget's words on a page of one article. */
const number = async (page) =>
  Number((await page.locator("#article .dateline-count").textContent()).replace(/\D/g, ""));
const until = async (what, holds) => {
  for (let tries = 0; tries < 100; tries++) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.fail(`not in time: ${what}`);
};

let passed = 0;
const claim = async (name, body) => {
  await body();
  passed += 1;
  console.log(`   ok: ${name}`);
};

async function run() {
  const api = await demo();
  const { data: [widget] } = await (await fetch(`${api}/widgets`)).json();
  const site = await pages(api, `<!doctype html><html lang="de"><title>Bare</title><link rel="icon" href="data:,"><body>
    <script src="${api}${widget.url}" integrity="${widget.integrity}" crossorigin="anonymous"></script>
    <div data-dateline-article="${SLUG}" data-dateline-networks="facebook whatsapp email copy_link unknown"
      data-dateline-words='{"other":"{n} mal geteilt","copy_link":"Link kopieren"}'></div>`);
  const browser = await chromium.launch({
    executablePath,
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
      "--disable-component-update", "--disable-sync"],
    // Left on by default in browsers, off by default when they are driven.
    ignoreDefaultArgs: ["--disable-back-forward-cache"],
  });
  closing.push(() => browser.close());
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
    await page.screenshot({ path: `${root}/target/browser/front.png`, fullPage: true });
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
    await page.screenshot({ path: `${root}/target/browser/front-pictures.png`, fullPage: true });
    assert.deepEqual(complaints, []);
    await context.close();
  });

  await claim("a click raises the count, a second one does not", async () => {
    const { context, page, complaints } = await reader(browser, { share: "accept" });
    await page.goto(address);
    await until("a count", async () => (await number(page)) > 0);
    const before = await number(page);
    assert.equal(before, await total());
    await page.screenshot({ path: `${root}/target/browser/article.png`, fullPage: true });
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
    for (let presses = 0; presses < 4; presses++) {
      await page.keyboard.press("Tab");
      focused.push(await page.evaluate(() => document.activeElement.textContent));
    }
    assert.deepEqual(focused, ["Skip to the article", "The Example Courier", "Share", "Tweet"]);
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

  await claim("a small screen shows all of it", async () => {
    const { context, page } = await reader(browser, { agent: "A telephone" });
    await page.setViewportSize({ width: 375, height: 800 });
    await page.goto(address);
    await until("a count", async () => (await number(page)) > 0);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(overflow <= 0, `${overflow} px too wide`);
    await page.screenshot({ path: `${root}/target/browser/article-small.png`, fullPage: true });
    await context.close();
  });
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
console.log(`   ${passed} claims hold in ${executablePath}`);
