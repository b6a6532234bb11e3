"""The mail server through which incidents are told as well: one message, and what its failures mean.

A mail server cannot be asked whether a message arrived. So a message has the same Message-ID whenever it is tried,
and what receives it twice after a death in between can tell that it is one.
"""

from __future__ import annotations

import smtplib
import ssl
import time
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, parseaddr
from typing import Literal

from expectations.declare.errors import Misconfigured, Unavailable
from expectations.declare.personal import redacted

PERMANENT = 500


@dataclass(frozen=True)
class MailServer:
    """Where mails are handed in; `user` is empty where the server asks for none."""

    host: str
    port: int
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str = ""
    password: str = field(default="", repr=False)
    seconds: float = 10.0


class Mail:
    """One server, sender and list of readers. Raises `Misconfigured` (login, addresses) or `Unavailable`."""

    def __init__(self, server: MailServer, *, sender: str, to: Sequence[str]) -> None:
        for address in (sender, *to):
            if "@" not in parseaddr(address)[1]:
                raise Misconfigured(
                    "an address of the mail settings is none",
                    do="Correct PLUMBLINE_SMTP_SENDER or PLUMBLINE_SMTP_TO (comma separated)",
                )
        self._server, self._sender, self._to = server, sender, list(to)

    def send(self, body: Mapping[str, str], *, name: str, thread: str) -> str:
        """Send `subject`, `text` and `html`; `name` makes the Message-ID, which is returned, `thread` its subject's."""
        message = self.message(body, name=name, thread=thread)
        began = time.monotonic()
        try:
            with closing(self._connected()) as client:
                client.send_message(message, from_addr=self._sender, to_addrs=self._to)
                with suppress(smtplib.SMTPException, OSError):
                    client.quit()  # it has the message: a rude goodbye changes nothing
        except (smtplib.SMTPException, OSError) as error:
            raise self._told(error, time.monotonic() - began) from error
        return str(message["Message-ID"])

    def message(self, body: Mapping[str, str], *, name: str, thread: str) -> EmailMessage:
        """The mail itself: plain text first, HTML as its alternative, in one thread for each thread of Slack."""
        message = EmailMessage(policy=SMTP)
        message["Subject"] = " ".join(redacted(body["subject"]).split())
        message["From"], message["To"] = self._sender, ", ".join(self._to)
        message["Date"] = formatdate(usegmt=True)
        message["Message-ID"] = self._id(name)
        message["References"] = self._id(thread)
        message["Auto-Submitted"] = "auto-generated"  # so that nobody's holiday answers
        message.set_content(redacted(body["text"]))
        message.add_alternative(redacted(body["html"]), subtype="html")
        return message

    def _id(self, name: str) -> str:
        return f"<plumbline.{name}@{parseaddr(self._sender)[1].rpartition('@')[2]}>"

    def _connected(self) -> smtplib.SMTP:
        s = self._server
        if s.security == "tls":
            client: smtplib.SMTP = smtplib.SMTP_SSL(
                s.host, s.port, timeout=s.seconds, context=ssl.create_default_context()
            )
        else:
            client = smtplib.SMTP(s.host, s.port, timeout=s.seconds)
        if s.security == "starttls":
            client.starttls(context=ssl.create_default_context())
        if s.user:
            client.login(s.user, s.password)
        return client

    def _told(self, error: Exception, seconds: float) -> Exception:
        if not _for_good(error):
            return Unavailable(
                f"the mail server did not take a message for {seconds:.1f} s ({type(error).__name__})",
                where=f"{self._server.host}:{self._server.port}",
                do="The message waits in the outbox and is sent with the next run.",
            )
        login = isinstance(error, smtplib.SMTPAuthenticationError)
        names = "PLUMBLINE_SMTP_USER and PLUMBLINE_SMTP_PASSWORD" if login else "PLUMBLINE_SMTP_SENDER and _TO"
        return Misconfigured(
            f"the mail server refused {'the login' if login else 'an address'}",
            where=f"{self._server.host}:{self._server.port}",
            do=f"Check {names}.",
        )


def _for_good(error: Exception) -> bool:
    """Whether another try is refused, too: a code of 5xx; a server that is busy says 4xx (RFC 5321, 4.2.1)."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code >= PERMANENT for code, _ in error.recipients.values())
    about_us = isinstance(error, smtplib.SMTPAuthenticationError | smtplib.SMTPSenderRefused)
    return about_us and getattr(error, "smtp_code", 0) >= PERMANENT
