"""The connector `s3` against a real store."""

import gzip
import io
import logging
import pickle
import time
import tracemalloc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from obstore.store import S3Store

from etl.connectors.s3 import S3, read
from etl.delivery import Format, Layout
from etl.landing import Landing
from tests.connectors import seaweed
from tests.connectors.landed import (
    Meddling,
    content,
    declaration,
    deliveries,
    kill_in_mid_fetch,
    landed_files,
    landing_in,
    names,
)
from tests.connectors.seaweed import Seaweed
from warehouse.errors import ContractBroken, SourceError, SourceUnavailable

MARKER = b"citizen-4711,"


@pytest.fixture
def prefix(request: pytest.FixtureRequest) -> str:
    """Each test has a place of its own in the store."""
    return f"in/{request.node.originalname}"


@pytest.fixture
def store(weed: Seaweed) -> S3Store:
    return weed.store()


@pytest.fixture
def landing(tmp_path: Path) -> Iterator[Landing]:
    landing = landing_in(tmp_path)
    yield landing
    landing.close()


def place(weed: Seaweed, folder: Path, prefix: str, more: str = "", **changed: str) -> S3:
    """The connector as its declaration makes it."""
    keys = {"access": seaweed.KEY, "secret": seaweed.SECRET, **changed}
    for name in ("access", "secret"):
        (folder / f"{name}.key").write_text(keys[name] + "\n")
    options = {
        "kind": "s3",
        "endpoint": keys.get("endpoint", weed.endpoint),
        "bucket": keys.get("bucket", seaweed.BUCKET),
        "prefix": prefix,
        "access_key_file": "access.key",
        "secret_key_file": "secret.key",
    }
    text = "\n".join(f'{key} = "{value}"' for key, value in options.items())
    declared = declaration(folder, f"{text}\n{more}")
    connector = read(declared, {})
    declared.finish()
    return connector


# --- what is delivered ----------------------------------------------------------------------


def test_objects_when_fetched_then_land_byte_for_byte(
    weed: Seaweed, store: S3Store, prefix: str, landing: Landing, tmp_path: Path
) -> None:
    parquet = io.BytesIO()
    pl.DataFrame({"no": range(1000)}).write_parquet(parquet)
    sent = {
        "a.csv": b"no,at\n1,2024-01-01\n",
        "b.jsonl.gz": gzip.compress(b'{"no": 1}\n' * 1000),
        "c.parquet": parquet.getvalue(),
        "2024/交易 #1.csv": b"no\n1\n",
        "large.csv": b"0123456789abcdef" * (5 << 16),
    }
    for name, written in sent.items():
        store.put(f"{prefix}/{name}", written)

    found = deliveries(place(weed, tmp_path, prefix))
    landed = {d.item.name: content(d.fetch(landing)) for d in found}

    assert landed == sent
    assert {d.item.name: d.item.size for d in found} == {n: len(w) for n, w in sent.items()}
    assert all(d.item.version for d in found)


def test_item_when_listed_then_tells_when_it_was_written(
    weed: Seaweed, store: S3Store, prefix: str, tmp_path: Path
) -> None:
    before = datetime.now(UTC)
    store.put(f"{prefix}/z.csv", b"1")
    time.sleep(1.1)  # the store knows whole seconds
    store.put(f"{prefix}/a.csv", b"1")

    found = deliveries(place(weed, tmp_path, prefix))

    assert [d.item.name for d in found] == ["z.csv", "a.csv"]
    assert all(abs((d.item.written_at - before).total_seconds()) < 10 for d in found)


def test_layout_when_declared_then_comes_with_the_content(
    weed: Seaweed, store: S3Store, prefix: str, landing: Landing, tmp_path: Path
) -> None:
    store.put(f"{prefix}/export", b"no;at\n")
    more = 'format = "csv"\ndelimiter = ";"\nencoding = "gb18030"\nheader = false'
    connector = place(weed, tmp_path, prefix, more)

    fetched = deliveries(connector)[0].fetch(landing)

    assert fetched.content.layout == Layout(
        format=Format.CSV, delimiter=";", encoding="gb18030", header=False
    )
    assert connector.mark() != place(weed, tmp_path, prefix).mark()


def test_10000_objects_when_listed_then_all_are_there_in_little_memory(
    weed: Seaweed, store: S3Store, prefix: str, tmp_path: Path
) -> None:
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda n: store.put(f"{prefix}/{n:05}.csv", b"no\n1\n"), range(10_000)))
    connector = place(weed, tmp_path, prefix)

    start = time.perf_counter()
    listed = [delivery.item.name for delivery in connector.deliveries({})]
    seconds = time.perf_counter() - start
    tracemalloc.start()
    for _ in connector.deliveries({}):
        pass
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    logging.getLogger(__name__).info("10,000 objects: %.2f s, %.1f MB", seconds, peak / 1e6)
    assert sorted(listed) == [f"{n:05}.csv" for n in range(10_000)]
    assert peak < 20e6


def test_unfinished_objects_when_listed_then_left_alone(
    weed: Seaweed, store: S3Store, prefix: str, tmp_path: Path
) -> None:
    for name in ("a.csv", "b.csv.part", "c.csv.tmp", ".d.csv", "sub/.e.csv", "f.txt", "sub/g.csv"):
        store.put(f"{prefix}/{name}", b"no\n")
    store.put(f"{prefix}/a_folder_of_a_console", b"")

    assert sorted(names(place(weed, tmp_path, prefix))) == ["a.csv", "f.txt", "sub/g.csv"]
    only = place(weed, tmp_path, prefix, 'pattern = "*.csv"')
    assert sorted(names(only)) == ["a.csv", "sub/g.csv"]


def test_object_when_written_again_alike_then_has_the_same_version(
    weed: Seaweed, store: S3Store, prefix: str, tmp_path: Path
) -> None:
    connector = place(weed, tmp_path, prefix)
    store.put(f"{prefix}/a.csv", b"no\n1\n")
    first = deliveries(connector)[0].item
    store.put(f"{prefix}/a.csv", b"no\n1\n")
    same = deliveries(connector)[0].item
    store.put(f"{prefix}/a.csv", b"no\n2\n")

    assert same.version == first.version
    assert deliveries(connector)[0].item.version != first.version


# --- what changes meanwhile -----------------------------------------------------------------


def test_object_when_changed_after_listing_then_refused_and_read_next_time(
    weed: Seaweed, store: S3Store, prefix: str, landing: Landing, tmp_path: Path
) -> None:
    connector = place(weed, tmp_path, prefix)
    store.put(f"{prefix}/a.csv", b"no\n1\n")
    listed = deliveries(connector)[0]
    store.put(f"{prefix}/a.csv", b"no\n1\n2\n")

    with pytest.raises(SourceUnavailable, match=r"a\.csv: changed while it was fetched"):
        listed.fetch(landing)

    assert content(deliveries(connector)[0].fetch(landing)) == b"no\n1\n2\n"


def test_object_when_changed_in_mid_fetch_then_refused_and_nothing_lands(
    weed: Seaweed, store: S3Store, prefix: str, tmp_path: Path
) -> None:
    store.put(f"{prefix}/a.csv", b"old line\n" * (3 << 18))
    meddling = Meddling(tmp_path, lambda: store.put(f"{prefix}/a.csv", b"new line\n"))
    listed = deliveries(place(weed, tmp_path, prefix))[0]

    with pytest.raises(SourceUnavailable, match=r"a\.csv: "):
        listed.fetch(meddling)

    assert [file.suffix for file in landed_files(tmp_path)] == [".lock"]
    meddling.close()


def test_object_when_gone_after_listing_then_told(
    weed: Seaweed, store: S3Store, prefix: str, landing: Landing, tmp_path: Path
) -> None:
    store.put(f"{prefix}/a.csv", b"no\n")
    listed = deliveries(place(weed, tmp_path, prefix))[0]
    store.delete(f"{prefix}/a.csv")

    with pytest.raises(SourceUnavailable, match=r"a\.csv: went away before it was fetched"):
        listed.fetch(landing)


def test_fetch_when_killed_then_nothing_readable_is_left(
    weed: Seaweed, store: S3Store, prefix: str, tmp_path: Path
) -> None:
    for number in range(4):
        store.put(f"{prefix}/{number}.csv", MARKER * (2 << 20))
    place(weed, tmp_path, prefix)

    left = kill_in_mid_fetch(tmp_path, "s3")

    assert left
    assert not [file for file in left if MARKER in file.read_bytes()]
    landing_in(tmp_path).close()
    assert not landed_files(tmp_path)


# --- afterwards -----------------------------------------------------------------------------


def test_finished_when_declared_to_move_then_moved_once_and_safe_to_repeat(
    weed: Seaweed, store: S3Store, prefix: str, tmp_path: Path
) -> None:
    more = f'after = "move"\ndone_folder = "{prefix}/done"'
    connector = place(weed, tmp_path, prefix, more)
    store.put(f"{prefix}/2024/a.csv", b"no\n1\n")
    item = deliveries(connector)[0].item

    connector.finished(item)
    connector.finished(item)

    assert names(connector) == []
    assert bytes(store.get(f"{prefix}/done/2024/a.csv").bytes()) == b"no\n1\n"


def test_finished_when_killed_between_copy_and_delete_then_ends_the_same(
    weed: Seaweed, store: S3Store, prefix: str, tmp_path: Path
) -> None:
    connector = place(weed, tmp_path, prefix, f'after = "move"\ndone_folder = "done/{prefix}"')
    store.put(f"{prefix}/a.csv", b"no\n1\n")
    item = deliveries(connector)[0].item
    store.copy(f"{prefix}/a.csv", f"done/{prefix}/a.csv")

    connector.finished(item)

    assert names(connector) == []
    assert bytes(store.get(f"done/{prefix}/a.csv").bytes()) == b"no\n1\n"


def test_finished_when_a_new_delivery_has_the_name_then_it_stays(
    weed: Seaweed, store: S3Store, prefix: str, tmp_path: Path
) -> None:
    connector = place(weed, tmp_path, prefix, f'after = "move"\ndone_folder = "done/{prefix}"')
    store.put(f"{prefix}/a.csv", b"no\n1\n")
    item = deliveries(connector)[0].item
    store.put(f"{prefix}/a.csv", b"no\n2\n")

    connector.finished(item)

    assert names(connector) == ["a.csv"]


def test_finished_when_declared_to_keep_then_stays(
    weed: Seaweed, store: S3Store, prefix: str, tmp_path: Path
) -> None:
    connector = place(weed, tmp_path, prefix)
    store.put(f"{prefix}/a.csv", b"no\n1\n")

    connector.finished(deliveries(connector)[0].item)

    assert names(connector) == ["a.csv"]


# --- who may, and where ---------------------------------------------------------------------

REFUSED = {
    "no bucket": ({"bucket": "elsewhere"}, "no such bucket. Check connector.bucket"),
    "wrong secret": ({"secret": "wrong"}, "the secret key is not the access key's"),
    "unknown key": ({"access": "nobody"}, "does not know the access key"),
    "no permission": (
        {"access": "stranger", "secret": "another secret"},
        "does not permit this. Grant the key",
    ),
    "no store": ({"endpoint": "http://127.0.0.1:9"}, "cannot be reached, or broke off"),
    "no trust": ({"endpoint": "tls"}, "certificate is not trusted. Name its authority"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_listing_when_refused_then_says_why_in_one_line(
    weed: Seaweed, prefix: str, tmp_path: Path, case: str
) -> None:
    changed, told = REFUSED[case]
    if changed.get("endpoint") == "tls":
        changed = {"endpoint": weed.tls_endpoint}
    connector = place(weed, tmp_path, prefix, **changed)

    with pytest.raises(SourceUnavailable) as refused:
        deliveries(connector)

    message = str(refused.value)
    assert told in message
    assert message.startswith(connector.place)
    assert "\n" not in message and "another secret" not in message


def test_store_when_certified_by_the_named_authority_then_trusted(
    weed: Seaweed, store: S3Store, prefix: str, landing: Landing, tmp_path: Path
) -> None:
    store.put(f"{prefix}/a.csv", b"no\n1\n")
    more = f'ca_file = "{weed.folder / "ca.pem"}"'
    connector = place(weed, tmp_path, prefix, more, endpoint=weed.tls_endpoint)

    assert content(deliveries(connector)[0].fetch(landing)) == b"no\n1\n"


def test_authorities_when_no_certificates_then_told(
    weed: Seaweed, prefix: str, tmp_path: Path
) -> None:
    (tmp_path / "ca.pem").write_text("nothing of the kind")

    with pytest.raises(SourceUnavailable, match=r"connector\.ca_file holds no certificates"):
        deliveries(place(weed, tmp_path, prefix, 'ca_file = "ca.pem"'))


def test_environment_when_it_names_a_store_then_does_not_count(
    weed: Seaweed, store: S3Store, prefix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_SKIP_SIGNATURE", "true")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "somebody")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "somebody")
    monkeypatch.setenv("AWS_VIRTUAL_HOSTED_STYLE_REQUEST", "true")
    store.put(f"{prefix}/a.csv", b"no\n")

    assert names(place(weed, tmp_path, prefix)) == ["a.csv"]


def test_secret_when_changed_then_counts_from_the_next_listing(
    weed: Seaweed, store: S3Store, prefix: str, tmp_path: Path
) -> None:
    store.put(f"{prefix}/a.csv", b"no\n")
    connector = place(weed, tmp_path, prefix, secret="wrong")
    with pytest.raises(SourceUnavailable):
        deliveries(connector)

    (tmp_path / "secret.key").write_text(seaweed.SECRET)

    assert names(connector) == ["a.csv"]
    assert seaweed.SECRET not in repr(connector)
    assert pickle.loads(pickle.dumps(connector)) == connector


# --- declared -------------------------------------------------------------------------------


def test_declaration_when_wrong_then_every_mistake_has_line_and_remedy(tmp_path: Path) -> None:
    declared = declaration(
        tmp_path,
        """kind = "s3"
endpoint = "http://store.example"
bucket = "no bucket/"
prefix = "in/daily/"
secret_key = "hunter2"
access_key_file = "${NOWHERE}/key"
after = "move"
done_folder = "/in"
format = "jsonl"
delimiter = ";"
endpiont = "https://x"
""",
    )
    read(declared, {})

    with pytest.raises(SourceError) as wrong:
        declared.finish()

    told = str(wrong.value)
    for line, key, words in (
        (3, "endpoint", "http is for loopback only"),
        (4, "bucket", "is no name of a bucket"),
        (6, "secret_key", "Write it into a file"),
        (7, "access_key_file", "is not set in the environment"),
        (9, "done_folder", "holds the deliveries themselves"),
        (11, "delimiter", "has no meaning for jsonl"),
        (12, "endpiont", "Did you mean 'endpoint'?"),
        (1, "secret_key_file", "is missing"),
    ):
        assert f"source.toml:{line}: connector.{key}: " in told
        assert words in told
    assert "hunter2" not in told


@pytest.mark.parametrize(
    "endpoint",
    [
        "ftp://x",
        "store.example",
        "https://a:b@store.example",
        "https://s/bucket",
        "http://10.0.0.1",
    ],
)
def test_endpoint_when_no_plain_address_then_refused(tmp_path: Path, endpoint: str) -> None:
    declared = declaration(tmp_path, f'kind = "s3"\nendpoint = "{endpoint}"')
    read(declared, {})

    with pytest.raises(SourceError, match=r"connector\.endpoint: "):
        declared.finish()


def test_object_when_too_large_then_refused_before_it_is_fetched(
    weed: Seaweed, prefix: str, landing: Landing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("etl.connectors._delivered.MOST_BYTES", 4)
    weed.store().put(f"{prefix}/a.csv", b"12345")

    with pytest.raises(ContractBroken, match=r"a\.csv: is larger than"):
        deliveries(place(weed, tmp_path, prefix))[0].fetch(landing)


def test_store_when_down_then_told_and_complete_when_it_is_back(
    weed: Seaweed, store: S3Store, prefix: str, landing: Landing, tmp_path: Path
) -> None:
    store.put(f"{prefix}/a.csv", b"no\n1\n")
    connector = place(weed, tmp_path, prefix)
    listed = deliveries(connector)[0]
    weed.stop()
    try:
        with pytest.raises(SourceUnavailable, match="cannot be reached, or broke off"):
            listed.fetch(landing)
        with pytest.raises(SourceUnavailable, match="cannot be reached, or broke off"):
            deliveries(connector)
    finally:
        weed.start()

    assert content(deliveries(connector)[0].fetch(landing)) == b"no\n1\n"
