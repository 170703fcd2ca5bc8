"""Whether a home holds exactly what came in: looked at from outside, in a process of its own."""

from collections import Counter

from etl.load import Loader
from tests.faults.kinds import Kind, Truth
from tests.faults.town import Event
from warehouse.answer import Warehouse
from warehouse.connection import Reader, Snapshot
from warehouse.keys import Keyring
from warehouse.model import Role, Scope, Viewer
from warehouse.operations import Run
from warehouse.partitions import verify
from warehouse.relations import alias_of, name
from warehouse.settings import Settings

OPERATOR = Viewer(name="operator", role=Role.OPERATOR, scope=Scope(everything=True))
_VISITS = "scene, district, channel, outcome, latency_ms"
_LOANS = "step, district, amount"


def prove_whole(settings: Settings, before: Counter[Event], after: Truth) -> None:
    """Between a kill and the restart readers see a whole generation: all that was there, and
    nothing that never came."""
    keyring = Keyring.open(settings)
    assert verify(settings, keyring).problems == ()
    reader = Reader(settings, keyring)
    events = stored(reader.snapshot(), keyring)
    reader.close()
    assert not with_pseudonyms(before, keyring) - events, "published rows are gone"
    assert not events - with_pseudonyms(after.events, keyring), "rows that never came"


def prove_done(settings: Settings, truth: Truth, kind: Kind) -> None:
    """Everything that came in is there once, every count fits, every sum equals its facts."""
    keyring = Keyring.open(settings)
    report = verify(settings, keyring)
    assert report.problems == (), report.problems
    reader = Reader(settings, keyring)
    events = stored(reader.snapshot(), keyring)
    reader.close()
    wanted = with_pseudonyms(truth.events, keyring)
    assert events == wanted, f"{len(wanted - events)} are missing, {len(events - wanted)} too many"
    _prove_books(settings, keyring, truth, kind)
    _prove_runs(settings, truth)


def stored(snapshot: Snapshot, keyring: Keyring) -> Counter[Event]:
    """Every fact that is published, with the month whose file it lies in."""
    found: Counter[Event] = Counter()
    for partition in snapshot.manifest.files:
        columns = {"service_event": f"person, {_VISITS}", "loan_event": f"application, {_LOANS}"}
        if partition.dataset not in columns:
            continue
        table = f"{name(alias_of(partition))}.main.fact"
        found.update(
            (row[0], partition.month, *row[1:])
            for row in snapshot.select(
                f"SELECT source, occurred_at, {columns[partition.dataset]} FROM {table}"
            )
        )
    return found


def with_pseudonyms(events: Counter[Event], keyring: Keyring) -> Counter[Event]:
    """Known events with the pseudonyms of this home."""
    known: dict[str, int | None] = {"": None}
    for event in events:
        if event[3] not in known:
            known[event[3]] = keyring.pseudonym(event[3])
    return Counter({(*e[:3], known[e[3]], *e[4:]): count for e, count in events.items()})


def _prove_books(settings: Settings, keyring: Keyring, truth: Truth, kind: Kind) -> None:
    with Loader(settings, keyring) as loader:
        new = Counter(event[0] for event in truth.events)
        for source in ("hall", "desk", "bank"):
            count = loader.state.totals(source)
            assert count.read == count.loaded + count.duplicate + count.quarantined, count
            assert count.loaded == new[source], (source, count)
            if source != "desk" and not kind.counts_looks:
                assert count.read == truth.came[source], (source, count, truth.came)
        alias = loader.writer.attach("quarantine", "")
        kept = loader.writer.execute(f"SELECT source, item, line FROM {alias}.original")
        assert set(kept) == truth.broken, "the quarantine"
        if not kind.keeps_again:
            assert len(kept) == len(truth.broken), "the quarantine holds a row twice"


def _prove_runs(settings: Settings, truth: Truth) -> None:
    warehouse = Warehouse.open(settings)
    runs = warehouse.runs(OPERATOR)
    warehouse.close()
    assert all(r.read == r.loaded + r.duplicate + r.quarantined for r in runs), runs
    assert {run.state for run in runs} <= {"done", "interrupted", "failed"}
    new = Counter(event[0] for event in truth.events)
    for source, count in new.items():
        assert _loaded(runs, source) == count, f"published runs of {source}"


def _loaded(runs: tuple[Run, ...], source: str) -> int:
    return sum(run.loaded for run in runs if run.source == source)
