/* Dateline share widget. <div data-dateline-article="slug"></div> becomes "12 shares · Share · Tweet". */
(() => {
  "use strict";
  // Where the script is from, below whatever path: …/widgets/share.js.
  const api = new URL("..", document.currentScript.src).href.slice(0, -1);
  const ATTRIBUTE = "data-dateline-article";
  const DEFAULT_NETWORKS = "native x";
  // After a share, caches may answer what was counted before it for so long.
  const FRESH = 10000;
  const WORDS = {
    one: "{n} share", other: "{n} shares", group: "Share this article", on: "Share on {network}",
    native: "Share", x: "Tweet", copied: "Link copied", copy_link: "Copy link",
  };
  // Where each network takes a link: {u} its address, {t} its title.
  const NETWORKS = {
    facebook: ["Facebook", "https://www.facebook.com/sharer/sharer.php?u={u}"],
    x: ["X", "https://twitter.com/intent/tweet?url={u}&text={t}"],
    whatsapp: ["WhatsApp", "https://wa.me/?text={t}%20{u}"],
    telegram: ["Telegram", "https://t.me/share/url?url={u}&text={t}"],
    linkedin: ["LinkedIn", "https://www.linkedin.com/sharing/share-offsite/?url={u}"],
    reddit: ["Reddit", "https://www.reddit.com/submit?url={u}&title={t}"],
    pinterest: ["Pinterest", "https://www.pinterest.com/pin/create/button/?url={u}&description={t}"],
    bluesky: ["Bluesky", "https://bsky.app/intent/compose?text={t}%20{u}"],
    threads: ["Threads", "https://www.threads.net/intent/post?text={t}%20{u}"],
    email: ["Email", "mailto:?subject={t}&body={u}"],
    sms: ["SMS", "sms:?&body={t}%20{u}"],
  };
  // Elements by slug, each with what shows its count.
  const shown = new Map();

  const remembered = (slug) => {
    try {
      const [total, at] = sessionStorage.getItem(`dateline ${slug}`).split(" ").map(Number);
      return Date.now() - at < FRESH ? total : 0;
    } catch {
      return 0;
    }
  };
  const remember = (slug, total) => {
    try {
      sessionStorage.setItem(`dateline ${slug}`, `${total} ${Date.now()}`);
    } catch { /* The page may not store anything. */ }
  };

  const show = (slug, total, loud) => {
    for (const { count, words, language } of shown.get(slug) || []) {
      // A screen reader hears what the reader's own click did, not every count of a page.
      if (loud) count.setAttribute("aria-live", "polite");
      const form = new Intl.PluralRules(language).select(total);
      const text = (words[form] || words.other)
        .replace("{n}", new Intl.NumberFormat(language).format(total));
      if (count.textContent !== text) count.textContent = text;
    }
  };

  const load = async (slugs) => {
    for (let first = 0; first < slugs.length; first += 100) {
      try {
        const some = slugs.slice(first, first + 100).map(encodeURIComponent).join(",");
        const answer = await fetch(`${api}/v1/shares?slugs=${some}`, { credentials: "omit" });
        if (!answer.ok) continue;
        for (const { slug, total } of (await answer.json()).data) {
          show(slug, Math.max(total, remembered(slug)));
        }
      } catch { /* Without a count, the buttons still share. */ }
    }
  };

  const report = async (slug, network) => {
    const url = `${api}/v1/articles/${encodeURIComponent(slug)}/shares`;
    // Plain text needs no preflight; it goes out although the page may be left at once.
    const body = new Blob([JSON.stringify({ network })], { type: "text/plain" });
    let answer;
    try {
      answer = await fetch(url, { method: "POST", body, keepalive: true, credentials: "omit" });
    } catch {
      navigator.sendBeacon && navigator.sendBeacon(url, body);
    }
    if (!answer || !answer.ok) return;
    const { total } = await answer.json();
    remember(slug, total);
    show(slug, total, true);
  };

  const copy = async (text) => {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      // Pages without TLS have no clipboard.
      const focused = document.activeElement;
      const field = document.createElement("textarea");
      field.value = text;
      document.body.append(field);
      field.select();
      const copied = document.execCommand("copy");
      field.remove();
      focused && focused.focus();
      return copied;
    }
  };

  const build = (element) => {
    const slug = element.getAttribute(ATTRIBUTE).trim();
    if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(slug)) return null;
    if (element.dateline === slug && element.firstChild) return null;
    for (const others of shown.values()) {
      for (const other of others) if (other.element === element) others.delete(other);
    }
    element.dateline = slug;
    const data = element.dataset;
    let words = WORDS;
    try {
      words = { ...WORDS, ...JSON.parse(data.datelineWords || "{}") };
    } catch { /* Words that cannot be read are left out. */ }
    // Asked for when they are needed: pages that change themselves change their address last.
    const url = () => {
      const canonical = document.querySelector("link[rel=canonical]");
      const own = canonical ? canonical.href : location.href;
      try {
        return new URL(data.datelineUrl || own, location.href).href;
      } catch {
        return own;
      }
    };
    const title = () => data.datelineTitle || document.title;
    const tag = element.closest("[lang]");
    let language = tag ? tag.lang : undefined;
    try {
      new Intl.PluralRules(language);
    } catch {
      language = undefined;
    }
    const make = (name, type) => Object.assign(document.createElement(name), { className: `dateline-${type}` });

    const count = make("span", "count");
    const parts = [count];
    for (const network of (data.datelineNetworks || DEFAULT_NETWORKS).split(/[\s,]+/)) {
      let control;
      if (Object.hasOwn(NETWORKS, network)) {
        const [name, template] = NETWORKS[network];
        control = make("a", "network");
        const fill = () => {
          const parts = { "{u}": encodeURIComponent(url()), "{t}": encodeURIComponent(title()) };
          control.href = template.replace(/\{[ut]\}/g, (part) => parts[part]);
        };
        fill();
        for (const event of ["pointerdown", "focus", "click"]) control.addEventListener(event, fill);
        if (/^http/.test(template)) {
          control.target = "_blank";
          control.rel = "noopener";
        }
        control.textContent = words[network] || name;
        // The name begins with what is seen, so that it can be spoken to.
        control.setAttribute("aria-label", `${control.textContent}: ${words.on.replace("{network}", name)}`);
        control.addEventListener("click", () => report(slug, network));
      } else if (network === "native" || network === "copy_link") {
        control = make("button", "network");
        control.type = "button";
        control.textContent = words[network];
        control.addEventListener("click", async () => {
          if (network === "native" && navigator.share) {
            try {
              await navigator.share({ title: title(), url: url() });
              report(slug, network);
            } catch { /* The reader chose not to. */ }
            return;
          }
          if (!(await copy(url()))) return;
          control.textContent = words.copied;
          setTimeout(() => { control.textContent = words[network]; }, 2000);
          report(slug, "copy_link");
        });
      } else {
        continue;
      }
      control.dataset.network = network;
      parts.push(control);
    }
    element.setAttribute("role", "group");
    element.setAttribute("aria-label", data.datelineTitle ? `${words.group}: ${data.datelineTitle}` : words.group);
    element.replaceChildren(...parts);
    if (!shown.has(slug)) shown.set(slug, new Set());
    shown.get(slug).add({ element, count, words, language });
    return slug;
  };

  const scan = () => {
    for (const [slug, all] of shown) {
      for (const one of all) if (!one.element.isConnected) { all.delete(one); delete one.element.dateline; }
      if (!all.size) shown.delete(slug);
    }
    const slugs = [...document.querySelectorAll(`[${ATTRIBUTE}]`)].map((element) => {
      try {
        return build(element);
      } catch (error) {
        // One that is written wrongly takes nothing from the others, and is not tried again.
        console.warn(error);
        element.append("");
      }
    }).filter(Boolean);
    if (slugs.length) load([...new Set(slugs)]);
  };

  const start = () => {
    try {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(
        `:where([${ATTRIBUTE}]){display:flex;flex-wrap:wrap;align-items:baseline;gap:.25em .75em}` +
        ":where(.dateline-count:not(:empty)){font-weight:700}" +
        ":where(button.dateline-network){font:inherit;color:inherit;background:none;border:0;padding:0;" +
        "text-decoration:underline;cursor:pointer}:where(a.dateline-network){color:inherit}",
      );
      document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
    } catch { /* The page's own styles are enough. */ }
    scan();
    let pending = 0;
    new MutationObserver(() => {
      clearTimeout(pending);
      pending = setTimeout(scan, 0);
    }).observe(document.documentElement, { childList: true, subtree: true, attributeFilter: [ATTRIBUTE] });
  };

  // A page that comes back from the back/forward cache shows what was counted when it was left.
  addEventListener("pageshow", (event) => event.persisted && load([...shown.keys()]));
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
