// Clients of Ghost against the sample newsroom.
import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';

import GhostContentAPI from '@tryghost/content-api';
import nql from '@tryghost/nql-lang';
import {TSGhostContentAPI} from '@ts-ghost/content-api';

const key = '0123456789abcdef0123456789';

/** Starts the sample newsroom; resolves with its address once it answers. */
async function start() {
    const demo = spawn(process.env.PROGRAM, ['demo', '--listen', '127.0.0.1:0', '--ops-listen', '127.0.0.1:0'], {
        env: {...process.env, DATELINE_GHOST_KEY: key}, stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    for (const stream of [demo.stdout, demo.stderr]) {
        stream.on('data', (data) => { said += data; });
    }
    for (let left = 900; left > 0; left -= 1) {
        const url = said.match(/http:\/\/127\.0\.0\.1:\d+/)?.[0];
        const answer = url && await fetch(`${url}/readyz`).catch(() => null);
        if (answer?.ok) {
            return {demo, url};
        }
        assert.equal(demo.exitCode, null, said);
        await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error(`the demo did not start: ${said}`);
}

const {demo, url} = await start();
try {
    await ghost();
    await typed();
    await filters();
} finally {
    demo.kill('SIGTERM');
}

async function listed(query) {
    const answer = await fetch(`${url}/v1/articles?limit=100&${query}`);
    return (await answer.json()).data;
}

async function fails(name, call) {
    await assert.rejects(call, (error) => error.name === name && error.message.length > 0);
}

/** Ghost's own client, and what the plugins of Gatsby and Eleventy ask it. */
async function ghost() {
    const api = new GhostContentAPI({url, key, version: 'v6.0'});
    const all = {limit: 'all', include: ['tags', 'authors'], formats: ['html', 'plaintext']};
    const articles = await listed('');
    const posts = await api.posts.browse(all);
    assert.deepEqual(posts.map((post) => post.id), articles.map((article) => article.id));
    assert.equal(posts.meta.pagination.total, articles.length);
    for (const post of posts) {
        assert.ok(post.html && post.plaintext && post.url.startsWith('https://courier.example/'));
        assert.ok(post.primary_author && post.tags.every((tag) => tag.id && tag.url));
        assert.ok(post.feature_image === null || post.feature_image.startsWith('https://'));
    }
    const pages = [];
    for (let page = 1; page; page = pages.at(-1).meta.pagination.next) {
        pages.push(await api.posts.browse({limit: 15, page}));
    }
    assert.deepEqual(pages.flat().map((post) => post.id), posts.map((post) => post.id));
    const {slug, id} = posts[3];
    assert.equal((await api.posts.read({slug}, {formats: ['html']})).id, id);
    assert.equal((await api.posts.read({id})).slug, slug);
    const filter = 'tag:world+published_at:>2020-01-01';
    const some = await api.posts.browse({limit: 'all', filter, order: 'published_at asc'});
    const wanted = await listed('tag=world&published_after=2020-01-01T00:00:00Z&sort=published_at');
    assert.deepEqual(some.map((post) => post.slug), wanted.map((article) => article.slug));
    const tags = await api.tags.browse({limit: 'all', include: 'count.posts', filter: 'visibility:public'});
    const authors = await api.authors.browse({limit: 'all', include: 'count.posts'});
    assert.ok(tags.length > 10 && authors.length > 2 && authors[0].count.posts > 0);
    assert.equal((await api.tags.read({slug: tags[0].slug})).id, tags[0].id);
    assert.equal((await api.authors.read({id: authors[0].id})).slug, authors[0].slug);
    assert.equal((await api.settings.browse()).title, 'The Example Courier');
    assert.equal((await api.tiers.browse({include: 'benefits,monthly_price,yearly_price'})).length, 0);
    assert.equal((await api.pages.browse(all)).length, 0);
    await fails('NotFoundError', () => api.posts.read({slug: 'never-was'}));
    await fails('NotFoundError', () => api.pages.read({slug: 'about'}));
    await fails('BadRequestError', () => api.posts.browse({filter: "title:~'flood'"}));
    const stranger = new GhostContentAPI({url, key: 'f'.repeat(26), version: 'v6.0'});
    await fails('NoPermissionError', () => stranger.posts.browse());
    console.log(`   ${posts.length} posts, ${tags.length} tags and ${authors.length} authors through Ghost's own client`);
}

/** A client that knows the type of each field, and refuses what is not of it. */
async function typed() {
    const api = new TSGhostContentAPI(url, key, 'v6.0');
    const slug = (await listed(''))[0].slug;
    const calls = {
        posts: api.posts.browse({limit: 15}).include({tags: true, authors: true}),
        post: api.posts.read({slug}).include({tags: true, authors: true}).formats({html: true, plaintext: true}),
        tags: api.tags.browse({limit: 15}).include({'count.posts': true}),
        authors: api.authors.browse().include({'count.posts': true}),
        settings: api.settings,
        tiers: api.tiers.browse(),
        pages: api.pages.browse(),
    };
    for (const [name, call] of Object.entries(calls)) {
        const answer = await call.fetch();
        assert.ok(answer.success, `${name}: ${JSON.stringify(answer.errors)}`);
    }
    console.log(`   ${Object.keys(calls).length} calls of a typed client`);
}

/** What Ghost's parser refuses is refused, what is understood is a filter there too, and nothing is an error of the server. */
async function filters() {
    let seed = 2026;
    const random = (count) => {
        seed = (seed * 1103515245 + 12345) % 2147483648;
        return Math.floor((seed / 2147483648) * count);
    };
    const choose = (list) => list[random(list.length)];
    const value = () => choose(['world', 'alex-writer', "'a b'", 'null', 'true', '12', '2026-01-01', 'now-7d', '[world,sport]',
        '[world+sport]', '-world', '>2026', "'", '', '-', '~\'x\'', 'x y']);
    const term = () => `${choose(['tag', 'author', 'slug', 'published_at', 'featured', 'visibility', 'title', 'primary_tag'])}:${value()}`;
    const group = () => (random(4) ? term() : `(${term()}${choose(['+', ','])}${term()}${choose([')', ')', ''])}`);
    let taken = 0;
    for (let number = 0; number < 200; number += 1) {
        const parts = Array.from({length: 1 + random(3)}, group);
        const filter = parts.join(choose(['+', ',', ' + ']));
        let isFilter = true;
        try {
            nql.parse(filter);
        } catch {
            isFilter = false;
        }
        const answer = await fetch(`${url}/ghost/api/content/posts/?key=${key}&limit=1&filter=${encodeURIComponent(filter)}`);
        const said = await answer.json();
        assert.ok([200, 400].includes(answer.status), `${filter}: ${answer.status}`);
        assert.ok(answer.status === 400 || isFilter, `Ghost refuses ${filter}`);
        assert.ok(answer.status === 200 || said.errors[0].context, filter);
        taken += answer.status === 200 ? 1 : 0;
    }
    console.log(`   200 filters, of which ${taken} are understood`);
}
