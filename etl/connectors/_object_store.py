"""A client of an S3-compatible store, and what goes wrong with it in one sentence.

Credentials, endpoints and switches of the environment (`AWS_…`) are overridden.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

from obstore.exceptions import BaseError, InvalidPathError
from obstore.store import S3Store

from warehouse.errors import SourceUnavailable
from warehouse.sentences import say

if TYPE_CHECKING:  # obstore has these names for type checkers only
    from obstore.store import ClientConfig, RetryConfig, S3Credential

_CLIENT: "ClientConfig" = {
    "connect_timeout": timedelta(seconds=5),
    "read_timeout": timedelta(seconds=10),
    "timeout": timedelta(hours=2),  # of a whole object; a stalled one ends by `read_timeout`
    "allow_invalid_certificates": False,
}
_RETRY: "RetryConfig" = {
    "max_retries": 4,
    "retry_timeout": timedelta(seconds=10),
    "backoff": {
        "init_backoff": timedelta(milliseconds=200),
        "max_backoff": timedelta(seconds=4),
        "base": 2,
    },
}

_REMEDIES = {
    "NoSuchBucket": say("store_no_bucket") + ".",
    "InvalidAccessKeyId": say("store_no_key") + ".",
    "SignatureDoesNotMatch": say("store_wrong_secret") + ".",
    "AccessDenied": say("store_denied") + ".",
    "RequestTimeTooSkewed": say("store_clock") + ".",
    "AuthorizationHeaderMalformed": "the store is in another region. Check connector.region.",
    "PermanentRedirect": "the bucket is in another region. Check connector.region and endpoint.",
    "InvalidObjectState": "the object is archived. Restore it in the store.",
}


def open_store(
    endpoint: str, region: str, bucket: str, keys: tuple[str, str], authorities: bytes | None
) -> S3Store:
    """`keys` are the access key and its secret; `authorities` PEM beside the system's.

    Raises `SourceUnavailable`.
    """
    credential: S3Credential = {
        "access_key_id": keys[0],
        "secret_access_key": keys[1],
        "token": None,
        "expires_at": None,
    }
    client: ClientConfig = {**_CLIENT, "allow_http": endpoint.startswith("http://")}
    if authorities is not None:
        client["root_certificate"] = authorities
    with explained(endpoint):
        return S3Store(
            bucket,
            config={
                "endpoint": endpoint,
                "aws_endpoint_url_s3": endpoint,
                "region": region,
                "virtual_hosted_style_request": False,
                "skip_signature": False,
                "s3_express": False,
            },
            client_options=client,
            retry_config=_RETRY,
            credential_provider=lambda: credential,
        )


@contextmanager
def explained(place: str) -> Iterator[None]:
    """Says errors of the store in one sentence: its own are pages long."""
    try:
        yield
    except (BaseError, OSError, ValueError) as error:
        raise SourceUnavailable(f"{place}: {_reason(error)}") from error


def _reason(error: Exception) -> str:
    text = str(error)
    if isinstance(error, InvalidPathError):
        return f"{_first_line(text)}. Have it renamed, or narrow connector.prefix."
    if "root_certificate" in text:
        return "connector.ca_file holds no certificates. Write them there as PEM."
    code = re.search(r"<Code>(\w+)</Code>", text)
    if code is not None and code.group(1) in _REMEDIES:
        return _REMEDIES[code.group(1)]
    if "InvalidCertificate" in text:
        return say("store_certificate") + "."
    status = re.search(r"status code: (\d{3}[ \w]*)", text)
    if status is not None:
        told = f" {code.group(1)}" if code is not None else ""
        return say("store_answers", status=f"{status.group(1)}{told}") + "."
    if "HTTP error" in text:
        return say("store_away") + "."
    return f"the store's answer is not understood ({_first_line(text)}). Check connector.endpoint."


def _first_line(text: str) -> str:
    return text.partition("\n")[0][:300].rstrip(". ")
