"""Files in a bucket, of a server that checks signatures: rclone. It refuses, is away, hangs. See ./check."""

import time

import samples
from bucket import SECRET, Bucket, newsroom
from fake_s3 import Fake
from newsroom import Background, check, main, say, sha256


def is_away(server, what):
    """That an upload is answered 503, and that all else goes on."""
    answer = server.send(samples.photo(320, 240, what), "image/jpeg")
    is_clear = answer.status == 503 and answer.is_problem() and "files are kept" in answer.json()["detail"]
    check(is_clear, f"{what}: {answer}")
    check(server.get("/v1/articles").status == 200, f"{what}: articles cannot be read")
    check(server.is_ready(), f"{what}: the server is not ready")
    check(SECRET not in answer.body.decode(), f"{what}: the answer has the secret")


def used(server, bucket):
    """Uploaded, served, in parts, cropped, deleted, verified."""
    server.upload(samples.photo(320, 240, "stays"), "image/jpeg")
    before = bucket.files()
    data = samples.photo(1000, 624, "bucket")
    item = server.upload(data, "image/jpeg")
    original = server.file(item["original_url"])
    check(sha256(original) == item["hash"], "the original is another")
    for one in item["renditions"]:
        check(len(server.file(one["url"])) == one["bytes"], f"{one['url']} is not whole")
    for url, whole in ((item["original_url"], original), (item["url"], server.file(item["url"]))):
        ranges = {"bytes=0-99": slice(0, 100), "bytes=-50": slice(-50, None), "bytes=700-": slice(700, None)}
        for asked, part in ranges.items():
            answer = server.get(url, {"Range": asked})
            check((answer.status, answer.body) == (206, whole[part]), f"{url}, {asked}: {answer.status}")
        check(server.get(url, {"Range": "bytes=9999999-"}).status == 416, f"{url}: a range beyond the end")
    url = item["crops"][0]["url"].replace("{width}", "640")
    crop = server.file(url)
    check(f"newsroom{url}" in bucket.files(), f"{url} is not kept")
    check(server.file(url) == crop, "the crop is another the second time")
    check(len(bucket.files() - before) == len(item["renditions"]) + 2, f"there are {bucket.files()}")
    check("2 items" in server.verify()[-1], server.verify())
    answer = server.ask("DELETE", f"/v1/editorial/media/{item['id']}", headers={"If-Match": "*"})
    check(answer.status == 204, f"deleting: {answer}")
    check(bucket.files() == before, f"files are left, or gone: {bucket.files() ^ before}")
    check(server.get(item["original_url"]).status == 404, "a deleted file is there")
    # What an upload that was cut leaves.
    orphan = bucket.folder / "newsroom/media" / ("a" * 32) / "640.jpg"
    orphan.parent.mkdir(parents=True, exist_ok=True)
    orphan.write_bytes(b"x")
    bucket.restart()
    check(f"orphan {'a' * 32}/640.jpg" in server.verify(), server.verify())
    server.verify("--delete-orphans")
    check(bucket.files() == before and len(server.verify()) == 1, f"orphans are left: {bucket.files() ^ before}")
    say("a bucket: uploaded, served whole and in parts, cropped, verified, deleted")


def missing_and_damaged(server, bucket):
    """What somebody else did to the bucket is found."""
    item = server.upload(samples.photo(320, 240, "damaged"), "image/jpeg")
    name = item["original_url"].split("/")[-2]
    files = bucket.folder / "newsroom/media" / name
    (files / "original.jpg").write_bytes(b"short")
    (files / "320.webp").unlink()
    bucket.restart()
    done = server.run("media", "verify", succeeds=False)
    lines = done.stdout.splitlines()
    is_told = done.returncode != 0 and {f"missing {name}/320.webp", f"damaged {name}/original.jpg"} <= set(lines)
    check(is_told, f"verify said {done}")
    server.ask("DELETE", f"/v1/editorial/media/{item['id']}", headers={"If-Match": "*"})
    say("verify tells what is missing and damaged")


def gone_and_back(server, bucket):
    item = server.upload(samples.photo(320, 240, "before"), "image/jpeg")
    bucket.end()
    is_away(server, "rclone is gone")
    answer = server.get(item["original_url"])
    check(answer.status == 503 and answer.is_problem(), f"a file while rclone is gone: {answer}")
    bucket.start()
    server.upload(samples.photo(320, 240, "rclone is gone"), "image/jpeg")
    check(sha256(server.file(item["original_url"])) == item["hash"], "a file is another after rclone came back")
    say("rclone gone: 503, and all else goes on; back: works")


def misbehaving(folder, bucket):
    fake = Fake(bucket.port)
    with newsroom(folder / "fake", fake.address) as server:
        server.upload(samples.photo(320, 240, "passed on"), "image/jpeg")
        fake.behave = 2
        server.upload(samples.photo(320, 240, "after two failures"), "image/jpeg")
        check(fake.failed == 2, f"it failed {fake.failed} times")
        fake.behave = "refuse"
        is_away(server, "the bucket refuses")
        fake.behave = "pass"
        server.upload(samples.photo(320, 240, "the bucket refuses"), "image/jpeg")
    fake.end()
    say("500 twice: works; 403: 503 with a reason")


def hanging(folder, bucket):
    """What a bucket that hangs keeps waiting, and what not."""
    fake = Fake(bucket.port)
    with newsroom(folder / "hanging", fake.address) as server:
        items = [server.upload(samples.photo(320, 240, f"hanging {number}"), "image/jpeg") for number in range(2)]
        fake.behave = "hang"
        began = time.monotonic()
        crop = items[0]["crops"][0]["url"].replace("{width}", "320")
        deleted = f"/v1/editorial/media/{items[1]['id']}"
        calls = {
            "an upload": (503, lambda: server.send(samples.photo(320, 240, "hanging"), "image/jpeg", timeout=300)),
            "an original": (503, lambda: server.get(items[0]["original_url"])),
            "a crop": (503, lambda: server.get(crop)),
            # Its files are left, and `dateline media verify` names them.
            "a deletion": (204, lambda: server.ask("DELETE", deleted, headers={"If-Match": "*"}, timeout=300)),
        }
        waiting = {what: (status, Background(call)) for what, (status, call) in calls.items()}
        longest = 0
        while any(call.is_alive() for _, call in waiting.values()):
            asked = time.monotonic()
            # Never the same, so that nothing is answered from memory.
            answer = server.get(f"/v1/articles?limit={1 + int(asked * 1000) % 50}")
            check(answer.status == 200, f"articles while the bucket hangs: {answer}")
            longest = max(longest, time.monotonic() - asked)
            time.sleep(0.2)
        seconds = time.monotonic() - began
        wrong = []
        for what, (status, call) in waiting.items():
            answer = call.result()
            is_right = answer.status == status and (status < 400 or answer.is_problem())
            wrong += [] if is_right else [f"{what}: {answer}, not {status}"]
        check(not wrong, "while the bucket hangs, " + "; ".join(wrong))
        check(seconds < 150, f"it took {seconds:.0f} s")
        # Not how quick it is on a busy machine: that it waits for no bucket.
        check(longest < 5, f"a list of articles took {longest:.1f} s meanwhile")
        check(server.is_ready(), "the server is not ready")
        fake.behave = "pass"
        server.upload(samples.photo(320, 240, "hanging"), "image/jpeg")
    fake.end()
    return f"a bucket that hangs: answered within {seconds:.0f} s, articles within {longest * 1000:.0f} ms meanwhile"


def work(folder):
    bucket, other = Bucket(folder), Bucket(folder / "other")
    try:
        slow = Background(lambda: hanging(folder, other))
        with newsroom(folder / "newsroom", bucket.address) as server:
            used(server, bucket)
            missing_and_damaged(server, bucket)
            gone_and_back(server, bucket)
        with newsroom(folder / "wrong", bucket.address, secret="another-secret-12345") as server:
            is_away(server, "a wrong secret")
        say("a wrong secret: 503, and all else goes on")
        misbehaving(folder, bucket)
        say(slow.result())
    finally:
        bucket.end()
        other.end()


main(work)
