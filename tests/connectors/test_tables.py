"""Tables of real servers are read without losing a row, however they change."""

import contextlib
from datetime import timedelta
from pathlib import Path

import pytest

from etl.connectors import _snapshot
from etl.delivery import Window
from tests.connectors.servers import Server
from tests.connectors.tables import LOCAL, ZONE, at, connector, create, now, reader
from warehouse.errors import ContractBroken, SourceUnavailable


def test_table_when_it_grows_then_each_look_brings_what_is_new(
    server: Server, tmp_path: Path
) -> None:
    create(server)
    source, got = connector(server, tmp_path, page_rows=10), reader(tmp_path)
    server.insert("card_events", [(n, at(100 - n)) for n in range(25)])
    assert got.look(source) == 25
    assert [len(page) for page in got.pages] == [10, 10, 5]
    server.insert("card_events", [(n, at(75 - n / 10)) for n in range(25, 37)])
    assert got.look(source) == 12
    assert got.ids == list(range(37))


def test_table_when_unchanged_then_the_content_is_the_same(server: Server, tmp_path: Path) -> None:
    create(server)
    source, got = connector(server, tmp_path), reader(tmp_path)
    assert got.look(source) == 0
    assert got.look(source) == 0
    assert got.fetched[0].content.sha256 == got.fetched[1].content.sha256
    server.insert("card_events", [(n, at(60 - n)) for n in range(30)])
    assert got.look(source) == 30
    got.look(source)
    got.look(source)
    assert got.pages[-2:] == [[], []]
    assert got.fetched[-1].content.sha256 == got.fetched[-2].content.sha256


def test_table_when_read_to_its_end_then_it_says_until_when_it_is_complete(
    server: Server, tmp_path: Path
) -> None:
    create(server)
    server.insert("card_events", [(n, at(50)) for n in range(4)])
    got = reader(tmp_path)
    got.look(connector(server, tmp_path, page_rows=3, look_back="2h"))
    first, last = got.fetched
    assert first.complete_until is None
    assert last.complete_until is not None
    late_by = last.complete_until - (now() - timedelta(hours=2))
    assert timedelta(0) <= late_by < timedelta(minutes=5)


def test_table_when_many_rows_share_a_time_then_pages_do_not_cut_them(
    server: Server, tmp_path: Path
) -> None:
    create(server)
    server.insert("card_events", [(n, at(30)) for n in range(23)])
    source, got = connector(server, tmp_path, page_rows=5), reader(tmp_path)
    assert got.look(source) == 23
    assert [len(page) for page in got.pages] == [5, 5, 5, 5, 3]
    assert sum(map(len, got.pages)) == 23


def test_table_when_a_row_is_committed_late_then_it_is_found(
    server: Server, tmp_path: Path
) -> None:
    create(server)
    source, got = connector(server, tmp_path, page_rows=4), reader(tmp_path)
    server.insert("card_events", [(n, at(20 - n)) for n in range(9)])
    with contextlib.closing(server.connect()) as slow, slow.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("INSERT INTO card_events VALUES (100, %s)", (at(13.5),))
        assert got.look(source) == 9
        cursor.execute("COMMIT")
    assert got.look(source) == 1
    assert 100 in got.ids


def test_table_when_more_is_late_than_remembered_then_the_rest_comes_again(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_snapshot, "_REMEMBERED_ROWS", 5)
    create(server)
    source, got = connector(server, tmp_path), reader(tmp_path)
    server.insert("card_events", [(n, at(20 - n)) for n in range(20)])
    assert got.look(source) == 20
    server.insert("card_events", [(90, at(5.5))])
    assert got.look(source) == 1
    assert [int(row["id"]) for row in got.pages[-1]] == [9, 10, 11, 12, 13, 14, 90]


def test_table_when_a_row_is_dated_ahead_then_later_ones_are_still_found(
    server: Server, tmp_path: Path
) -> None:
    create(server)
    source, got = connector(server, tmp_path), reader(tmp_path)
    server.insert("card_events", [(1, at(5)), (2, at(-60 * 24 * 300))])
    assert got.look(source) == 2
    server.insert("card_events", [(3, at(0))])
    assert got.look(source) == 1


def test_table_when_rows_change_or_go_then_nothing_counts_twice(
    server: Server, tmp_path: Path
) -> None:
    create(server, "state varchar(9)")
    source, got = connector(server, tmp_path), reader(tmp_path)
    server.insert("card_events", [(n, at(30 - n), "new") for n in range(10)])
    assert got.look(source) == 10
    server.execute(f"UPDATE card_events SET state = 'old', changed_at = '{at(1)}' WHERE id < 3")
    server.execute("DELETE FROM card_events WHERE id > 7")
    assert got.look(source) == 0
    assert {row["state"] for row in got.pages[-1] if int(row["id"]) < 3} == {"old"}
    assert got.ids == list(range(10))


def test_table_when_a_look_was_cut_short_then_the_next_goes_on(
    server: Server, tmp_path: Path
) -> None:
    create(server)
    server.insert("card_events", [(n, at(500 - n)) for n in range(40)])
    source, got = connector(server, tmp_path, page_rows=10), reader(tmp_path)
    assert got.look(source, most=2) == 20
    server.insert("card_events", [(90, at(480 + 0.5))])
    assert got.look(source) == 21
    assert len(got.ids) == 41


def test_number_when_it_is_the_cursor_then_late_ones_and_a_new_start_are_found(
    server: Server, tmp_path: Path
) -> None:
    create(server)
    source = connector(server, tmp_path, cursor="id", look_back=5, page_rows=4)
    got = reader(tmp_path)
    server.insert("card_events", [(n, at(9)) for n in (1001, 1002, 1004, 1005, 1006, 1007)])
    assert got.look(source) == 6
    assert got.fetched[-1].complete_until is None
    server.insert("card_events", [(1003, at(9)), (1008, at(9))])
    assert got.look(source) == 2
    server.execute("DELETE FROM card_events")
    server.insert("card_events", [(n, at(9)) for n in range(1, 7)])
    assert got.look(source) == 6


def test_window_when_asked_for_then_its_events_come_and_the_position_stays(
    server: Server, tmp_path: Path
) -> None:
    create(server, f"happened_at {LOCAL[server.kind]}")
    local = [(now() - timedelta(minutes=100 - n)).astimezone(ZONE) for n in range(60)]
    rows = [(n, at(n % 7), f"{time:%Y-%m-%d %H:%M:%S}") for n, time in enumerate(local)]
    server.insert("card_events", rows)
    source, got = connector(server, tmp_path, "happened_at", page_rows=8), reader(tmp_path)
    got.look(source)
    cursor, read = got.known["card_events"].cursor, len(got.pages)
    window = Window(start=now() - timedelta(minutes=90), end=now() - timedelta(minutes=70))
    got.look(source, window)
    again = {int(row["id"]) for page in got.pages[read:] for row in page}
    assert again == set(range(10, 31))
    assert got.known["card_events"].cursor == cursor
    assert all(found.complete_until is None for found in got.fetched[read:])


def test_window_when_the_event_has_no_time_there_then_all_changed_since_come(
    server: Server, tmp_path: Path
) -> None:
    create(server)
    server.insert("card_events", [(n, at(100 - n)) for n in range(100)])
    window = Window(start=now() - timedelta(minutes=50), end=now() - timedelta(minutes=40))
    got = reader(tmp_path)
    got.look(connector(server, tmp_path, look_back="5m"), window)
    assert got.ids == list(range(45, 100))


def test_window_when_there_is_no_time_at_all_then_refused_with_a_remedy(
    server: Server, tmp_path: Path
) -> None:
    create(server)
    source = connector(server, tmp_path, cursor="id", look_back=0)
    with pytest.raises(ContractBroken, match="no range of time"):
        reader(tmp_path).look(source, Window(start=now(), end=now()))


def test_rows_when_they_have_no_cursor_then_the_others_load_and_it_says_so(
    server: Server, tmp_path: Path
) -> None:
    create(server, f"sent_at {LOCAL[server.kind]}")
    server.insert("card_events", [(1, at(1), at(1)), (2, at(1), None)])
    got = reader(tmp_path)
    with pytest.raises(SourceUnavailable, match="there are rows without 'sent_at'"):
        got.look(connector(server, tmp_path, cursor="sent_at"))
    assert got.ids == [1]
    assert got.fetched[0].complete_until is None


def test_key_when_it_names_several_rows_then_the_page_is_refused(
    server: Server, tmp_path: Path
) -> None:
    create(server, "card varchar(9) NOT NULL")
    server.insert("card_events", [(n, at(1), "same") for n in range(5)])
    with pytest.raises(ContractBroken, match="Name a key that is unique"):
        reader(tmp_path).look(connector(server, tmp_path, key=["card"], page_rows=3))


def test_totals_when_declared_then_the_server_counts_the_same_rows(
    server: Server, tmp_path: Path
) -> None:
    create(server)
    source, got = connector(server, tmp_path, totals=True, page_rows=7), reader(tmp_path)
    server.insert("card_events", [(n, at(30 - n)) for n in range(17)])
    got.look(source)
    server.insert("card_events", [(50, at(14.5)), (51, at(1))])
    got.look(source)
    assert [f.totals.rows for f in got.fetched if f.totals] == [7, 7, 3, 2]
    assert [len(page) for page in got.pages] == [7, 7, 3, 2]


def test_key_when_it_has_several_columns_then_their_order_counts(
    server: Server, tmp_path: Path
) -> None:
    create(server, "card varchar(9) NOT NULL, part int NOT NULL")
    rows = [(n, at(1), f"c{n % 3}", n // 3) for n in range(20)]
    server.insert("card_events", rows)
    source, got = connector(server, tmp_path, key=["card", "part"], page_rows=3), reader(tmp_path)
    assert got.look(source) == 20
    assert sum(map(len, got.pages)) == 20
