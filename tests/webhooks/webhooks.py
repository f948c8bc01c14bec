"""Webhooks and streams, held against programs that somebody else wrote and against what fails. See ./check."""

import base64
import collections
import contextlib
import json
import os
import pathlib
import random
import signal
import statistics
import subprocess
import threading
import time

import httpx
import standardwebhooks

from programs import BROKEN, POSTGRES, Listener, Newsroom, Nginx, Receiver, Unavailable, until
from newsroom import Background, check, main, say

HERE = pathlib.Path(__file__).parent
NODE, NGINX = os.environ.get("NODE", ""), os.environ.get("NGINX", "")
# What the edits are; the rest of what happens depends on how fast the machine is.
SEED = int(os.environ.get("SEED") or random.SystemRandom().randrange(1_000_000))

OTHERS = {"appeared": "created", "changed": "updated", "disappeared": "deleted"}
ARTICLES = {"appeared": "published", "changed": "updated", "disappeared": "unpublished"}


def kind_of(entry):
    """What readers are told of an entry of the log, as `MessageKind::for_readers` has it."""
    of, seen = entry["resource"]["kind"], entry["readers_see"]
    if of != "article":
        return f"{of}.{'merged' if entry['kind'].endswith('_merged') else OTHERS[seen]}"
    if seen == "changed" and entry["kind"].startswith("article_correct"):
        return "article.corrected"
    if seen == "changed" and entry["detail"].get("moved_from"):
        return "article.moved"
    if entry["kind"] == "article_retracted":
        return "article.retracted"
    return f"article.{ARTICLES[seen]}"


def key_of(entry):
    return kind_of(entry), entry["resource"]["id"], entry["detail"].get("version")


# --- Signatures ---------------------------------------------------------------------------------------


def changed(body):
    """A body with another byte, which is text as before."""
    middle = next(index for index in range(len(body) // 2, len(body)) if body[index] < 0x80)
    return body[:middle] + bytes([body[middle] ^ 1]) + body[middle + 1:]


def refuses(secret, body, headers):
    try:
        standardwebhooks.Webhook(secret).verify(body, headers, json_parse=False)
    except standardwebhooks.WebhookVerificationError:
        return True
    return False


def signatures(newsroom, folder):
    receiver = Receiver()
    path, secret = newsroom.webhook(receiver.url)
    other = "whsec_" + base64.b64encode(os.urandom(32)).decode()
    ask = newsroom.ask
    last = len(newsroom.servers) - 1

    def edits(slug):
        """Edits that six messages tell of; and a message that is asked for."""
        ask("POST", "/v1/editorial/tags", {"name": f"Tag {slug} é \U0001f30a", "kind": "topic"})
        article = newsroom.create(slug, headline='"Größer" & <b> \\ שלום', status="published").json()["id"]
        newsroom.change(article, "PATCH", body={"headline": "Another \u2028 one"}, at=last)
        newsroom.change(article, "PATCH", body={"slug": f"{slug}-moved"})
        newsroom.change(article, "POST", "/corrections", {"kind": "correction", "text": "It has another name."})
        newsroom.change(article, "POST", "/retract", {"reason": "It was wrong."})
        ask("POST", f"{path}/test")

    edits("one")
    until("all is told", lambda: len(receiver.taken()) == 7)
    rotated = ask("POST", f"{path}/rotate-secret").json()["secret"]
    check(rotated != secret, "the secret is the same")
    edits("two")
    calls = until("all is told again", lambda: len(receiver.taken()) == 14 and receiver.taken())
    check(len({call.id for call in calls}) == 14, "messages have the same id")
    kinds = {call.message["type"] for call in calls}
    check(len(kinds) == 7, f"there are only {kinds}")
    files = folder / "messages"
    files.mkdir()
    for number, call in enumerate(calls):
        names = [name for name in call.headers if name.startswith("webhook-")]
        check(sorted(names) == ["webhook-id", "webhook-signature", "webhook-timestamp"], f"headers {names}")
        signed_with = [secret] if number < 7 else [secret, rotated]
        for one in signed_with:
            check(standardwebhooks.Webhook(one).verify(call.body, call.headers) == call.message, "another message")
            check(refuses(one, changed(call.body), call.headers), "a message with another byte is taken")
        for wrong in [other] if number >= 7 else [other, rotated]:
            check(refuses(wrong, call.body, call.headers), "a message with another secret is taken")
        check(refuses(secret, call.body, {**call.headers, "webhook-timestamp": "1"}), "an old message is taken")
        parts = {"body": call.body, "changed": changed(call.body)}
        parts = {name: base64.b64encode(part).decode() for name, part in parts.items()}
        file = {"headers": call.headers, "secrets": signed_with, "other": other, **parts}
        (files / f"{number}.json").write_text(json.dumps(file))
    by = "Python"
    if NODE:
        done = subprocess.run([NODE, str(HERE / "verify.mjs"), str(files)], capture_output=True, text=True)
        check(done.returncode == 0 and done.stdout.strip() == "14", f"Node: {done.stdout}{done.stderr}")
        by = "Python and Node"
    say(f"{newsroom.kind}: 14 messages of 7 types verify in {by}, and nothing else does; after a rotation with both secrets")


def latencies(newsroom):
    """How long it takes, as information: nothing depends on it."""
    receiver = Receiver()
    newsroom.webhook(receiver.url)
    article = newsroom.create("measured", status="published").json()["id"]
    # At the process that does not write, where there are two.
    listener = Listener(newsroom.servers[-1].address)
    until("the first is told", receiver.taken)
    times = collections.defaultdict(list)
    for number in range(20):
        etag = newsroom.ask("GET", f"/v1/editorial/articles/{article}").headers["etag"]
        began, before = time.monotonic(), len(receiver.calls)
        headline = {"headline": f"Headline {number}"}
        newsroom.ask("PATCH", f"/v1/editorial/articles/{article}", headline, {"If-Match": etag})
        answered = time.monotonic()
        call = until("it is told", lambda: receiver.calls[before:])[0]
        key = call.message["type"], call.message["sequence"]
        arrived = until("it is streamed", lambda: listener.arrived.get(key))
        times["the answer"].append(answered - began)
        times["the webhook"].append(call.began - began)
        times["the event"].append(arrived - began)
    check(not listener.failure, f"the listener failed: {listener.failure!r}")
    told = ", ".join(f"{what} after {statistics.median(some) * 1000:.0f} ms" for what, some in times.items())
    say(f"{newsroom.kind}: of a change that is asked for comes {told} (medians of 20, not checked)")


# --- Faults -------------------------------------------------------------------------------------------


class Faults:
    """Random edits while the receiver fails and servers are killed; what came of them in the end."""

    EDITS, KILLS = 100, 5
    # Of a message: together with those while the receiver is down fewer than a webhook is given.
    MOST_FAILURES = 3
    STEPS = {
        "draft": ["publish", "publish", "publish", "headline", "slug", "trash"],
        "published": ["headline", "headline", "slug", "correct", "unpublish", "retract", "trash"],
        "unpublished": ["publish", "publish", "headline", "slug", "retract", "trash"],
        "retracted": ["trash"],
    }

    def __init__(self, newsroom):
        self.newsroom, self.chance = newsroom, random.Random(SEED)
        self.failures, self.held, self.kills = collections.Counter(), None, []
        # Of those that are not in the trash the status; (id, version) of what was acknowledged.
        self.articles, self.acknowledged, self.count = {}, set(), 0
        self.receiver = Receiver(self.behave)
        self.path, _ = newsroom.webhook(self.receiver.url)
        self.start = newsroom.last_entry()

    def behave(self, handler, call):
        held = self.held
        if held:
            # Until the server is killed: it must send this again.
            held.wait()
            handler.reset(call)
            return
        time.sleep(random.uniform(0.005, 0.05))
        if random.random() < 0.4 and self.failures[call.id] < self.MOST_FAILURES:
            self.failures[call.id] += 1
            random.choice([
                lambda: handler.answer(call, 500, b"Not today."),
                lambda: handler.answer(call, 404),
                lambda: handler.write_and_close(call),
                lambda: handler.write_and_close(call, b"HTTP/1.1 20"),
                lambda: handler.reset(call),
            ])()
        else:
            handler.answer(call, 200, b"Thank you.")

    def create(self, at, **more):
        self.count += 1
        created = self.newsroom.create(f"article-{self.count}", at=at, **more).json()
        self.note(created)
        return created

    def note(self, article):
        self.articles[article["id"]] = article["status"]
        self.acknowledged.add((article["id"], article["version"]))

    def edit(self):
        """One edit, at either process."""
        at = self.chance.randrange(len(self.newsroom.servers))
        if len(self.articles) < 5 or self.chance.random() < 0.15:
            self.create(at, **self.chance.choice([{}, {"status": "published"}]))
            return
        article = self.chance.choice(sorted(self.articles))
        step = self.chance.choice(self.STEPS[self.articles[article]])
        self.count += 1
        method, what, body = {
            "publish": ("POST", "/publish", {}),
            "headline": ("PATCH", "", {"headline": f"Headline {self.count}"}),
            "slug": ("PATCH", "", {"slug": f"moved-{self.count}"}),
            "correct": ("POST", "/corrections", {"kind": "correction", "text": f"Correction {self.count}."}),
            "unpublish": ("POST", "/unpublish", {}),
            "retract": ("POST", "/retract", {"reason": "It was wrong."}),
            "trash": ("DELETE", "", None),
        }[step]
        self.newsroom.change(article, method, what, body, at=at)
        if step == "trash":
            del self.articles[article]
        else:
            self.note(self.newsroom.get(f"/v1/editorial/articles/{article}", at=at))

    def killed_edit(self, number):
        """An edit that is acknowledged, and then the process is killed before its message can be taken."""
        self.held = threading.Event()
        at = self.chance.randrange(len(self.newsroom.servers))
        created = self.create(at, status="published")
        if number % 2:
            # Every other time before anything can be on its way.
            until("it is on its way", lambda: any(call.ended is None for call in list(self.receiver.calls)))
        # Then the whole newsroom; otherwise one process, which may be the one that sends.
        killed = [self.newsroom.servers[at]] if number % 2 else self.newsroom.servers
        self.kills.append(time.monotonic())
        for server in killed:
            server.kill()
        told = {call.key() for call in self.receiver.taken()}
        check(("article.published", created["id"], created["version"]) not in told, "it was taken before the kill")
        held, self.held = self.held, None
        held.set()
        for server in killed:
            server.start()

    def attempts(self):
        pending = self.newsroom.get(f"{self.path}/deliveries?status=pending&limit=100")["data"]
        return max((delivery["attempts"] for delivery in pending), default=0)

    def edit_all(self):
        """Makes the edits. The receiver is down for some of the last."""
        kills = sorted(self.chance.sample(range(5, 70), self.KILLS))
        for number in range(self.EDITS):
            if number == 75:
                self.receiver.stop()
                self.create(0, status="published")
            elif number in kills:
                self.killed_edit(kills.index(number))
            else:
                self.edit()
            if number == 85:
                until("attempts fail while the receiver is down", lambda: self.attempts() >= 2)
                self.receiver.start()

    def settle(self):
        """Waits until all is told, and looks at what was."""
        newsroom = self.newsroom
        log = newsroom.log(self.start)
        expected = {key_of(entry) for entry in log}
        versions = {(entry["resource"]["id"], entry["detail"].get("version"))
                    for entry in newsroom.pages("/v1/editorial/audit?sort=sequence")}
        check(self.acknowledged <= versions, f"acknowledged, and not in the log: {self.acknowledged - versions}")

        def told():
            return {call.key() for call in self.receiver.taken()}

        def wrong():
            return f"not told: {expected - told()}; told: {told() - expected}; {newsroom.get(self.path)}"

        until(wrong, lambda: expected <= told())
        pending = f"{self.path}/deliveries?status=pending"
        until("nothing is pending", lambda: not newsroom.get(pending)["data"])
        check(told() == expected, wrong())
        deliveries = newsroom.pages(f"{self.path}/deliveries?status=delivered")
        check(len(deliveries) == len(expected), f"{len(deliveries)} deliveries of {len(expected)} messages")
        calls = list(self.receiver.calls)
        by_id = collections.defaultdict(list)
        for call in calls:
            by_id[call.id].append(call)
        check(by_id.keys() == {delivery["message_id"] for delivery in deliveries}, "messages have other ids")
        for name, some in by_id.items():
            check(len({call.body for call in some}) == 1, f"{name} is not always the same: {[c.body for c in some]}")
        together = self.together(by_id)
        check(not together, f"on their way twice at once: {together}")
        again = sum(1 for some in by_id.values() if sum(call.is_taken for call in some) > 1)
        say(f"{newsroom.kind}: {len(expected)} messages of {self.EDITS} edits are told in {len(calls)} attempts, with "
            f"{len(self.kills)} kills and a receiver that fails: none too many or too few ({again} were taken twice)")

    def together(self, by_id):
        """Messages that were on their way twice at once, without a kill between."""
        found = []
        for name, some in by_id.items():
            some = sorted(some, key=lambda call: call.began)
            for first, second in zip(some, some[1:]):
                is_killed = any(first.began <= kill <= second.began for kill in self.kills)
                if not is_killed and (first.ended is None or second.began < first.ended):
                    found.append(name)
        return found


# --- Receivers that are no good -----------------------------------------------------------------------


class BadReceivers:
    """What may stand at a webhook's address."""

    def __init__(self):
        self.sent, self.over, self.is_followed = 0, threading.Event(), False
        self.all = {
            "hangs": Receiver(lambda handler, call: self.over.wait()),
            "redirects": Receiver(lambda handler, call: handler.answer(
                call, 302, headers=[("Location", "http://169.254.169.254/latest/meta-data/")])),
            "redirects here": Receiver(lambda handler, call: handler.answer(
                call, 307, headers=[("Location", self.trap.url)])),
            "answers 1 GB": Receiver(self.gigabyte),
            "is no HTTP": Receiver(lambda handler, call: handler.write_and_close(
                call, b"220 mail.example ESMTP\r\n" + os.urandom(4096))),
        }
        self.trap = Receiver()

    def gigabyte(self, handler, call):
        handler.close_connection = True
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n")
        call.ended, call.status = time.monotonic(), 200
        # No text, with zeros in it.
        part = b"\0" + os.urandom(65535)
        sent = 0
        while sent < 1 << 30:
            handler.wfile.write(part)
            sent += len(part)
            self.sent = max(self.sent, sent)


def bad_receivers(newsroom):
    for number in range(5):
        newsroom.create(f"before-{number}", status="published")
    before = [server.memory() for server in newsroom.servers]
    most = list(before)
    bad = BadReceivers()
    paths = {name: newsroom.webhook(receiver.url)[0] for name, receiver in bad.all.items()}
    good = Receiver()
    newsroom.webhook(good.url)
    asked, last = {}, len(newsroom.servers) - 1
    for number in range(40):
        began = time.monotonic()
        created = newsroom.create(f"article-{number}", at=number % 2 and last, status="published").json()
        asked[created["id"]] = began

    def good_has_all():
        most[:] = map(max, most, [server.memory() for server in newsroom.servers])
        return len({call.key() for call in good.taken()}) == 40

    # One after the other behind the one that hangs it would be minutes.
    until("a good receiver is told beside bad ones", good_has_all, 60)
    late = statistics.median(call.began - asked[call.message["data"]["id"]] for call in good.taken())

    def first_attempts():
        good_has_all()
        found = {}
        for name, path in paths.items():
            for delivery in newsroom.get(f"{path}/deliveries?limit=100")["data"]:
                if delivery["attempts"]:
                    found[name] = newsroom.get(f"{path}/deliveries/{delivery['id']}")
                    break
        return len(found) == len(paths) and found

    expected = {
        "hangs": (None, "took too long to answer"), "redirects": (302, None), "redirects here": (307, None),
        "answers 1 GB": (200, None), "is no HTTP": (None, "does not answer as HTTP has it"),
    }
    for name, delivery in until("attempts at bad receivers are over", first_attempts).items():
        for attempt in delivery["attempts_made"]:
            status, error = expected[name]
            check(attempt["status"] == status, f"one that {name}: {attempt}")
            is_said = attempt["error"] is None if error is None else error in attempt["error"]
            check(is_said, f"one that {name}: {attempt}")
            kept = len(attempt["response"] or "")
            check(kept <= 1024, f"of one that {name} {kept} characters are kept")
        check(delivery["attempts"] == delivery["attempts_made"][0]["number"], f"{delivery}")
        is_taken = delivery["status"] == "delivered"
        check(is_taken == (name == "answers 1 GB"), f"one that {name}: {delivery['status']}")
    check(not bad.trap.calls, "a redirect is followed")
    check(bad.sent < 100_000_000, f"{bad.sent} bytes of 1 GB were read")
    grown = [after - once for once, after in zip(before, most)]
    check(max(grown) < 100, f"servers with {before} MB had {most} MB")
    bad.over.set()
    say(f"{newsroom.kind}: receivers that hang, redirect, answer 1 GB or garbage delay no other ({late * 1000:.0f} ms), and "
        f"are told of; memory grew by {max(grown):.0f} MB")


# --- Streams ------------------------------------------------------------------------------------------


def streams(newsroom, folder):
    proxy = Nginx(folder / "nginx", newsroom.servers[0].address) if NGINX else None
    listeners = {"directly": Listener(*[server.address for server in newsroom.servers])}
    if proxy:
        listeners["through nginx"] = Listener(proxy.address)
    first = min(listener.first for listener in listeners.values())
    is_over, count = threading.Event(), 0

    def write():
        nonlocal count
        number = 0
        while not is_over.is_set():
            number += 1
            try:
                newsroom.create(f"streamed-{number}", at=number % len(newsroom.servers), status="published")
                count += 1
            except (*BROKEN, Unavailable):
                # It may be in the log all the same.
                time.sleep(0.02)

    writer = Background(write)
    for kill in range(4):
        enough = count + 10
        until("it is written on", lambda: writer.failure or count >= enough)
        server = newsroom.servers[kill % len(newsroom.servers)] if kill < 2 else newsroom.servers[0]
        server.kill()
        server.start()
    enough = count + 10
    until("it is written on", lambda: writer.failure or count >= enough)
    is_over.set()
    writer.result()
    check(proxy is None or all(listener.first == first for listener in listeners.values()), "they began elsewhere")
    expected = [(kind_of(entry), entry["sequence"]) for entry in newsroom.log(first)]
    for name, listener in listeners.items():
        def is_told():
            check(not listener.failure, f"who listens {name} failed: {listener.failure!r}")
            return len(listener.events) >= len(expected)

        until(f"all is told {name}", is_told)
        events = listener.events
        check(events == expected, f"{name}, missing: {set(expected) - set(events)}, in this order: {events}")
        check(listener.connections > 1, f"who listens {name} never came again")
        say(f"{newsroom.kind}: {len(expected)} events, read {name}, none lost or doubled in 4 kills and "
            f"{listener.connections} connections")
    idle(newsroom, {"directly": newsroom.servers[0].address} | ({"through nginx": proxy.address} if proxy else {}))
    if proxy:
        proxy.stop()


def idle(newsroom, addresses):
    """A connection on which nothing happens stays, and something is sent on it all the same."""
    seen = {name: [] for name in addresses}

    def listen(name, address):
        with httpx.Client(timeout=httpx.Timeout(10, read=60), trust_env=False) as client, \
                client.stream("GET", f"{address}/v1/events") as response:
            for line in response.iter_lines():
                seen[name].append(line)
                if line.startswith("data:"):
                    return

    waiting = {name: Background(lambda name=name: listen(name, addresses[name])) for name in addresses}
    until("both listen", lambda: all(": listening" in lines for lines in seen.values()))
    began = time.monotonic()

    def is_long():
        beats = all(": nothing new" in lines for lines in seen.values())
        is_there = all(one.is_alive() for one in waiting.values())
        check(is_there, f"a connection ended after {time.monotonic() - began:.0f} s: {seen}")
        return beats and time.monotonic() - began > 20

    until(lambda: f"something comes on a connection on which nothing happens: {seen}", is_long, 60)
    newsroom.create("after-a-while", status="published")
    for name, one in waiting.items():
        one.result()
        check("event: article.published" in seen[name], f"{name}: {seen[name]}")
    say(f"{newsroom.kind}: connections on which nothing happens stay and are kept busy, {' and '.join(addresses)}")


# --- All of it ----------------------------------------------------------------------------------------


def at_once(works):
    """Does several things at once, and fails as one of them does."""
    for one in [Background(work) for work in works]:
        one.result()


def on_all(newsrooms, work):
    at_once([lambda one=one: work(one) for one in newsrooms])


def work(folder):
    print(f"   SEED={SEED}", flush=True)
    kinds = ["SQLite"] + (["Postgres"] if POSTGRES else [])
    opened = []

    def several(part):
        for kind in kinds:
            opened.append(Newsroom(folder / f"{part}-{kind}", kind))
        return opened[-len(kinds):]

    try:
        faults = [Faults(newsroom) for newsroom in several("faults")]
        at_once([one.edit_all for one in faults])
        # What a process was sending on Postgres when it was killed waits for a minute until another one sends it: what else
        # there is to look at meanwhile.
        settling = [Background(one.settle) for one in faults]
        alone = several("alone")
        for newsroom in alone:
            signatures(newsroom, folder / f"alone-{newsroom.kind}")
            latencies(newsroom)
        bad, streamed = several("bad"), several("streams")
        at_once([lambda one=one: bad_receivers(one) for one in bad]
                + [lambda one=one: streams(one, folder / f"streams-{one.kind}") for one in streamed])
        for one in settling:
            one.result()
    except BaseException:
        for newsroom in opened:
            with contextlib.suppress(AssertionError):
                newsroom.close(signal.SIGKILL)
        raise
    deadlocks = {newsroom.folder.name: newsroom.close() for newsroom in opened}
    # What Postgres ended is done again, so nobody is told; but each time all that is sent has waited for a second.
    deadlocks = {name: count for name, count in deadlocks.items() if count}
    check(not deadlocks, f"deadlocks in Postgres: {deadlocks}")


main(work)
