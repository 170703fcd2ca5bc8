"""What every answer carries, what a browser may keep, and what a failure may say."""

import json
from collections.abc import Callable

import brotli
import pytest
from flask.testing import FlaskClient

from gate import shelf
from gate.document import Document
from gate.headers import HSTS
from gate.install import make_server
from tests.access.conftest import PASSWORD, House, token
from warehouse.errors import SettingsError
from warehouse.settings import Settings

Clients = Callable[[str], FlaskClient]
SUITE = "/_dash-component-suites/dash/deps/react@18.v9_9_9m1.3.1.min.js"


def test_policy_when_sent_then_exactly_this(house: House) -> None:
    hashes = " ".join(house.app.csp_hashes())
    assert hashes.count("sha256-") >= 2
    assert house.client().get("/login").headers["Content-Security-Policy"] == (
        f"default-src 'self'; script-src 'self' {hashes}; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; "
        "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )


@pytest.mark.parametrize("path", ["/login", "/healthz", "/", "/nope", "/api/version", "/usage"])
@pytest.mark.parametrize("is_signed_in", [False, True])
def test_headers_when_anything_is_answered_then_all_are_there(
    house: House, clients: Clients, path: str, is_signed_in: bool
) -> None:
    client = clients("admin") if is_signed_in else house.client()
    headers = client.get(path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Robots-Tag"] == "noindex, nofollow"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["Cache-Control"] == "no-store, private"
    assert "Strict-Transport-Security" not in headers  # the demo has no TLS


def test_document_when_sent_then_runs_no_script_without_a_hash(clients: Clients) -> None:
    page = clients("admin").get("/").text
    assert "unsafe-eval" not in page
    assert ' onclick="' not in page and "javascript:" not in page
    assert "python_version" not in page
    assert page.index("bootstrap.min.css") < page.index("fonts.css") < page.index("/assets/")


def test_document_when_language_and_theme_are_chosen_then_in_the_first_tag(house: House) -> None:
    client = house.signed_in("analyst")
    client.set_cookie("lang", "en")
    client.set_cookie("theme", "dark")
    assert '<html lang="en" data-theme="dark" data-bs-theme="dark">' in client.get("/").text


def test_document_when_sent_then_compressed_and_without_the_contents_of_pages(
    clients: Clients,
) -> None:
    answer = clients("admin").get("/", headers={"Accept-Encoding": "br"})
    assert answer.headers["Content-Encoding"] == "br"
    assert "Accept-Encoding" in answer.headers["Vary"]
    assert len(answer.data) < 15_000
    page = brotli.decompress(answer.data).decode()
    config = json.loads(page.split('id="_dash-config" type="application/json">')[1].split("<")[0])
    parts = config["validation_layout"]["props"]["children"]
    assert all(set(part["props"]) == {"id"} for part in parts)
    ids = [part["props"]["id"] for part in parts]
    assert "_pages_content" in ids and "url" in ids and "as-of" in ids


def test_forms_when_they_hold_a_token_then_not_compressed(house: House) -> None:
    answer = house.client().get("/login", headers={"Accept-Encoding": "br"})
    assert "Content-Encoding" not in answer.headers


def test_built_file_when_accepted_then_the_prepared_brotli_bytes_as_they_are(
    clients: Clients, tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> bytes:
        raise AssertionError("compressed again")

    if not shelf.BUILT.exists():
        pytest.skip("python -m gate build has not run")
    monkeypatch.setattr(brotli, "compress", refuse)
    client = clients("admin")
    answer = client.get(SUITE, headers={"Accept-Encoding": "gzip, br"})
    kept = shelf.BUILT / "suites/dash/deps/react@18.3.1.min.js.br"
    assert answer.headers["Content-Encoding"] == "br"
    assert answer.data == kept.read_bytes()
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    again = client.get(
        SUITE, headers={"Accept-Encoding": "br", "If-None-Match": answer.headers["ETag"]}
    )
    assert (again.status_code, again.data) == (304, b"")


def test_plotly_when_asked_for_then_the_cartesian_bundle(clients: Clients) -> None:
    if not shelf.BUILT.exists():
        pytest.skip("python -m gate build has not run")
    url = "/_dash-component-suites/plotly/package_data/plotly.min.js"
    answer = clients("admin").get(url, headers={"Accept-Encoding": "br"})
    assert len(answer.data) < 450_000
    assert brotli.decompress(answer.data)[:200].find(b"cartesian") > 0
    assert answer.headers["Cache-Control"] == "public, no-cache"


def test_asset_when_asked_for_then_compressed_and_kept_by_its_address(clients: Clients) -> None:
    answer = clients("admin").get("/assets/tokens.css?m=1", headers={"Accept-Encoding": "br"})
    assert answer.headers["Content-Encoding"] == "br"
    assert b"--surface" in brotli.decompress(answer.data)
    assert "immutable" in answer.headers["Cache-Control"]


def test_static_when_nobody_is_signed_in_then_only_what_the_sign_in_page_needs(
    house: House,
) -> None:
    client = house.client()
    assert client.get("/static/gate.css").status_code == 200
    assert client.get("/static/tokens.css").status_code == 200
    assert client.get("/static/cockpit.css").status_code == 404
    assert client.get("/assets/tokens.css", headers={"Accept": "text/css"}).status_code == 401


def test_failure_when_unforeseen_then_a_number_and_no_trace(
    house: House, clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down() -> str:
        raise RuntimeError("SELECT secret FROM /var/secret.duckdb")

    monkeypatch.setitem(house.app.server.view_functions, "version", break_down)
    for accept in ("text/html", "application/json"):
        answer = clients("admin").get("/api/version", headers={"Accept": accept})
        assert answer.status_code == 500
        assert "secret" not in answer.text and "Traceback" not in answer.text
        assert "reference" in answer.text


@pytest.mark.parametrize(("language", "title"), [("zh", "没有这个页面"), ("en", "no such page")])
def test_refusal_when_a_person_navigates_then_a_page_in_their_language(
    house: House, language: str, title: str
) -> None:
    client = house.signed_in("analyst")
    client.set_cookie("lang", language)
    answer = client.get("/nope", headers={"Accept": "text/html"})
    assert title in answer.text and answer.mimetype == "text/html"


def test_mcp_and_debugging_when_the_environment_asks_then_still_off(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    import app as entry

    for name in ("DASH_MCP_ENABLED", "DASH_DEBUG", "DASH_HOT_RELOAD", "DASH_UI"):
        monkeypatch.setenv(name, "true")
    other = entry.create_app(house.settings)
    rules = {rule.rule for rule in other.server.url_map.iter_rules()}
    assert not [rule for rule in rules if "mcp" in rule or "ws" in rule.split("/")[-1]]
    client = other.server.test_client()
    data = {"name": "admin", "password": PASSWORD, "csrf_token": token(client)}
    client.post("/login", data=data)
    for path in ("/_mcp", "/_dash-ws-callback", "/_alive_x"):
        assert client.get(path).status_code == 404
        assert client.post(path).status_code in (400, 404, 405)
    assert isinstance(other, Document) and not other._dev_tools.ui


def _production(settings: Settings) -> Settings:
    from dataclasses import replace

    return replace(settings, profile="production")


def test_server_when_in_production_then_secure_host_cookie(house: House) -> None:
    server = make_server(_production(house.settings), bytes(range(32)))
    assert server.config["SESSION_COOKIE_NAME"] == "__Host-sid"
    assert server.config["SESSION_COOKIE_SECURE"] is True
    assert HSTS.startswith("max-age=31536000")


@pytest.mark.parametrize("secret", [b"", b"dev", b"changeme" * 3, b"a" * 64, bytes(32)])
def test_server_when_the_secret_is_weak_then_refused(house: House, secret: bytes) -> None:
    with pytest.raises(SettingsError, match="weak"):
        make_server(house.settings, secret)


def test_app_when_in_production_then_hsts_on_every_answer(house: House) -> None:
    import app as entry

    other = entry.create_app(_production(house.settings))
    client = other.server.test_client()
    answer = client.get("/login", base_url="https://cockpit.example")
    assert answer.headers["Strict-Transport-Security"] == HSTS
    cookies = answer.headers.getlist("Set-Cookie")
    assert any(c.startswith("__Host-sid=") and "Secure" in c for c in cookies)
    assert any(c.startswith("_csrf_token=") and "SameSite=Strict" in c for c in cookies)
