"""A page under observation: everything it complains of, and everything it asks for."""

from urllib.parse import urlsplit

from playwright.sync_api import ConsoleMessage, Page, Request, Response, expect

CARD_MILLISECONDS = 60_000
PAINT_MILLISECONDS = 400


class Watch:
    """Collects console errors, page errors, answers of 400 and above, and foreign requests."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.address = address
        self.complaints: list[str] = []
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        page.on("request", self._request)
        page.on("response", self._response)

    def go(self, path: str) -> None:
        self.page.goto(self.address + path)
        self.settle()

    def settle(self) -> None:
        """Wait until the page stands and no panel shows its skeleton any more.

        Not for a quiet network: a page of a living city asks again and again.
        """
        expect(self.page.locator("h1").first).to_be_visible(timeout=CARD_MILLISECONDS)
        expect(self.page.locator(".bone")).to_have_count(0, timeout=CARD_MILLISECONDS)
        self.page.wait_for_timeout(PAINT_MILLISECONDS)

    def forgive(self) -> None:
        """Drop what was collected so far, after a failure the test itself caused."""
        self.complaints.clear()

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") or "Content Security Policy" in message.text:
            self.complaints.append(f"console {message.type}: {message.text}")

    def _request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        own = urlsplit(self.address).netloc
        if parts.scheme in ("http", "https", "ws", "wss") and parts.netloc != own:
            self.complaints.append(f"foreign request: {request.url}")

    def _response(self, response: Response) -> None:
        if response.status >= 400:
            self.complaints.append(f"{response.status}: {response.url}")
