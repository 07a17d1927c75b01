"""A provider of look-ups on loopback that counts whom it was asked about: each call is paid for."""

from __future__ import annotations

import json
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

KEY = "directory"


class Provider:
    """Answers every look-up with a job title."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                provider.calls[parse_qs(urlsplit(self.path).query)["email"][0]] += 1
                body = json.dumps({"person": {"title": "Engineer"}}).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def document(self, budget_per_day: int) -> dict[str, Any]:
        """Return the enricher that asks here, with so many calls a day."""
        return {
            "format": "acquaint.enricher/1",
            "name": "Directory",
            "triggers": ["attributes_changed"],
            "purpose": "enrichment_derived",
            "inputs": {"email": {"from": "email"}},
            "request": {
                "base_url": f"http://127.0.0.1:{self._server.server_port}",
                "path": "/people",
                "query": {"email": "{email}"},
            },
            "root": "person",
            "map": {"job_title": {"path": "title", "type": "string"}},
            "ttl_days": {"match": 90, "no_match": 30},
            "limits": {"budget_per_day": budget_per_day},
        }

    def close(self) -> None:
        """Answer nobody any more."""
        self._server.shutdown()
        self._server.server_close()
