"""Signs people in by a provider, as a browser and a desk's page do: sign_in.py ISSUER URL."""

import base64
import hashlib
import http.client
import json
import secrets
import sys
from urllib.parse import parse_qs, urlencode, urlsplit

issuer, server = sys.argv[1].rstrip("/"), sys.argv[2]
PAGE = "https://desk.example/signed-in"


def ask(method, url, body=None, headers=None):
    """A request whose redirects are not followed: status, headers, body."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=60)
    path = parts.path + ("?" + parts.query if parts.query else "")
    connection.request(method, path, body, headers or {})
    response = connection.getresponse()
    return response.status, response.headers, response.read().decode()


def post_json(method, url, value):
    status, _, body = ask(method, url, json.dumps(value), {"content-type": "application/json"})
    return status, json.loads(body) if body else None


def at_server(location):
    """An address of the API, which the provider knows by another name."""
    assert location.startswith("https://api.example/"), location
    return server + location.removeprefix("https://api.example")


class Browser:
    def __init__(self):
        self.verifier = secrets.token_urlsafe(32)
        self.cookie = None

    def go(self, subject, deny=False):
        """From the desk to the provider and back; what the desk's page is told."""
        digest = hashlib.sha256(self.verifier.encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        query = urlencode({"return_to": PAGE, "code_challenge": challenge})
        status, headers, body = ask("GET", f"{server}/v1/auth/oidc/sso/start?{query}")
        assert status == 302, body
        self.cookie = headers["set-cookie"].split(";")[0]
        authorize = headers["location"]
        assert authorize.startswith(issuer), authorize
        form = urlencode({"action": "deny"} if deny else {"sub": subject})
        kind = {"content-type": "application/x-www-form-urlencoded"}
        status, headers, body = ask("POST", authorize, form, kind)
        assert status == 302, (status, body)
        back = at_server(headers["location"])
        status, headers, body = ask("GET", back, headers={"cookie": self.cookie})
        if deny:
            return status, json.loads(body)
        assert status == 302, body
        assert headers["location"].startswith(PAGE), headers["location"]
        return {name: values[0] for name, values in parse_qs(urlsplit(headers["location"]).query).items()}

    def sign_in(self, subject):
        told = self.go(subject)
        assert "code" in told, told
        body = {"code": told["code"], "code_verifier": self.verifier}
        status, tokens = post_json("POST", f"{server}/v1/auth/oidc/token", body)
        assert status == 200, tokens
        again, _ = post_json("POST", f"{server}/v1/auth/oidc/token", body)
        assert again == 401, again
        bearer = {"authorization": f"Bearer {tokens['access_token']}"}
        status, _, body = ask("GET", f"{server}/v1/auth/me", headers=bearer)
        assert status == 200, body
        return json.loads(body)


def person(subject, **claims):
    status, _ = post_json("PUT", f"{issuer}/users/{subject}", claims)
    assert status == 204, status


browser = Browser()
person("kim-1", email="kim@news.example", email_verified=True, name="Kim")
me = browser.sign_in("kim-1")
assert (me["email"], me["role"]) == ("kim@news.example", "author"), me
print("   somebody with a password is linked by a verified address")

person("kim-1", email="kim@elsewhere.example", email_verified=False, groups=["editors"])
again = browser.sign_in("kim-1")
assert (again["id"], again["role"]) == (me["id"], "editor"), again
print("   and known by their identity then, with the role that a group gives")

person("kim-2", email="kim@news.example", email_verified=True)
assert browser.go("kim-2")["error"] == "access_denied"
print("   another identity does not take the account over")

person("admin-1", email="admin@news.example", email_verified=False)
assert browser.go("admin-1")["error"] == "access_denied"
print("   an address that is not verified links nobody")

person("lee-1", email="lee@news.example", email_verified=True, name="Lee Newcomer", groups=["editors"])
lee = browser.sign_in("lee-1")
assert (lee["name"], lee["role"]) == ("Lee Newcomer", "editor"), lee
print("   a group lets somebody in who was not invited")

# This provider leaves `state` out then (RFC 6749, section 4.1.2.1, asks for it), so that no page is known to return to.
status, problem = browser.go("lee-1", deny=True)
assert (status, problem["type"]) == (400, "/problems/invalid-parameter"), problem
print("   who cancels there is let in nowhere")
