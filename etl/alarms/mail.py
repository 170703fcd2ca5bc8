"""Alarms by mail: plain text, over TLS whose certificate is verified."""

import smtplib
import ssl
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate
from pathlib import Path

from etl.alarms.wording import Message, plain
from warehouse.alarm_targets import MailTarget, MailTls
from warehouse.errors import Undelivered

TIMEOUT_SECONDS = 10.0
"""For each answer of the server."""


class MailPost:
    """Sends to one server. A certificate is held against the machine's, or `SSL_CERT_FILE`."""

    name = "mail"

    def __init__(self, target: MailTarget, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self._target = target
        self._timeout = timeout_seconds
        self._domain = target.sender.rpartition("@")[2]

    @property
    def place(self) -> str:
        return f"{self._target.host}:{self._target.port}"

    def send(self, message: Message) -> None:
        """One message to all receivers. Raises `Undelivered` unless one of them was accepted."""
        password = self._password()
        try:
            with self._connected() as server:
                if self._target.user:
                    server.login(self._target.user, password)
                server.send_message(self._mail(message))
        except smtplib.SMTPResponseException as error:
            raise Undelivered(f"{self.place} refuses the mail (code {error.smtp_code}).") from error
        except smtplib.SMTPRecipientsRefused as error:
            raise Undelivered(f"{self.place} refuses every receiver.") from error
        except OSError as error:  # also what smtplib and ssl raise
            raise Undelivered(f"{self.place} cannot be used: {_why(error)}.") from error

    def _connected(self) -> smtplib.SMTP:
        host, port = self._target.host, self._target.port
        if self._target.tls is MailTls.TLS:
            return smtplib.SMTP_SSL(
                host,
                port,
                local_hostname=self._domain,
                timeout=self._timeout,
                context=ssl.create_default_context(),
            )
        server = smtplib.SMTP(host, port, local_hostname=self._domain, timeout=self._timeout)
        if self._target.tls is MailTls.STARTTLS:
            try:
                server.starttls(context=ssl.create_default_context())
            except OSError:
                server.close()
                raise
        return server

    def _mail(self, message: Message) -> EmailMessage:
        mail = EmailMessage(policy=SMTP)
        mail["Subject"] = plain(message.subject)
        mail["From"] = self._target.sender
        mail["To"] = ", ".join(self._target.receivers)
        mail["Date"] = formatdate()
        mail["Message-ID"] = f"<{message.message_id}@{self._domain}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(message.text, cte="base64")
        return mail

    def _password(self) -> str:
        if self._target.password_file is None:
            return ""
        return read_secret(self._target.password_file)


def read_secret(file: Path) -> str:
    """The first line of a file. Read each time, so that it may be changed without a restart.

    Raises `Undelivered`.
    """
    try:
        return file.read_text("utf-8").split("\n", 1)[0].strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Undelivered(f"{file} cannot be read: make it readable for the ETL.") from error


def _why(error: OSError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({error.verify_message})"
    return plain(error.strerror or str(error) or type(error).__name__)
