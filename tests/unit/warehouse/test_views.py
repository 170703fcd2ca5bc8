"""Saved views: whose they are, what they are called, how many; they go with the account."""

from pathlib import Path

import pytest

from tests.tiny import tiny_settings
from warehouse.account_store import Accounts
from warehouse.model import Role, Scope, Viewer
from warehouse.view import LONGEST_TITLE, MOST_VIEWS, Refusal, ViewRefused
from warehouse.views import Views


@pytest.fixture
def people(tmp_path: Path) -> tuple[Views, Accounts, Viewer, Viewer]:
    settings = tiny_settings(tmp_path)
    accounts, found = Accounts(settings), []
    for name in ("ann", "bob"):
        scope = Scope(everything=True)
        found.append(accounts.add(name, "Long-enough-9", Role.ANALYST, scope).viewer)
    return Views(settings), accounts, found[0], found[1]


People = tuple[Views, Accounts, Viewer, Viewer]


def _refusal(error: pytest.ExceptionInfo[ViewRefused]) -> Refusal:
    return error.value.refusal


def test_view_when_saved_then_is_only_its_owners_until_shared(people: People) -> None:
    views, _accounts, ann, bob = people
    kept = views.save(ann, "本月", "/loans?district=east")
    assert views.own(ann) == (kept,)
    assert views.own(bob) == views.shared(bob) == ()
    views.share(ann, kept.number, is_shared=True)
    assert [view.title for view in views.shared(bob)] == ["本月"]
    assert views.shared(ann) == ()


def test_view_when_somebody_elses_then_cannot_be_changed(people: People) -> None:
    views, _accounts, ann, bob = people
    kept = views.save(ann, "mine", "/", is_shared=True)
    for change in (
        lambda: views.delete(bob, kept.number),
        lambda: views.rename(bob, kept.number, "yours"),
        lambda: views.share(bob, kept.number, is_shared=False),
    ):
        with pytest.raises(ViewRefused) as error:
            change()
        assert _refusal(error) is Refusal.MISSING
    assert views.own(ann) == (kept,)


@pytest.mark.parametrize("title", ["", " a", "a\n", "x" * (LONGEST_TITLE + 1)])
def test_name_when_none_or_too_long_then_is_refused(people: People, title: str) -> None:
    views, _accounts, ann, _bob = people
    with pytest.raises(ViewRefused) as error:
        views.save(ann, title, "/")
    assert _refusal(error) is Refusal.TITLE


def test_name_when_taken_then_is_refused_but_anothers_may_be_the_same(people: People) -> None:
    views, _accounts, ann, bob = people
    views.save(ann, "one", "/")
    second = views.save(ann, "two", "/")
    views.save(bob, "one", "/")
    with pytest.raises(ViewRefused) as error:
        views.rename(ann, second.number, "one")
    assert _refusal(error) is Refusal.TAKEN


def test_views_when_a_hundred_then_one_more_is_refused(people: People) -> None:
    views, _accounts, ann, _bob = people
    for number in range(MOST_VIEWS):
        views.save(ann, f"view {number}", "/")
    with pytest.raises(ViewRefused) as error:
        views.save(ann, "one more", "/")
    assert _refusal(error) is Refusal.MANY


def test_account_when_removed_then_its_views_are_gone(people: People) -> None:
    views, accounts, ann, bob = people
    views.save(ann, "shared", "/", is_shared=True)
    accounts.remove("ann")
    assert views.shared(bob) == views.own(ann) == ()
