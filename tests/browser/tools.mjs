// What the claims share: the demo, servers of pages on other origins, readers with browsers of their own.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { chromium } from "playwright-core";

/** What to end, the latest first. */
export const closing = [];

/** `dateline demo` on a free port: its address, and how an editor signs in. */
export async function demo(program) {
  const child = spawn(program, ["demo", "--listen", "127.0.0.1:0", "--ops-listen", "127.0.0.1:0"],
    { stdio: ["ignore", "pipe", "ignore"] });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  closing.push(() => {
    child.kill("SIGTERM");
    return ended;
  });
  let said = "";
  for await (const piece of child.stdout) {
    said += piece;
    const found = /(http:\/\/127\.0\.0\.1:\d+)[^]*editor@example\.com +(\S+)\s/.exec(said);
    if (found) {
      child.stdout.resume();
      return { api: found[1], email: "editor@example.com", password: found[2] };
    }
  }
  throw new Error(`the demo did not start: ${said}`);
}

const TYPES = {
  ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".xml": "application/xml", ".txt": "text/plain",
  ".rss": "application/rss+xml", ".atom": "application/atom+xml", ".json": "application/feed+json",
};

/** A folder on another origin than the API's, under a policy that allows the API and nothing else; its address. */
export async function serve(folder, api, bare) {
  const policy =
    `default-src 'none'; script-src 'self' ${api}; connect-src ${api}; style-src 'self'; ` +
    `img-src https: data: ${api}; base-uri 'none'; form-action 'none'`;
  const server = createServer(async (request, response) => {
    const path = new URL(request.url, "http://x").pathname;
    if (bare && path === "/bare") {
      response.writeHead(200, {
        "content-type": "text/html",
        "content-security-policy":
          `default-src 'none'; script-src ${api}; connect-src ${api}; img-src data:; require-trusted-types-for 'script'`,
      });
      response.end(bare);
      return;
    }
    const file = path.endsWith("/") ? `${path}index.html` : path;
    try {
      let content = await readFile(join(folder, file));
      if (extname(file) === ".html") content = content.toString().replaceAll("http://127.0.0.1:8080", api);
      response.writeHead(200, { "content-type": TYPES[extname(file)] ?? "text/html", "content-security-policy": policy });
      response.end(content);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.push(() => new Promise((resolve) => server.close(resolve)));
  return `http://127.0.0.1:${server.address().port}`;
}

export async function launch(executablePath) {
  const browser = await chromium.launch({
    executablePath,
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
      "--disable-component-update", "--disable-sync"],
    // Left on by default in browsers, off by default when they are driven.
    ignoreDefaultArgs: ["--disable-back-forward-cache"],
  });
  closing.push(() => browser.close());
  return browser;
}

const PICTURE = `<svg xmlns="http://www.w3.org/2000/svg" width="1600" height="1067">
  <rect width="1600" height="1067" fill="#9db4c0"/><rect y="700" width="1600" height="367" fill="#5c6b73"/>
  <path d="M200 700h260v-300h60v300h420v-420h70v420h390v60H200z" fill="#253237"/></svg>`;

/** A reader with a browser of their own; what the console complained of. */
export async function reader(browser, { share = "none", agent = "A first browser", scripts = true } = {}) {
  const context = await browser.newContext({
    viewport: { width: 1200, height: 900 }, userAgent: agent, javaScriptEnabled: scripts,
  });
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

export const until = async (what, holds) => {
  for (let tries = 0; tries < 100; tries++) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.fail(`not in time: ${what}`);
};

/** Links and buttons outside running text that a finger would miss: smaller than 24 × 24 CSS pixels (WCAG 2.5.8). */
export const tooSmall = (page) => page.evaluate(() =>
  [...document.querySelectorAll("a[href], button")]
    .filter((one) => !one.closest(".skip, figcaption, .standfirst, [aria-hidden=true], .body :is(p, li, td)"))
    .map((one) => ({ said: one.textContent, width: one.getBoundingClientRect().width, height: one.getBoundingClientRect().height }))
    .filter(({ width, height }) => width < 24 || height < 24));

/** A picture of the whole page, for people to look at: its pictures are loaded when they are scrolled to. */
export async function portray(page, root, name) {
  for (const picture of await page.locator("img:visible").all()) await picture.scrollIntoViewIfNeeded();
  await page.waitForLoadState("networkidle");
  await page.locator(".masthead").scrollIntoViewIfNeeded();
  await page.screenshot({ path: `${root}/target/browser/${name}.png`, fullPage: true });
}

/** How many pixels a page is wider than its window. */
export const overflow = (page) => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);

let passed = 0;
export const claims = () => passed;
export const claim = async (name, body) => {
  await body();
  passed += 1;
  console.log(`   ok: ${name}`);
};
