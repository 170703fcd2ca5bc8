"""What every answer carries: the content security policy and its companions."""

from collections.abc import Callable, Sequence

from flask import Flask, Response, request
from flask_wtf.csrf import generate_csrf

CSRF_COOKIE = "_csrf_token"
CSRF_HEADER = "X-CSRFToken"

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow",
}
HSTS = "max-age=31536000; includeSubDomains"
PRIVATE = "no-store, private"


def content_security_policy(script_hashes: Sequence[str]) -> str:
    """Own files only; an inline script runs by its hash, nothing is evaluated.

    Inline styles stay allowed: Dash adds style elements, plotly.js style attributes, by script.
    """
    return "; ".join(
        (
            "default-src 'self'",
            " ".join(("script-src 'self'", *script_hashes)),
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "connect-src 'self'",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )


def install(server: Flask, policy_of: Callable[[], str], *, is_production: bool) -> None:
    """Add the headers, and on pages the token that callbacks send back."""

    @server.after_request
    def dress(response: Response) -> Response:
        response.headers.update(HEADERS)
        response.headers["Content-Security-Policy"] = policy_of()
        if is_production:
            response.headers["Strict-Transport-Security"] = HSTS
        if "Cache-Control" not in response.headers or not is_lasting(response):
            response.headers["Cache-Control"] = PRIVATE
        if response.mimetype == "text/html" and request.method == "GET":
            response.set_cookie(
                CSRF_COOKIE, generate_csrf(), secure=is_production, samesite="Strict", path="/"
            )
        return response


def is_lasting(response: Response) -> bool:
    """Whether this is a prepared static file, the only thing a browser may keep."""
    return bool(getattr(response, "is_prepared_file", False))
