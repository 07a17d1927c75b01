"""Stands in for `python -m server` under the supervisor: the same commands, and nothing behind them.

FAKE_FAULT names a command that goes wrong: `WORD:ends` ends by itself, `WORD:deaf` ignores SIGTERM.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import urlsplit


class _Fine(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_arguments: object) -> None:
        pass


def _serve(port: int) -> None:
    HTTPServer(("127.0.0.1", port), _Fine).serve_forever()


def main(word: str, fault: str) -> None:
    """Do what `word` says until told to stop."""
    if fault == f"{word}:ends":
        sys.exit(3)
    if fault == f"{word}:deaf":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if word == "setup":
        print(json.dumps({"kind": "admin_key", "token": "sk_of_" + os.environ["ACQUAINT_SECRET"]}))
    elif word == "serve":
        _serve(int(os.environ["ACQUAINT_PORT"]))
    elif word == "demo":
        _serve(urlsplit(os.environ["ACQUAINT_DEMO_URL"]).port or 80)
    else:
        signal.pause()


if __name__ == "__main__":
    main(sys.argv[1], os.environ.get("FAKE_FAULT", ""))
