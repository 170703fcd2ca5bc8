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


MAIL = {
    "COCKPIT_MAIL_SERVER": "mail.city.example:587",
    "COCKPIT_MAIL_FROM": "cockpit@city.example",
    "COCKPIT_MAIL_TO": "duty@city.example, it@city.example",
}
HOOK = {
    "COCKPIT_WEBHOOK_URL": "https://hooks.city.example/a",
    "COCKPIT_WEBHOOK_SECRET_FILE": "/etc/cockpit/hook",
}


def test_targets_when_set_then_read_and_none_without() -> None:
    settings = Settings.from_env({**MAIL, **HOOK})
    assert settings.mail is not None and settings.webhook is not None
    assert (settings.mail.host, settings.mail.port) == ("mail.city.example", 587)
    assert settings.mail.receivers == ("duty@city.example", "it@city.example")
    nothing = Settings.from_env({})
    assert nothing.mail is None and nothing.webhook is None


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"COCKPIT_MAIL_SERVER": "mail.city.example"}, "COCKPIT_MAIL_SERVER is .* not host:port"),
        ({"COCKPIT_MAIL_SERVER": "a@b:25"}, "not host:port"),
        ({"COCKPIT_MAIL_TLS": "ssl"}, "not one of starttls, tls, off"),
        ({"COCKPIT_MAIL_TLS": "off"}, "only a server on this machine"),
        ({"COCKPIT_MAIL_FROM": "cockpit"}, "COCKPIT_MAIL_FROM holds 'cockpit'"),
        ({"COCKPIT_MAIL_TO": ""}, "name at least one receiver"),
        ({"COCKPIT_MAIL_TO": "a@b.example\r\nBcc: x@y.example"}, "COCKPIT_MAIL_TO holds"),
        ({"COCKPIT_MAIL_USER": "me"}, "belong together"),
        ({"COCKPIT_MAIL_SERVER": ""}, "means nothing without COCKPIT_MAIL_SERVER"),
        ({"COCKPIT_WEBHOOK_URL": "http://hooks.city.example/"}, "must begin with https://"),
        ({"COCKPIT_WEBHOOK_URL": "https://me:you@hooks.example/"}, "without user"),
        ({"COCKPIT_WEBHOOK_URL": "ftp://hooks.example/"}, "is no address"),
        ({"COCKPIT_WEBHOOK_SECRET_FILE": ""}, "COCKPIT_WEBHOOK_SECRET_FILE is required"),
    ],
)
def test_target_when_wrong_then_named(changed: dict[str, str], told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        Settings.from_env({**MAIL, **HOOK, **changed})


def test_target_when_on_this_machine_then_needs_no_tls() -> None:
    local = {**MAIL, "COCKPIT_MAIL_SERVER": "[::1]:25", "COCKPIT_MAIL_TLS": "off"}
    settings = Settings.from_env({**local, **HOOK, "COCKPIT_WEBHOOK_URL": "http://localhost:9/"})
    assert settings.mail is not None and settings.mail.host == "::1"
