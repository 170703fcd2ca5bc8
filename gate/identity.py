"""Who is asking. The only module that reads flask-login's `current_user`."""

from flask import Flask, session
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user

from warehouse.accounts import Account, Accounts
from warehouse.errors import Forbidden
from warehouse.model import Role, Viewer


class SignedIn(UserMixin):  # type: ignore[misc]
    """A viewer with a session. What the browser keeps is the token, never a name or role."""

    def __init__(self, viewer: Viewer, token: str) -> None:
        self.viewer, self.token = viewer, token

    def get_id(self) -> str:
        return self.token


def install(server: Flask, accounts: Accounts) -> None:
    """Load the viewer of a request from the server-side session its cookie names."""
    logins = LoginManager(server)
    # An address changes behind a proxy or on a phone; the token alone decides.
    logins.session_protection = None

    @logins.user_loader  # type: ignore[untyped-decorator]
    def load(token: str) -> SignedIn | None:
        viewer = accounts.session_viewer(token)
        return None if viewer is None else SignedIn(viewer, token)


def viewer_or_none() -> Viewer | None:
    return current_user.viewer if current_user.is_authenticated else None


def current_viewer() -> Viewer:
    """The viewer of this request. Raises `Forbidden` when nobody is signed in."""
    viewer = viewer_or_none()
    if viewer is None:
        raise Forbidden("Nobody is signed in. Sign in first.")
    return viewer


def used(accounts: Accounts) -> None:
    """Note that the person of this request is still there."""
    if current_user.is_authenticated:
        accounts.session_used(current_user.token)


def sign_in(accounts: Accounts, account: Account) -> None:
    """Start a fresh session; whatever the browser carried before is forgotten."""
    session.clear()
    session.permanent = account.role is Role.WALL
    login_user(SignedIn(account.viewer, accounts.start_session(account.name)))


def sign_out(accounts: Accounts) -> None:
    """End the session on the server and forget it in the browser."""
    if current_user.is_authenticated:
        accounts.end_session(current_user.token)
    logout_user()
    session.clear()
