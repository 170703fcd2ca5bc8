"""The connector `http` against a real web service: what is asked, what lands, what is refused."""

import hashlib
import hmac
import json
import logging
import pickle
import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
import trustme

from etl.connectors._http_circuit import Patience
from etl.connectors.http import Http, read
from etl.declaration import Declaration
from etl.delivery import Fetched, Position, Window
from etl.formats.json_document import read_json
from etl.landing import Landing, open_landed
from tests.connectors.web_service import Answer, Asked, Service, json_answer, packed, serving
from warehouse.errors import CockpitError, ContractBroken, SourceError, SourceUnavailable
from warehouse.settings import Settings

TOKEN = "t0p-s3cret-t0ken"
QUICK = Patience(first_wait_seconds=0.01, longest_wait_seconds=1.5, cool_down_seconds=0.5)
START = datetime(2026, 11, 1, tzinfo=UTC)


def _row(number: int, **more: Any) -> dict[str, Any]:
    at = START + timedelta(hours=number)
    return {"id": number, "changed_at": at.isoformat(), "place": "东城区 🏛", **more}


ROWS = [_row(n) for n in range(25)]


@pytest.fixture
def landing(tmp_path: Path) -> Iterator[Landing]:
    settings = Settings.from_env({"COCKPIT_HOME": str(tmp_path / "home")})
    found = Landing(settings.landing)
    yield found
    found.close()


def _declared(tmp_path: Path, connector: str, identity: str = 'columns = ["id"]') -> Http:
    file = tmp_path / "events.toml"
    file.write_text(
        f'[connector]\nkind = "http"\n{connector}\n[identity]\n{identity}\n'
        '[time]\nzone = "Asia/Shanghai"\n'
    )
    declaration = Declaration(file)
    found = read(declaration, {})
    declaration.finish()
    return replace(found, access=replace(found.access, patience=QUICK))


def _rows(fetched: Fetched) -> list[dict[str, Any]]:
    content = fetched.content
    assert content.key is not None
    if content.may_be_empty:
        return []
    with open_landed(content.path, content.key) as stream:
        chunks = list(read_json(stream, content.layout.records))
    return [row for chunk in chunks for row in chunk.frame.to_dicts()]


class Books:
    """What the runner does with deliveries: the position moves when a page is loaded."""

    def __init__(self, connector: Http, landing: Landing) -> None:
        self.connector = connector
        self.landing = landing
        self.known: dict[str, Position] = {}
        self.loaded: list[str] = []
        self.complete_until: datetime | None = None

    def look(self, most: int = 100_000, window: Window | None = None) -> int:
        """Loads at most so many pages; the number of pages."""
        count = 0
        for delivery in self.connector.deliveries(dict(self.known), window):
            if count == most:
                break
            fetched = delivery.fetch(self.landing)
            self.loaded += [row["id"] for row in _rows(fetched)]
            self.known[delivery.item.name] = Position(
                item=delivery.item.name,
                version="",
                sha256=fetched.content.sha256,
                cursor=fetched.cursor,
            )
            self.complete_until = fetched.complete_until or self.complete_until
            fetched.content.path.unlink()
            count += 1
        return count

    def everything(self) -> bool:
        return sorted(self.loaded, key=int) == [str(row["id"]) for row in ROWS]


# --- how the test service pages ---------------------------------------------------------------


def by_page(asked: Asked) -> Answer:
    page = int(asked.query["page"])
    return json_answer({"data": {"items": ROWS[(page - 1) * 10 : page * 10]}})


def by_cursor(asked: Asked) -> Answer:
    start = int(asked.query.get("after", "c0")[1:])
    ahead = f"c{start + 10}" if start + 10 < len(ROWS) else None
    return json_answer({"data": {"items": ROWS[start : start + 10]}, "meta": {"next": ahead}})


def by_link(asked: Asked) -> Answer:
    start = int(asked.query.get("from", "0"))
    link = f'</v1/events?from={start + 10}&x=1>; rel="next"'
    headers = {"Link": link} if start + 10 < len(ROWS) else {}
    return json_answer({"data": {"items": ROWS[start : start + 10]}}, headers=headers)


def by_link_inside(asked: Asked) -> Answer:
    start = int(asked.query.get("from", "0"))
    host = asked.headers["host"]
    link = f"http://{host}/v1/events?from={start + 10}" if start + 10 < len(ROWS) else None
    return json_answer({"data": {"items": ROWS[start : start + 10]}, "next": link})


JSON = 'url = "{url}"\nformat = "json"\nrecords = "data.items"\n'
PAGED: dict[str, tuple[Callable[[Asked], Answer], str]] = {
    "page": (by_page, 'paging = "page"\nsize_parameter = "limit"\npage_rows = 10\n'),
    "cursor": (
        by_cursor,
        'paging = "cursor"\ncursor_field = "meta.next"\ncursor_parameter = "after"\n',
    ),
    "link": (by_link, 'paging = "link"\n'),
    "link_inside": (by_link_inside, 'paging = "link"\nlink_field = "next"\n'),
}


def _connector(tmp_path: Path, service: Service, more: str = "", **changes: Any) -> Http:
    found = _declared(tmp_path, JSON.format(url=service.url) + more)
    return replace(found, access=replace(found.access, **changes)) if changes else found


# --- pages ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", PAGED)
def test_pages_when_walked_then_every_row_lands_once(
    kind: str, tmp_path: Path, landing: Landing
) -> None:
    answer, more = PAGED[kind]
    with serving(answer) as service:
        books = Books(_connector(tmp_path, service, more), landing)
        books.look()
    assert books.everything()
    assert list(books.known) == ["pages"]
    assert not list((tmp_path / "home").rglob("landing/*/*"))


@pytest.mark.parametrize("kind", PAGED)
def test_look_when_cut_after_any_page_then_the_next_misses_nothing(
    kind: str, tmp_path: Path, landing: Landing
) -> None:
    answer, more = PAGED[kind]
    with serving(answer) as service:
        for most in (1, 2, 3):
            books = Books(_connector(tmp_path, service, more), landing)
            books.look(most)
            books.look()
            books.loaded = list(dict.fromkeys(books.loaded))  # as rows of one identity count
            assert books.everything(), most


def test_cursor_when_look_was_cut_then_goes_on_there(tmp_path: Path, landing: Landing) -> None:
    with serving(by_cursor) as service:
        books = Books(_connector(tmp_path, service, PAGED["cursor"][1]), landing)
        books.look(1)
        books.look()
    assert [asked.query.get("after") for asked in service.asked] == [None, "c10", "c20"]
    assert books.everything()


@pytest.mark.parametrize("status", [400, 404, 410, 422])
def test_cursor_when_forgotten_by_the_service_then_look_begins_anew(
    status: int, tmp_path: Path, landing: Landing
) -> None:
    with serving(by_cursor) as service:
        books = Books(_connector(tmp_path, service, PAGED["cursor"][1]), landing)
        books.look(1)
        gone = [True]
        service.answer = lambda asked: (
            Answer(status=status) if gone and gone.pop() else by_cursor(asked)
        )
        assert books.look() == 3
    assert set(books.loaded) == {str(n) for n in range(25)}


def test_page_when_not_fetched_then_ends_the_look_before_it(
    tmp_path: Path, landing: Landing
) -> None:
    with serving(by_page) as service:
        deliveries = list(_connector(tmp_path, service, PAGED["page"][1]).deliveries({}))
    assert len(deliveries) == 1
    assert not service.asked


def test_question_when_declared_otherwise_then_begun_anew(tmp_path: Path, landing: Landing) -> None:
    with serving(by_cursor) as service:
        books = Books(_connector(tmp_path, service, PAGED["cursor"][1]), landing)
        books.look(1)
        other = PAGED["cursor"][1] + "[connector.query]\nkind = 'a'\n"
        books.connector = _connector(tmp_path, service, other)
        assert books.look() == 3


def test_feed_when_its_end_has_a_cursor_then_next_look_goes_on_there(
    tmp_path: Path, landing: Landing
) -> None:
    rows = list(ROWS[:5])

    def feed(asked: Asked) -> Answer:
        start = int(asked.query.get("after", "0"))
        return json_answer({"data": {"items": rows[start:]}, "meta": {"next": len(rows)}})

    with serving(feed) as service:
        books = Books(_connector(tmp_path, service, PAGED["cursor"][1]), landing)
        assert books.look() == 2
        rows.extend(ROWS[5:])
        assert books.look() == 2
    assert books.everything()


@pytest.mark.parametrize(
    ("answer", "more", "words"),
    [
        (lambda a: by_page(replace(a, target="/?page=1")), PAGED["page"][1], "same as page 1"),
        (
            lambda a: json_answer(
                {
                    "data": {"items": [_row(int(a.query.get("after", "3")))]},
                    "meta": {"next": {"0": "1", "1": "0"}.get(a.query.get("after", ""), "0")},
                }
            ),
            PAGED["cursor"][1],
            "goes round in circles",
        ),
        (
            lambda a: json_answer(
                {
                    "data": {"items": [_row(int(a.query.get("after", "0")))]},
                    "meta": {"next": int(a.query.get("after", "0")) + 1},
                }
            ),
            PAGED["cursor"][1] + "most_pages = 40\n",
            "more than 40 pages",
        ),
    ],
)
def test_pages_when_without_end_then_refused(
    answer: Callable[[Asked], Answer], more: str, words: str, tmp_path: Path, landing: Landing
) -> None:
    with serving(answer) as service:
        connector = _connector(tmp_path, service, more)
        with pytest.raises(CockpitError, match=words):
            Books(connector, landing).look()
    assert len(service.asked) <= 41
    assert _connector(tmp_path, service, PAGED["link"][1]).question.pages.most_pages == 10_000


@pytest.mark.parametrize(
    "answer",
    [
        lambda _: json_answer({"data": {"items": []}}),
        lambda _: json_answer({"data": {"items": None}}),
        lambda _: Answer(status=204),
    ],
)
def test_result_when_empty_then_one_page_without_rows(
    answer: Callable[[Asked], Answer], tmp_path: Path, landing: Landing
) -> None:
    with serving(answer) as service:
        books = Books(_connector(tmp_path, service, PAGED["page"][1]), landing)
        assert books.look() == 1
    assert books.loaded == []


def test_rows_when_unicode_then_land_as_they_were_sent(tmp_path: Path, landing: Landing) -> None:
    with serving(lambda _: json_answer({"data": {"items": [_row(1, name="𠮷野家 ‮é")]}})) as service:
        (delivery,) = _connector(tmp_path, service).deliveries({})
        (row,) = _rows(delivery.fetch(landing))
    assert (row["place"], row["name"]) == ("东城区 🏛", "𠮷野家 ‮é")
    assert "东城区".encode() not in b"".join(
        file.read_bytes() for file in (tmp_path / "home").rglob("*") if file.is_file()
    )


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_lines_when_paged_then_empty_page_ends(form: str, tmp_path: Path, landing: Landing) -> None:
    def lines(asked: Asked) -> Answer:
        start = (int(asked.query["p"]) - 1) * 10
        rows = ROWS[start : start + 10]
        texts = {
            "csv": ["id,changed_at", *(f"{row['id']},{row['changed_at']}" for row in rows)],
            "jsonl": [json.dumps(row) for row in rows] or [""],
        }
        kind = {"csv": "text/csv", "jsonl": "application/x-ndjson"}[form]
        return Answer(body="\n".join((*texts[form], "")).encode(), headers={"Content-Type": kind})

    more = 'paging = "page"\npage_parameter = "p"\nsince_parameter = "since"\n'
    more += 'since_field = "changed_at"'
    with serving(lines) as service:
        connector = _declared(tmp_path, f'url = "{service.url}"\nformat = "{form}"\n{more}')
        count, cursor = 0, ""
        for delivery in connector.deliveries({}):
            fetched = delivery.fetch(landing)
            count, cursor = count + 1, fetched.cursor
    assert count == 4
    assert json.loads(cursor)["since"] == ROWS[-1]["changed_at"]


# --- increments and windows -------------------------------------------------------------------

SINCE = 'since_parameter = "since"\nsince_field = "changed_at"\nlook_back = "2h"\n'


def test_increment_when_look_is_whole_then_asks_from_newest_minus_look_back(
    tmp_path: Path, landing: Landing
) -> None:
    with serving(by_cursor) as service:
        books = Books(_connector(tmp_path, service, PAGED["cursor"][1] + SINCE), landing)
        before = datetime.now(UTC)
        books.look(2)
        assert books.complete_until is None
        books.look()
        assert books.complete_until is not None
        assert (
            timedelta(0)
            <= books.complete_until - (before - timedelta(hours=2))
            < timedelta(seconds=30)
        )
        books.look(1)
    asked = [asked.query.get("since") for asked in service.asked]
    assert asked == [None, None, None, "2026-11-01T22:00:00Z"]


def test_increment_when_numbered_pages_are_cut_then_asks_as_before(
    tmp_path: Path, landing: Landing
) -> None:
    with serving(by_page) as service:
        books = Books(_connector(tmp_path, service, PAGED["page"][1] + SINCE), landing)
        books.look(2)
        books.look(1)
    assert [(a.query.get("since"), a.query["page"]) for a in service.asked] == [
        (None, "1"),
        (None, "2"),
        (None, "1"),
    ]


@pytest.mark.parametrize(
    ("form", "newest", "asked"),
    [
        ("iso", "2026-11-03T10:00:00+08:00", "2026-11-03T00:00:00Z"),
        ("iso", "2026-11-03 10:00:00", "2026-11-03T00:00:00Z"),
        ("epoch_s", 1793671200, str(1793671200 - 7200)),
        ("epoch_ms", 1793671200123, str(1793671200123 - 7200_000)),
        ("%d/%m/%Y %H:%M", "03/11/2026 10:00", "03/11/2026 08:00"),
    ],
)
def test_increment_when_time_is_written_otherwise_then_asked_the_same_way(
    form: str, newest: object, asked: str, tmp_path: Path, landing: Landing
) -> None:
    rows = [{"id": 1, "changed_at": newest}, {"id": 2, "changed_at": "?"}]
    with serving(lambda _: json_answer({"data": {"items": rows}})) as service:
        more = SINCE + f'since_format = "{form}"\n'
        books = Books(_connector(tmp_path, service, more), landing)
        books.look()
        books.look()
    assert service.asked[1].query == {"since": asked}


def test_increment_when_a_row_is_of_the_future_then_not_moved_by_it(
    tmp_path: Path, landing: Landing
) -> None:
    rows = [_row(1), {"id": 2, "changed_at": "2099-01-01T00:00:00Z"}]
    with serving(lambda _: json_answer({"data": {"items": rows}})) as service:
        books = Books(_connector(tmp_path, service, SINCE), landing)
        books.look()
        books.look()
    assert service.asked[1].query["since"] == "2026-10-31T23:00:00Z"


def test_increment_when_all_rows_are_ahead_of_this_clock_then_it_stays(
    tmp_path: Path, landing: Landing
) -> None:
    with serving(
        lambda _: json_answer(
            {"data": {"items": [{"changed_at": "2099-01-01T00:00:00Z", "id": 1}]}}
        )
    ) as service:
        books = Books(_connector(tmp_path, service, SINCE), landing)
        books.look()
        books.look()
    assert service.asked[1].query == {}


def test_increment_when_no_row_has_its_time_then_refused(tmp_path: Path, landing: Landing) -> None:
    with serving(lambda _: json_answer({"data": {"items": [{"id": 1}]}})) as service:
        books = Books(_connector(tmp_path, service, SINCE), landing)
        with pytest.raises(ContractBroken, match="check since_field"):
            books.look()
    assert not list((tmp_path / "home").rglob("landing/*/*"))


def test_window_when_read_again_then_asked_whole_and_position_stays(
    tmp_path: Path, landing: Landing
) -> None:
    with serving(by_cursor) as service:
        more = PAGED["cursor"][1] + SINCE + 'until_parameter = "until"\n'
        books = Books(_connector(tmp_path, service, more), landing)
        books.look()
        position = books.known["pages"]
        service.asked.clear()
        window = Window(start=START, end=START + timedelta(days=1))
        assert books.look(window=window) == 3
    assert {(a.query["since"], a.query["until"]) for a in service.asked} == {
        ("2026-10-31T22:00:00Z", "2026-11-02T00:00:00Z")
    }
    assert books.known["pages"] == position
    assert books.known["window"].cursor == ""


# --- who asks ---------------------------------------------------------------------------------


def _secret(tmp_path: Path) -> Path:
    file = tmp_path / "secret"
    file.write_text(TOKEN + "\n")
    file.chmod(0o400)
    return file


@pytest.mark.parametrize(
    ("header", "sent"), [("Authorization", f"Bearer {TOKEN}"), ("X-Api-Key", TOKEN)]
)
def test_bearer_when_declared_then_in_its_header(
    header: str, sent: str, tmp_path: Path, landing: Landing
) -> None:
    _secret(tmp_path)
    more = '[connector.auth]\nkind = "bearer"\ntoken_file = "secret"\n' + f'header = "{header}"\n'
    with serving(lambda _: json_answer({"data": {"items": []}})) as service:
        Books(_connector(tmp_path, service, more), landing).look()
    assert service.asked[0].headers[header.lower()] == sent


def _is_signed(asked: Asked) -> bool:
    """As the service would verify it, from the documented text alone."""
    text = (
        f"{asked.method}\n{asked.target}\n{asked.headers['x-timestamp']}\n"
        f"{asked.headers['x-nonce']}\n{hashlib.sha256(b'').hexdigest()}"
    )
    wanted = hmac.new(TOKEN.encode(), text.encode(), "sha256").hexdigest()
    assert asked.headers["x-content-sha256"] == hashlib.sha256(b"").hexdigest()
    return (
        hmac.compare_digest(wanted, asked.headers["x-signature"])
        and abs(time.time() - int(asked.headers["x-timestamp"])) < 60
        and asked.headers["x-key-id"] == "cockpit"
    )


def test_hmac_when_service_verifies_then_each_try_is_signed_anew(
    tmp_path: Path, landing: Landing
) -> None:
    _secret(tmp_path)
    more = PAGED["cursor"][1] + '[connector.auth]\nkind = "hmac"\nsecret_file = "secret"\n'
    more += 'key_id = "cockpit"\n[connector.query]\nplace = "东城 & a=b/c+d"\n'
    hiccups = [503]

    def verified(asked: Asked) -> Answer:
        if not _is_signed(asked):
            return Answer(status=401)
        assert asked.query["place"] == "东城 & a=b/c+d"
        return Answer(status=hiccups.pop()) if hiccups else by_cursor(asked)

    with serving(verified) as service:
        books = Books(_connector(tmp_path, service, more), landing)
        books.look()
    assert books.everything()
    nonces = {asked.headers["x-nonce"] for asked in service.asked}
    assert len(nonces) == len(service.asked) == 4


def _everything_said(error: BaseException) -> str:
    said = ""
    found: BaseException | None = error
    while found is not None:
        said += repr(found) + str(found)
        found = found.__cause__ or found.__context__
    return said


@pytest.mark.parametrize(
    "answer",
    [
        lambda a: Answer(status=401, body=a.headers["authorization"].encode()),
        lambda a: Answer(status=500, body=a.headers["authorization"].encode()),
        lambda a: Answer(status=302, headers={"Location": "/x?t=" + a.headers["authorization"]}),
        lambda a: json_answer({"data": a.headers["authorization"]}),
        lambda a: Answer(
            body=b"<html>" + a.headers["authorization"].encode(),
            headers={"Content-Type": "text/html"},
        ),
    ],
)
def test_token_when_anything_fails_then_nowhere_told(
    answer: Callable[[Asked], Answer],
    tmp_path: Path,
    landing: Landing,
    caplog: pytest.LogCaptureFixture,
) -> None:
    _secret(tmp_path)
    caplog.set_level(logging.INFO)
    more = '[connector.auth]\nkind = "bearer"\ntoken_file = "secret"\n'
    with serving(answer) as service:
        connector = _connector(tmp_path, service, more)
        with pytest.raises(CockpitError) as failed:
            Books(connector, landing).look()
    told = [record.__dict__ for record in caplog.records if record.name != "tests"]
    assert TOKEN not in _everything_said(failed.value) + repr(connector) + repr(told)
    assert TOKEN.encode() not in pickle.dumps(connector)


@pytest.mark.parametrize("token", ["two\nlines", "tok\u00e9n", "a\x00b"])
def test_token_when_no_header_can_carry_it_then_told_without_it(
    token: str, tmp_path: Path, landing: Landing
) -> None:
    _secret(tmp_path).chmod(0o600)
    (tmp_path / "secret").write_text(token)
    more = '[connector.auth]\nkind = "bearer"\ntoken_file = "secret"\n'
    with serving(by_page) as service, pytest.raises(SourceUnavailable) as failed:
        Books(_connector(tmp_path, service, more), landing).look()
    assert "Write the token anew" in str(failed.value)
    assert token not in _everything_said(failed.value)


# --- what goes wrong --------------------------------------------------------------------------


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_answer_when_busy_for_a_moment_then_tried_again(
    status: int, tmp_path: Path, landing: Landing
) -> None:
    troubles = [status, status]
    with serving(lambda a: Answer(status=troubles.pop()) if troubles else by_page(a)) as service:
        books = Books(_connector(tmp_path, service, PAGED["page"][1]), landing)
        books.look()
    assert books.everything()
    assert len(service.asked) == 2 + 4


@pytest.mark.parametrize(
    "wait", [lambda: "1", lambda: format_datetime(datetime.now(UTC) + timedelta(seconds=2))]
)
def test_retry_after_when_short_then_waited_for(
    wait: Callable[[], str], tmp_path: Path, landing: Landing
) -> None:
    times: list[float] = []

    def busy(_: Asked) -> Answer:
        times.append(time.monotonic())
        if len(times) == 1:
            return Answer(status=429, headers={"Retry-After": wait()})
        return json_answer({"data": {"items": []}})

    with serving(busy) as service:
        patience = replace(QUICK, longest_wait_seconds=3)
        Books(_connector(tmp_path, service, patience=patience), landing).look()
    assert 0.8 < times[1] - times[0] < 10


def test_retry_after_when_long_then_host_is_left_alone(tmp_path: Path, landing: Landing) -> None:
    with serving(lambda _: Answer(status=503, headers={"Retry-After": "3600"})) as service:
        patience = replace(QUICK, longest_rest_seconds=0.4)
        books = Books(_connector(tmp_path, service, patience=patience), landing)
        with pytest.raises(SourceUnavailable, match="answers 503"):
            books.look()
        with pytest.raises(SourceUnavailable, match="asked for a pause"):
            books.look()
        assert len(service.asked) == 1
        service.answer = lambda _: json_answer({"data": {"items": []}})
        _until(lambda: _succeeds(books))


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 422])
def test_answer_when_refusing_then_asked_once_and_told(
    status: int, tmp_path: Path, landing: Landing
) -> None:
    words = rf"page 1: answers {status}\. Check"
    with (
        serving(lambda _: Answer(status=status)) as service,
        pytest.raises(CockpitError, match=words),
    ):
        Books(_connector(tmp_path, service), landing).look()
    assert len(service.asked) == 1


def test_connection_when_reset_in_mid_body_then_page_is_fetched_again(
    tmp_path: Path, landing: Landing
) -> None:
    cuts = [100, 100]

    def cut(asked: Asked) -> Answer:
        answer = by_page(asked)
        return replace(answer, cut_after=cuts.pop()) if cuts else answer

    with serving(cut) as service:
        books = Books(_connector(tmp_path, service, PAGED["page"][1]), landing)
        books.look()
    assert books.everything()


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_body_when_its_end_is_not_told_then_refused(
    form: str, tmp_path: Path, landing: Landing
) -> None:
    with serving(lambda _: Answer(body=b'{"id": 1}\n', has_length=False)) as service:
        connector = _declared(tmp_path, f'url = "{service.url}"\nformat = "{form}"')
        with pytest.raises(ContractBroken, match="does not say how long"):
            Books(connector, landing).look()


def test_service_when_silent_then_told_after_the_timeout(tmp_path: Path, landing: Landing) -> None:
    with serving(lambda _: Answer(silent_seconds=0.5)) as service:
        patience = replace(QUICK, tries=2)
        connector = _connector(tmp_path, service, timeout_seconds=0.1, patience=patience)
        with pytest.raises(SourceUnavailable, match="does not answer within"):
            Books(connector, landing).look()
    assert len(service.asked) == 2


def test_service_when_dripping_then_told_in_the_end(tmp_path: Path, landing: Landing) -> None:
    with serving(lambda _: Answer(body=b" " * 40, byte_seconds=0.04)) as service:
        patience = replace(QUICK, tries=1)
        connector = _connector(tmp_path, service, timeout_seconds=0.1, patience=patience)
        with pytest.raises(SourceUnavailable, match="sends too slowly"):
            Books(connector, landing).look()


@pytest.mark.parametrize("text", ["", "²", "soon", "9" * 400, "Mon, 99999999999999 Nov 2026 1:1:1"])
def test_retry_after_when_garbage_then_answer_is_told(
    text: str, tmp_path: Path, landing: Landing
) -> None:
    answer = Answer(status=503, headers={"Retry-After": text})
    with (
        serving(lambda _: answer) as service,
        pytest.raises(SourceUnavailable, match="answers 503"),
    ):
        Books(_connector(tmp_path, service), landing).look()


def test_host_when_failing_forever_then_left_alone_and_asked_again_later(
    tmp_path: Path, landing: Landing
) -> None:
    with serving(by_page) as well, serving(lambda _: Answer(status=500)) as ill:
        books = Books(_connector(tmp_path, ill, PAGED["page"][1]), landing)
        for _ in range(3):
            with pytest.raises(SourceUnavailable, match="answers 500"):
                books.look()
        with pytest.raises(SourceUnavailable, match="3 times in a row and is left alone"):
            books.look()
        assert len(ill.asked) == 3
        others = Books(_connector(tmp_path, well, PAGED["page"][1]), landing)
        others.look()
        assert others.everything()
        ill.answer = by_page
        _until(lambda: _succeeds(books))
        assert books.everything()


def test_host_when_nobody_listens_then_told(tmp_path: Path, landing: Landing) -> None:
    with serving(by_page) as service:
        connector = _connector(tmp_path, service)
    with pytest.raises(SourceUnavailable, match="cannot be reached"):
        Books(connector, landing).look()


@pytest.mark.parametrize("to", ["https://elsewhere.example/login?t=1", "/v2/events"])
def test_redirect_when_answered_then_refused_naming_where(
    to: str, tmp_path: Path, landing: Landing
) -> None:
    with serving(lambda _: Answer(status=302, headers={"Location": to})) as service:
        with pytest.raises(SourceUnavailable) as refused:
            Books(_connector(tmp_path, service), landing).look()
        shown = to.partition("?")[0] if to.startswith("https") else service.origin + to
    assert f"redirects to {shown}. If" in str(refused.value)


def test_link_when_it_leads_elsewhere_then_refused(tmp_path: Path, landing: Landing) -> None:
    link = {"Link": '<https://elsewhere.example/v1/events?page=2>; rel="next"'}
    with serving(lambda _: json_answer({"data": {"items": ROWS}}, headers=link)) as service:
        books = Books(_connector(tmp_path, service, PAGED["link"][1]), landing)
        with pytest.raises(ContractBroken, match=r"leads elsewhere, to https://elsewhere\.exam"):
            books.look()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer(body=b"<html>", headers={"Content-Type": "text/html"}), "login or error page"),
        (Answer(body=b" \n<!DOCTYPE html><p>"), "answers a web page"),
        (Answer(body=b"<?xml?>", headers={"Content-Type": "application/xml"}), "application/xml"),
        (Answer(body=b'{"data": {"items": [{"id": 1}'), "cut off"),
        (Answer(body=b'{"data": 1}'), "has no object at 'data'"),
        (Answer(body=b'{"error": "no"}'), "holds nothing at 'data'"),
        (Answer(body=b"x", headers={"Content-Encoding": "br"}), "is packed as 'br'"),
        (Answer(body=b"x" * 2_000_000), "is larger than 1 MiB"),
        (packed(Answer(body=b" " * 50_000_000)), "is larger than 1 MiB"),
    ],
)
def test_body_when_not_what_was_declared_then_refused(
    answer: Answer, words: str, tmp_path: Path, landing: Landing
) -> None:
    with serving(lambda _: answer) as service:
        connector = _connector(tmp_path, service, 'most_bytes = "1MiB"\n')
        with pytest.raises(CockpitError) as refused:
            Books(connector, landing).look()
    assert words in str(refused.value)
    assert service.url in str(refused.value)
    assert not list((tmp_path / "home").rglob("landing/*/*"))


def test_body_when_packed_then_unpacked(tmp_path: Path, landing: Landing) -> None:
    with serving(lambda a: packed(by_page(a))) as service:
        books = Books(_connector(tmp_path, service, PAGED["page"][1]), landing)
        books.look()
    assert books.everything()


def test_packed_body_when_cut_then_tried_again_and_told(tmp_path: Path, landing: Landing) -> None:
    whole = packed(json_answer({"data": {"items": ROWS}}))
    short = replace(whole, body=whole.body[:-20])
    words = "packed answer is cut off"
    with serving(lambda _: short) as service, pytest.raises(SourceUnavailable, match=words):
        Books(_connector(tmp_path, service), landing).look()
    assert len(service.asked) == 4


def test_proxy_when_in_the_environment_then_not_asked(
    tmp_path: Path, landing: Landing, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with serving(by_page) as service:
        books = Books(_connector(tmp_path, service, PAGED["page"][1]), landing)
        books.look()
    assert books.everything()


# --- certificates -----------------------------------------------------------------------------


def _tls(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


def test_tls_when_signed_by_the_declared_authority_then_trusted(
    tmp_path: Path, landing: Landing
) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    with serving(by_page, _tls(authority.issue_cert("localhost"))) as service:
        more = PAGED["page"][1] + 'ca_file = "ca.pem"\n'
        books = Books(_connector(tmp_path, service, more), landing)
        books.look()
    assert books.everything()


@pytest.mark.parametrize(
    ("name", "expires", "is_known", "words"),
    [
        ("localhost", timedelta(days=-1), True, "has expired"),
        ("other.example", timedelta(days=1), True, "not valid for 'localhost'"),
        ("localhost", timedelta(days=1), False, "self-signed|unable to get local issuer"),
    ],
)
def test_tls_when_certificate_is_not_right_then_nothing_is_asked(
    name: str, expires: timedelta, is_known: bool, words: str, tmp_path: Path, landing: Landing
) -> None:
    authority = trustme.CA()
    (authority if is_known else trustme.CA()).cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    certificate = authority.issue_cert(name, not_after=datetime.now(UTC) + expires)
    with serving(by_page, _tls(certificate)) as service:
        more = PAGED["page"][1] + 'ca_file = "ca.pem"\n'
        with pytest.raises(SourceUnavailable, match=f"certificate is not trusted.*({words})"):
            Books(_connector(tmp_path, service, more), landing).look()
    assert not service.asked


def test_tls_when_older_than_1_2_then_refused(tmp_path: Path, landing: Landing) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    context = _tls(authority.issue_cert("localhost"))
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning):
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    with serving(by_page, context) as service:
        more = PAGED["page"][1] + 'ca_file = "ca.pem"\n'
        with pytest.raises(SourceUnavailable, match="cannot be reached"):
            Books(_connector(tmp_path, service, more), landing).look()


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_authority_when_file_is_none_then_told(
    content: str | None, tmp_path: Path, landing: Landing
) -> None:
    if content:
        (tmp_path / "ca.pem").write_text(content)
    more = 'url = "https://localhost:9/"\nformat = "json"\nca_file = "ca.pem"'
    with pytest.raises(SourceUnavailable, match=r"ca\.pem: cannot be read as certificates"):
        Books(_declared(tmp_path, more), landing).look()


# --- declarations -----------------------------------------------------------------------------


def test_declaration_when_wrong_then_every_mistake_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(SourceError) as wrong:
        _declared(
            tmp_path,
            'url = "http://api.example/v1"\n'
            'format = "parquet"\n'
            'paging = "curser"\n'
            "page_rows = 0\n"
            'since_field = "changed_at"\n'
            'timeout = "soon"\n'
            'most_bytes = "1TiB"\n'
            "retries = 3\n"
            "[connector.auth]\n"
            'kind = "hmac"\n'
            'secret = "abc"\n'
            'header = "Host"\n'
            "[connector.query]\n"
            'api_key = "abc"\n'
            "x = 1.5\n",
        )
    told = str(wrong.value)
    for words in (
        ":3: connector.url: 'http://api.example/v1' would be asked without encryption.",
        ":4: connector.format: must be 'json', 'jsonl' or 'csv'.",
        ":5: connector.paging: 'curser' is not known. Did you mean 'cursor'?",
        ":6: connector.page_rows: must lie between 1 and 1,000,000.",
        ":7: connector.since_field: has no meaning without since_parameter.",
        ":8: connector.timeout: 'soon' is no duration.",
        ":9: connector.most_bytes: '1TiB' is no size up to 256MiB.",
        ":10: connector.retries: is no known key.",
        ":11: connector.auth.secret_file: is missing.",
        ":13: connector.auth.secret: a secret does not stand in a declaration.",
        ":14: connector.auth.header: 'Host' cannot be used as a header.",
        ":16: connector.query.api_key: a secret does not stand in an address.",
        ":17: connector.query.x: must be a text in quotes or a whole number.",
    ):
        assert words in told
    assert "abc" not in told


@pytest.mark.parametrize(
    ("lines", "identity", "words"),
    [
        ('url = "https://u:p@h/"', "", "holds a name or password"),
        ('url = "https://h/?a=1"', "", "holds more than a path"),
        ('url = "ftp://h/"', "", "is no address"),
        ('url = "https://h/"\npaging = "page"', 'by = "occurrence"', "Name identity.columns"),
        ('url = "https://h/"\npaging = "cursor"', "", "cursor_field: is missing"),
        ('url = "https://h/"\nlink_field = "n"', "", "no meaning with paging 'none'"),
        (
            'url = "https://h/"\npaging = "page"\nsize_parameter = "page"',
            "",
            "already stands for something else",
        ),
    ],
)
def test_declaration_when_contradicting_itself_then_told(
    lines: str, identity: str, words: str, tmp_path: Path
) -> None:
    with pytest.raises(SourceError, match=words) as wrong:
        _declared(tmp_path, f'{lines}\nformat = "json"', identity)
    assert "u:p" not in str(wrong.value)


def test_connector_when_read_twice_then_equal_and_picklable(tmp_path: Path) -> None:
    _secret(tmp_path)
    more = 'url = "https://h/"\nformat = "json"\n' + PAGED["page"][1] + SINCE
    more += '[connector.auth]\nkind = "bearer"\ntoken_file = "secret"\n'
    first, second = _declared(tmp_path, more), _declared(tmp_path, more)
    assert first == second == pickle.loads(pickle.dumps(first))


# --- helpers of this file ---------------------------------------------------------------------


def _until(is_true: Callable[[], bool]) -> None:
    end = time.monotonic() + 5
    while not is_true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def _succeeds(books: Books) -> bool:
    try:
        books.look()
    except SourceUnavailable:
        return False
    return True
