"""Settings: a wrong one is named, with what would be right."""

import pytest

from warehouse.errors import SettingsError
from warehouse.settings import Settings


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("COCKPIT_PROFILE", "prod", "not one of demo, production"),
        ("COCKPIT_TIMEZONE", "Asia/Shanghigh", "no known time zone"),
        ("COCKPIT_SMALL_CELL", "2", "not a whole number from 3 to 1000"),
        ("COCKPIT_SMALL_CELL", "10.5", "not a whole number from 3 to 1000"),
        ("COCKPIT_GOAL_GROWTH", "nan", "not a number from 0 to 10"),
        ("COCKPIT_GOAL_FROM", "2026-13", "not a month YYYY-MM"),
        ("COCKPIT_GOAL_FROM", "0000-01", "not a month YYYY-MM"),
        ("COCKPIT_HOSTS", "https://cockpit.example", "not a name without scheme and port"),
        ("PORT", "8050.5", "not a whole number from 1 to 65535"),
        ("PORT", "http", "not a whole number from 1 to 65535"),
    ],
)
def test_settings_when_one_is_wrong_then_it_is_named(name: str, value: str, told: str) -> None:
    with pytest.raises(SettingsError, match=told) as caught:
        Settings.from_env({name: value})
    assert name in str(caught.value)


def test_settings_when_several_are_wrong_then_all_are_named() -> None:
    with pytest.raises(SettingsError, match=r"COCKPIT_TIMEZONE.*PORT"):
        Settings.from_env({"PORT": "0", "COCKPIT_TIMEZONE": "Nowhere"})


def test_settings_when_hosts_are_named_then_a_set_of_lower_case_names() -> None:
    settings = Settings.from_env({"COCKPIT_HOSTS": " Cockpit.example, 10.0.0.7 ,"})
    assert settings.hosts == {"cockpit.example", "10.0.0.7"}


def test_settings_when_in_production_then_the_key_lies_outside_the_home() -> None:
    production = {"COCKPIT_PROFILE": "production", "COCKPIT_HOME": "/srv/cockpit"}
    with pytest.raises(SettingsError, match="required in production"):
        Settings.from_env(production)
    with pytest.raises(SettingsError, match="outside COCKPIT_HOME"):
        Settings.from_env({**production, "COCKPIT_MASTER_KEY_FILE": "/srv/cockpit/master.key"})
