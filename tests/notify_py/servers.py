"""Servers on this machine that notifications are sent to: mail by aiosmtpd, Slack and a webhook by http.server.

Not here: what must happen (run.py). Each keeps what it was sent.
"""
import hashlib
import hmac
import json
import logging
import socket
import ssl
import threading
import time
import warnings
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult

# Clients that refuse us are what some tests want; the words of the library about them are not.
logging.disable()
warnings.simplefilter("ignore")
HOST = "127.0.0.1"
TLS = Path(__file__).resolve().parents[1] / "tls"
NAME, PASSWORD = "trader", "pass word/é\"1"
WEBHOOK_SECRET = "0123456789abcdef0123456789abcdef"


def free_port():
    with socket.socket() as free:
        free.bind((HOST, 0))
        return free.getsockname()[1]


def tls_context():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(TLS / "loopback.pem", TLS / "loopback.key")
    return context


class Mails:
    """Answers DATA with `answers`, one after another, the last of them for ever, and keeps what got `250`."""

    def __init__(self, *answers):
        self.answers, self.mails, self.tries, self.envelopes = list(answers) or ["250 kept"], [], [], []

    async def handle_DATA(self, server, session, envelope):
        mail = message_from_bytes(envelope.content, policy=policy.default)
        self.tries.append(mail["Message-ID"])
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if answer.startswith("250"):
            self.mails.append(mail)
            self.envelopes.append((envelope.mail_from, envelope.rcpt_tos))
        return answer


class Listening(SMTP):
    """Keeps the commands that came, without the words of a login."""

    def __init__(self, *arguments, heard, **options):
        super().__init__(*arguments, **options)
        self.heard = heard

    async def _call(self, name, *arguments):
        self.heard.append(name)
        return await getattr(super(), f"smtp_{name}")(*arguments)

    async def smtp_AUTH(self, argument):
        return await self._call("AUTH", argument)

    async def smtp_MAIL(self, argument):
        return await self._call("MAIL", argument)

    async def smtp_STARTTLS(self, argument):
        return await self._call("STARTTLS", argument)


class MailServer(Controller):
    """`kind`: `tls` from the first byte, `starttls`, or `none`. With `login`, nobody writes without it."""

    def __init__(self, kind, *answers, login=False, port=None):
        self.heard, self.mails = [], Mails(*answers)
        self.options = {"heard": self.heard, "enable_SMTPUTF8": False}
        if kind == "starttls":
            self.options |= {"tls_context": tls_context(), "require_starttls": True}
        if login:
            self.options |= {"authenticator": self.judge, "auth_required": True, "auth_require_tls": kind == "starttls"}
        context = tls_context() if kind == "tls" else None
        super().__init__(self.mails, hostname=HOST, port=port or free_port(), ssl_context=context)

    def factory(self):
        return Listening(self.handler, **self.options)

    @staticmethod
    def judge(server, session, envelope, mechanism, data):
        good = (data.login, data.password) == (NAME.encode(), PASSWORD.encode())
        return AuthResult(success=good, handled=False)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()


class Silent:
    """Takes connections and says nothing."""

    def __init__(self):
        self.socket = socket.create_server((HOST, 0))
        self.port = self.socket.getsockname()[1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()


class WebServer:
    """`judge` takes path, headers and body and gives status, answer and more headers."""

    def __init__(self, judge, tls=True):
        self.requests = requests = []

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                requests.append((self.path, dict(self.headers.items()), body))
                status, text, headers = judge(self.path, self.headers, body)
                self.send_response(status)
                for name, value in {"content-length": str(len(text)), "connection": "close", **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer((HOST, 0), Handler)
        self.port = self.server.server_address[1]
        if tls:
            self.server.socket = tls_context().wrap_socket(self.server.socket, server_side=True)
        self.address = f"{'https' if tls else 'http'}://{HOST}:{self.port}"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def takes_all(path, headers, body):
    return 200, "ok", {}


def is_ours(secret, headers, body):
    """As docs/webhook.md has it."""
    stamp = headers["alphaflow-timestamp"]
    wanted = "v1=" + hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    is_fresh = abs(time.time() - int(stamp)) <= 300
    return is_fresh and hmac.compare_digest(wanted, headers["alphaflow-signature"])


def takes_ours(path, headers, body):
    json.loads(body)
    return (200, "", {}) if is_ours(WEBHOOK_SECRET, headers, body) else (401, "wrong signature", {})
