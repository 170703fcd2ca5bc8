"""A declaration is checked to the last key, and every complaint says file, line, key, remedy."""

from pathlib import Path

import pytest

from etl.connectors.files import Files
from etl.delivery import Format
from etl.model import OnBroken
from etl.sources import read_source, read_sources, source_env
from tests.unit.etl.declared import TOML, declare, settings_in, source_in
from warehouse.errors import SourceError
from warehouse.model import Label

LOANS = """name = "hall"
label = { zh = "贷款", en = "Loans" }
contract = "loan_event"

[connector]
kind = "files"
path = "in"

[time]
zone = "Asia/Shanghai"

[identity]
by = "occurrence"

[columns]
occurred_at = "at"
application = "loan"
step = "what"
amount = "yuan"
judicial = "court"

[values.step]
"申请" = "applied"

[values.judicial]
"有" = true

[constants]
manual = false
audience = "person"

[personal]
columns = ["loan"]

[freshness]
promise = "1d"
"""


def test_declaration_read_gives_every_part(tmp_path: Path) -> None:
    source = source_in(tmp_path)

    assert (source.name, source.label) == ("hall", Label(zh="大厅", en="Hall"))
    assert source.contract.name == "service_event"
    assert source.connector.path == tmp_path / "hall"
    assert source.columns["person"] == "citizen"
    assert source.values["outcome"] == {"成功": "completed", "失败": "failed"}
    assert (source.identity, source.personal, source.dropped) == (("no",), ("citizen",), ("name",))
    assert (source.promise_seconds, source.every_seconds, source.cron) == (900, 10, None)
    assert source.on_broken is OnBroken.QUARANTINE
    assert source.labels["scene"]["hall"].en == "Hall"


def test_declaration_of_loans_reads_numbers_and_truth_values_as_text(tmp_path: Path) -> None:
    source = source_in(tmp_path, toml=LOANS)

    assert source.constants == {"manual": "false", "audience": "person"}
    assert source.values["judicial"] == {"有": "true"}
    assert source.every_seconds is None and source.cron is None


def test_relative_path_is_taken_from_the_declaration(tmp_path: Path) -> None:
    source = source_in(tmp_path, ("${COCKPIT_INBOX}/hall", "deliveries"))

    assert source.connector.path == tmp_path / "deliveries"


# what is changed, the line and key complained of, what the complaint says
WRONG = {
    "unknown_key": (("promise =", "promis ="), 34, "freshness.promis", "'promise'?"),
    "unknown_table": (("[schedule]", "[shedule]"), 36, "shedule", "'schedule'?"),
    "unknown_column": (('channel = "ch', 'chanel = "ch'), 18, "columns.chanel", "'channel'?"),
    "missing_required": (('occurred_at = "at"', ""), 15, "columns", "'occurred_at' is required"),
    "unknown_contract": (('"service_event"', '"service_events"'), 3, "contract", "'service_event'"),
    "unmapped_target": (('"completed"', '"complete"'), 26, "values.outcome.成功", "'completed'?"),
    "not_personal": (('columns = ["citizen"]', ""), 17, "columns.person", "personal.columns"),
    "missing_variable": (("${COCKPIT_INBOX}", "${COCKPIT_INBX}"), 7, "connector.path", "'COCKPIT"),
    "bad_duration": (('"15m"', '"15 minutes"'), 34, "freshness.promise", "as in '15m'"),
    "zero_duration": (('"10s"', '"0s"'), 37, "schedule.every", "no duration"),
    "bad_zone": (('"Asia/Shanghai"', '"Asia/Shangai"'), 10, "time.zone", "'Asia/Shanghai'?"),
    "bad_cron": (('every = "10s"', 'cron = "99 * * * *"'), 37, "schedule.cron", "no cron line"),
    "numbered_weekday": (('every = "10s"', 'cron = "0 5 * * 1"'), 37, "schedule.cron", "mon, tue"),
    "two_schedules": (
        ('every = "10s"', 'every = "10s"\ncron = "5 * * * *"'),
        38,
        "schedule.cron",
        "",
    ),
    "bad_time_format": (("[time]", '[time]\nformat = "isoo"'), 10, "time.format", "'iso'?"),
    "time_without_year": (("[time]", '[time]\nformat = "%d %H:%M"'), 10, "time.format", "year"),
    "bad_row_mode": (
        ("[schedule]", '[broken]\nrow = "stopp"\n[schedule]'),
        37,
        "broken.row",
        "stop",
    ),
    "wrong_type": (('"15m"', "15"), 34, "freshness.promise", "a text in quotes"),
    "other_name": (('name = "hall"', 'name = "hell"'), 1, "name", "'hall'"),
    "column_and_constant": (
        ('scene = "hall"', 'scene = "hall"\nchannel = "web"'),
        24,
        "constants.channel",
        "[columns] too",
    ),
    "constant_person": (
        ('scene = "hall"', 'scene = "hall"\ncase = "1"'),
        24,
        "constants.case",
        "Map a column",
    ),
    "constant_member": (
        ('scene = "hall"', 'scene = "hall"\naudience = "persn"'),
        24,
        "constants.audience",
        "'person'?",
    ),
    "personal_in_plain": (
        ('columns = ["citizen"]', 'columns = ["citizen", "channel"]'),
        18,
        "columns.channel",
        "plain text",
    ),
    "dropped_and_mapped": (
        ('drop = ["name"]', 'drop = ["channel"]'),
        18,
        "columns.channel",
        "personal.drop",
    ),
    "no_identity": (('columns = ["no"]', ""), 12, "identity", "by = 'occurrence'"),
    "map_without_column": (
        ("[values.outcome]", "[values.device]"),
        25,
        "values.device",
        "Add device to [columns]",
    ),
    "label_in_one_language": (
        ('label = { zh = "大厅", en = "Hall" }\ncontract', 'label = { zh = "大厅" }\ncontract'),
        2,
        "label.en",
        "is missing",
    ),
    "closed_vocabulary_renamed": (
        ("[labels.scene]\nhall", "[labels.outcome]\ncompleted"),
        39,
        "labels.outcome",
        "closed vocabulary",
    ),
}


@pytest.mark.parametrize(("change", "line", "key", "remedy"), WRONG.values(), ids=WRONG)
def test_wrong_declaration_read_names_line_key_and_remedy(
    tmp_path: Path, change: tuple[str, str], line: int, key: str, remedy: str
) -> None:
    file = tmp_path / "hall.toml"
    assert change[0] in TOML
    file.write_text(TOML.replace(*change), "utf-8")

    with pytest.raises(SourceError) as raised:
        read_source(file, {"COCKPIT_INBOX": str(tmp_path)})

    complaints = str(raised.value).splitlines()
    place = f"{file}:{line}: {key}: "
    found = [text for text in complaints if text.startswith(place)]
    assert found, f"{place} is not in:\n{raised.value}"
    assert remedy in found[0]


def test_several_problems_are_reported_together_in_file_order(tmp_path: Path) -> None:
    changes = (("promise =", "promis ="), ('"service_event"', '"service_event"\nowner = 3'))

    with pytest.raises(SourceError) as raised:
        source_in(tmp_path, *changes)

    lines = [int(text.split(":")[1]) for text in str(raised.value).splitlines()]
    assert len(lines) >= 3 and lines == sorted(lines)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('name = "hall"\nlabel = {', "no valid TOML"),
        ('name = "hall"\nname = "hall"', ":2: is no valid TOML"),
        ("", "contract: is missing"),
    ],
    ids=["cut_off", "key_twice", "empty"],
)
def test_text_that_is_no_declaration_is_refused_with_its_line(
    tmp_path: Path, text: str, told: str
) -> None:
    file = tmp_path / "hall.toml"
    file.write_text(text, "utf-8")

    with pytest.raises(SourceError, match=told):
        read_source(file, {})


def test_declaration_in_another_encoding_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "hall.toml"
    file.write_bytes(TOML.encode("gb18030"))

    with pytest.raises(SourceError, match="Save it as UTF-8"):
        read_source(file, {})


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('encoding = "utf8x"', "no known encoding"),
        ('encoding = "utf-16"', "not supported"),
        ('delimiter = ";;"', "Give one character"),
        ('format = "cvs"', "'csv'?"),
        ('format = "parquet"\ndelimiter = ";"', "no meaning for parquet"),
        ("header = 1", "true or false"),
        ('kind = "pigeon"', "One of: .*files"),
    ],
)
def test_wrong_connector_setting_is_refused(tmp_path: Path, line: str, told: str) -> None:
    kind = "" if line.startswith("kind") else 'kind = "files"\n'

    with pytest.raises(SourceError, match=told):
        source_in(tmp_path, ('kind = "files"\n', kind + line + "\n"))


def test_connector_settings_given_are_kept(tmp_path: Path) -> None:
    more = 'kind = "files"\nformat = "csv"\ndelimiter = "\\t"\nencoding = "gb18030"\nheader = false'
    connector = source_in(tmp_path, ('kind = "files"', more)).connector

    assert isinstance(connector, Files)
    options = connector.layout
    assert (options.format, options.delimiter, options.encoding, options.header) == (
        Format.CSV,
        "\t",
        "gb18030",
        False,
    )


def test_folder_read_collects_problems_of_all_files(tmp_path: Path) -> None:
    declare(tmp_path, ("promise =", "promis ="), name="one")
    declare(tmp_path, ("zone =", "zon ="), name="two")
    (tmp_path / "city.toml").write_text("labl = 3\n", "utf-8")

    with pytest.raises(SourceError) as raised:
        read_sources(tmp_path, {"COCKPIT_INBOX": str(tmp_path)})

    for expected in ("one.toml:34: freshness.promis", "two.toml:10: time.zon", "city.toml:1: labl"):
        assert expected in str(raised.value)


def test_folder_that_is_missing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="Set COCKPIT_SOURCES"):
        read_sources(tmp_path / "none", {})


def test_folder_that_declares_nothing_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    with pytest.raises(SourceError, match="declares no source"):
        read_sources(tmp_path, {})


CITY = """label = { zh = "示例市", en = "Example City" }
map_note = { zh = "边界为示意", en = "Schematic" }

[labels.channel]
app = { zh = "应用", en = "App" }

[labels.scene]
hall = { zh = "市民大厅", en = "Citizens' hall" }

[[districts]]
code = "d1"
label = { zh = "东区", en = "East" }
population = 500000
outline = [[0, 0], [1, 0],
  [1, 1.5]]

[[districts]]
code = "d2"
label = { zh = "西区", en = "West" }
population = 300000
"""


def test_city_read_gives_districts_and_shared_labels(tmp_path: Path) -> None:
    declare(tmp_path)
    (tmp_path / "city.toml").write_text(CITY, "utf-8")

    declared = read_sources(tmp_path, {"COCKPIT_INBOX": str(tmp_path)})

    assert declared.city.label.en == "Example City"
    assert [d.code for d in declared.city.districts] == ["d1", "d2"]
    assert declared.city.districts[0].outline == ((0.0, 0.0), (1.0, 0.0), (1.0, 1.5))
    assert declared.labels["channel"]["app"].en == "App"
    assert declared.labels["district"]["d2"].zh == "西区"
    assert declared.labels["source"]["hall"].zh == "大厅"
    assert declared.labels["scene"]["hall"].zh == "市民大厅", "the city's own name wins"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (('code = "d2"', 'code = "d1"'), "city.toml:18: districts.1.code: 'd1' is used twice"),
        (("population = 300000", "population = -1"), ":20: districts.1.population: must not be"),
        (('code = "d2"\n', ""), ":17: districts.1.code: is missing"),
        (("[1, 0]", "[1]"), ":14: districts.0.outline: must be three or more points"),
        (("[labels.channel]", "[labels.chanel]"), ":4: labels.chanel: is no known key. Did you"),
    ],
)
def test_wrong_city_names_line_and_key(tmp_path: Path, change: tuple[str, str], told: str) -> None:
    assert change[0] in CITY
    (tmp_path / "city.toml").write_text(CITY.replace(*change), "utf-8")

    with pytest.raises(SourceError) as raised:
        read_sources(tmp_path, {})

    assert told in str(raised.value)


def test_environment_of_sources_holds_home_and_inbox(tmp_path: Path) -> None:
    env = source_env(settings_in(tmp_path), {"COCKPIT_INBOX": "elsewhere", "OTHER": "1"})

    assert env["COCKPIT_HOME"] == str(tmp_path / "home")
    assert env["COCKPIT_INBOX"] == str(tmp_path / "home" / "inbox")
    assert env["OTHER"] == "1"
