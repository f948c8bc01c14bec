"""Killed while files come in: what was acknowledged is there, and nothing is there that nobody can find. See ./check."""

import http.client
import random
import threading
import time

import samples
from bucket import Bucket, newsroom
from newsroom import Newsroom, check, main, say, sha256

SENDERS = 4


class Round:
    """Several who upload until the server is gone."""

    def __init__(self, server, number):
        self.server, self.acknowledged, self.begun = server, [], 0
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self.send, args=(f"{number} {one}",)) for one in range(SENDERS)]
        for thread in self.threads:
            thread.start()

    def send(self, seed):
        for number in range(1000):
            # Small, so that many moments of an upload are hit.
            data = samples.photo(400, 304, f"{seed} {number}")
            try:
                self.begun += 1
                answer = self.server.send(data, "image/jpeg")
            except (OSError, http.client.HTTPException):
                return
            check(answer.status == 201, f"an upload was answered with {answer}")
            with self.lock:
                self.acknowledged.append(answer.json())

    def has_begun(self):
        """Waits for the first that is acknowledged, which takes its time on a busy machine."""
        for _ in range(400):
            if self.acknowledged:
                return
            time.sleep(0.05)

    def end(self):
        for thread in self.threads:
            thread.join()


def reads_back(server, item):
    answer = server.ask("GET", f"/v1/editorial/media/{item['id']}")
    check(answer.status == 200 and answer.json() == item, f"{item['id']} is {answer}")
    data = server.file(item["original_url"])
    check(sha256(data) == item["hash"], f"{item['id']}: the original is another")
    for one in item["renditions"]:
        check(len(server.file(one["url"])) == one["bytes"], f"{item['id']}: {one['url']} is not whole")


def names(item):
    return item["original_url"].split("/")[-2]


def killed(server, where, rounds):
    chance = random.Random()
    acknowledged, cut = [], 0
    for number in range(rounds):
        one = Round(server, number)
        if number % 2:
            one.has_begun()
        time.sleep(chance.uniform(0.1, 1.2))
        server.kill()
        one.end()
        server.start()
        for item in one.acknowledged:
            reads_back(server, item)
        acknowledged += one.acknowledged
        cut += one.begun - len(one.acknowledged)
        server.verify()
    orphans = {line.split()[1].split("/")[0] for line in server.verify()[:-1]}
    check(not orphans & set(map(names, acknowledged)), "what was acknowledged is said to be of no item")
    server.verify("--delete-orphans")
    check(len(server.verify()) == 1, f"orphans are left: {server.verify()}")
    for item in acknowledged:
        reads_back(server, item)
    check(acknowledged and cut, f"{len(acknowledged)} uploads were acknowledged, {cut} were not")
    said = f"{len(acknowledged)} uploads acknowledged, all there; {cut} cut, which left the files of {len(orphans)}"
    say(f"killed {rounds} times, {where}: {said}")


def work(folder):
    with Newsroom(folder / "newsroom") as server:
        killed(server, "files in a directory", 10)
    bucket = Bucket(folder)
    try:
        with newsroom(folder / "with-bucket", bucket.address) as server:
            killed(server, "files in a bucket", 3)
    finally:
        bucket.end()


main(work)
