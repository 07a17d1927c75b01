"""GraphiQL, in development only, from the files that the widget's build lays beside it: no CDN."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import HTMLResponse, Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

if TYPE_CHECKING:
    from pathlib import Path

_PATH = "/graphiql"
_PAGE = f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Acquaint · GraphiQL</title>
<link rel="stylesheet" href="{_PATH}/graphiql.css">
<style>html, body, #graphiql {{ height: 100%; margin: 0 }}</style>
<div id="graphiql"></div>
<script src="{_PATH}/react.js"></script>
<script src="{_PATH}/react-dom.js"></script>
<script src="{_PATH}/graphiql.js"></script>
<script>
  const welcome = `# Put a secret key under Headers:
# {{"Authorization": "Bearer sk_…"}}
{{
  viewer {{ kind scopes }}
  questionSets {{ edges {{ node {{ key state }} }} }}
}}`;
  const fetcher = GraphiQL.createFetcher({{ url: "/graphql" }});
  ReactDOM.createRoot(document.getElementById("graphiql")).render(
    React.createElement(GraphiQL, {{ fetcher, defaultQuery: welcome, shouldPersistHeaders: false }}),
  );
</script>
</html>
"""
# The page's script and style are inline; nothing comes from elsewhere.
_POLICY = (
    "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline';"
    " connect-src 'self'; img-src 'self' data:; font-src 'self' data:; frame-ancestors 'none'"
)


def graphiql_page() -> Response:
    """Return the page."""
    return HTMLResponse(_PAGE, headers={"Content-Security-Policy": _POLICY})


def graphiql_files(folder: Path) -> Mount:
    """Return the route that serves its scripts and its style sheet."""
    return Mount(_PATH, StaticFiles(directory=folder / "graphiql"))
