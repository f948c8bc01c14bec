"""Runs oidc-provider-mock on a free port of this machine, and says where."""

import werkzeug.serving
from oidc_provider_mock import app

server = werkzeug.serving.make_server("127.0.0.1", 0, app(), threaded=True)
print(f"an identity provider at http://127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
