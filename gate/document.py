"""The HTML document around the pages: language, theme and styles in the right order.

Language and theme are in the first bytes, so that nothing flashes and no inline script is needed.
"""

from typing import Any

from dash import Dash
from dash.development.base_component import Component

from gate.headers import content_security_policy
from gate.shelf import Shelf
from gate.wording import html_language, say, theme

INDEX = """<!DOCTYPE html>
<html lang="{LANGUAGE}" data-theme="{THEME}" data-bs-theme="{THEME}">
<head>
{%metas%}
<meta name="color-scheme" content="{THEME}">
<title>{%title%}</title>
{%favicon%}
{STYLES}
{%css%}
</head>
<body>
{%app_entry%}
<footer>
{%config%}
{%scripts%}
{%renderer%}
</footer>
</body>
</html>"""
_APP_ENTRY = """
<div id="react-entry-point"><div class="_dash-loading" role="status">…</div></div>
"""

STYLES = ("bootstrap.min.css", "fonts.css")
"""Before Dash's own and the files of `assets/`, which may change what these say."""


class Document(Dash):
    """Dash with a document that follows the viewer's language and theme."""

    shelf: Shelf
    security_policy = content_security_policy(())
    _known: dict[str, Any] | None = None

    def finish(self) -> None:
        """Register everything that waits for the first request, then fix the policy.

        Until then the callbacks of the pages are not in `callback_map`, and scripts that Dash
        writes into the document are not known.
        """
        self.server.test_client().get("/healthz")
        self.security_policy = content_security_policy(self.csp_hashes())

    def _setup_dev_tools(self, **_: Any) -> Any:
        """Nothing for developers, whatever the environment of the server says."""
        return super()._setup_dev_tools(  # type: ignore[no-untyped-call]
            debug=False,
            ui=False,
            props_check=False,
            serve_dev_bundles=False,
            hot_reload=False,
            silence_routes_logging=False,
            prune_errors=True,
            validate_callbacks=False,
            disable_version_check=True,
        )

    def interpolate_index(self, **parts: Any) -> str:  # type: ignore[override]
        parts["app_entry"] = _APP_ENTRY
        parts["title"] = say("product")
        styles = (
            f'<link rel="stylesheet" href="/static/{name}{self.shelf.version(name)}">'
            for name in STYLES
        )
        document: str = super().interpolate_index(**parts)  # type: ignore[no-untyped-call]
        values = {"LANGUAGE": html_language(), "THEME": theme(), "STYLES": "\n".join(styles)}
        for name, value in values.items():
            document = document.replace(f"{{{name}}}", value)
        return document

    def _config(self) -> dict[str, Any]:
        """What the browser is told, without the versions of the server's software."""
        config: dict[str, Any] = super()._config()  # type: ignore[no-untyped-call]
        config.pop("python_version", None)
        layout = config.pop("validation_layout", None)
        if layout is not None:
            self._known = self._known or skeleton(layout)
            config["validation_layout"] = self._known
        return config


def skeleton(layout: Component) -> dict[str, Any]:
    """The components of all pages that have an id, without anything in them.

    The browser checks the callbacks against it; all the rest would only make every page larger.
    """
    known = {
        str(identity): {
            "type": part._type,
            "namespace": part._namespace,
            "props": {"id": identity},
        }
        for part in layout._traverse()  # type: ignore[no-untyped-call]
        if isinstance(part, Component) and (identity := getattr(part, "id", None)) is not None
    }
    props = {"children": list(known.values())}
    return {"type": "Div", "namespace": "dash_html_components", "props": props}
