#!/usr/bin/env python3
"""Sends notifications to real servers: mail to aiosmtpd, Slack and a webhook over HTTPS with a certificate of its own.

    python3 tests/notify_py/run.py --binary PATH [--tell PATH] [--only WORD] [--strict]

`--binary` is alphaflow, `--tell` the example of that name (default: examples/tell beside the binary), which puts lines of
standard input through the outbox. aiosmtpd 1.4.6 (Apache-2.0) is pinned in requirements.txt; where it is not installed,
that is said, and nothing is checked; --strict makes it an error. A test that fails ends with exit code 1.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import traceback
from importlib import metadata
from pathlib import Path

sys.dont_write_bytecode = True
HERE = Path(__file__).resolve().parent
VERSION = "1.4.6"
BINARY = TELL = None
# What must come comes in seconds; this only bounds how long a test that fails takes.
WAIT_S = 40


class Desk:
    """A folder with a `.env`, and the programs run in it. Nothing that they say or write may hold a secret."""

    def __init__(self, folder):
        self.folder, self.secrets = Path(folder), []

    def settings(self, secrets=(), mode=0o600, **settings):
        path = self.folder / ".env"
        quoted = {name: "'" + str(value) + "'" for name, value in settings.items()}
        path.write_text("".join(f"{name}={value}\n" for name, value in quoted.items()))
        path.chmod(mode)
        self.secrets = [servers.PASSWORD, servers.WEBHOOK_SECRET, *secrets]

    def environment(self, more=None):
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("SMTP_", "EMAIL_", "SLACK_", "WEBHOOK_"))}
        return {**kept, "HTTPS_PROXY": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9", **(more or {})}

    def test(self, *arguments, code=0, more=None):
        """`alphaflow notify test`; gives what it said."""
        command = [BINARY, "notify", "test", *arguments]
        done = subprocess.run(command, cwd=self.folder, env=self.environment(more), capture_output=True, text=True,
                              timeout=WAIT_S)
        said = done.stdout + done.stderr
        self.holds_no_secret(said)
        assert done.returncode == code, f"exit code {done.returncode}, wanted {code}:\n{said}"
        return said

    def tell(self, lines=(), keep_open=False):
        """The outbox, with `lines`; it goes on until its standard input ends."""
        command = [TELL, ".env", "journal.db"]
        process = subprocess.Popen(command, cwd=self.folder, env=self.environment(), stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for line in lines:
            process.stdin.write(line + "\n")
            process.stdin.flush()
            process.stdout.readline()
        if not keep_open:
            process.stdin.close()
            process.stdin = None
            said, _ = process.communicate(timeout=WAIT_S)
            assert process.returncode == 0, said
        return process

    def holds_no_secret(self, said=""):
        kept = [path for path in self.folder.rglob("*") if path.is_file() and path.name != ".env"]
        for text in [said.encode(), *(path.read_bytes() for path in kept)]:
            for secret in self.secrets:
                for form in (secret, json.dumps(secret)[1:-1]):
                    assert form.encode() not in text, f"the secret {secret!r} is in {text!r}"


def mail(server, tls, **more):
    return {"SMTP_HOST": servers.HOST, "SMTP_PORT": server.port, "SMTP_TLS": tls,
            "SMTP_CA_FILE": servers.TLS / "loopback.pem", "EMAIL_FROM": "AlphaFlow <bot@example.com>",
            "EMAIL_TO": "me@example.org, you@example.org", **more}


LOGIN = {}


def until(what, holds):
    end = time.monotonic() + WAIT_S
    while time.monotonic() < end:
        if holds():
            return
        time.sleep(0.02)
    raise AssertionError(f"within {WAIT_S} s: {what}")


# E-mail.

def check_mail(mail):
    assert mail["Subject"].startswith("TEST: "), mail["Subject"]
    assert mail["From"] == "AlphaFlow <bot@example.com>" and "you@example.org" in mail["To"]
    assert mail["Message-ID"].startswith("<alphaflow.0-") and mail["Message-ID"].endswith("@example.com>")
    assert mail["Auto-Submitted"] == "auto-generated" and mail["Date"].datetime is not None
    plain, html = mail.get_body(("plain",)).get_content(), mail.get_body(("html",)).get_content()
    assert plain.startswith(mail["Subject"]) and mail["Subject"] in html, plain


def test_mail_over_tls(desk):
    with servers.MailServer("tls", login=True) as server:
        desk.settings(**mail(server, "tls", **LOGIN))
        said = desk.test()
    assert "email    delivered in" in said and f"me@example.org, you@example.org by 127.0.0.1:{server.port}: 250" in said, said
    check_mail(server.mails.mails[0])
    assert server.mails.envelopes == [("bot@example.com", ["me@example.org", "you@example.org"])]


def test_mail_over_starttls_with_login(desk):
    with servers.MailServer("starttls", login=True) as server:
        desk.settings(**mail(server, "starttls", **LOGIN))
        desk.test()
    check_mail(server.mails.mails[0])
    assert server.heard[:2] == ["STARTTLS", "AUTH"], server.heard


def test_mail_without_tls_on_this_machine_only(desk):
    with servers.MailServer("none") as server:
        settings = mail(server, "none")
        desk.settings(**settings)
        desk.test()
        check_mail(server.mails.mails[0])
        desk.settings(**{**settings, "SMTP_HOST": "mail.example.com"})
        assert "SMTP_HOST = `mail.example.com` is not this machine" in desk.test(code=2)


def test_a_wrong_password_is_said_and_not_shown(desk):
    with servers.MailServer("tls", login=True) as server:
        desk.settings(secrets=["wrong-password"], **mail(server, "tls", SMTP_USERNAME="trader", SMTP_PASSWORD="wrong-password"))
        said = desk.test(code=3)
    assert "email    NOT delivered" in said and "signing in" in said and "535" in said, said
    assert server.mails.tries == []


def test_where_starttls_is_not_offered_nothing_is_said(desk):
    with servers.MailServer("none", login=True) as server:
        desk.settings(**mail(server, "starttls", **LOGIN))
        said = desk.test(code=3)
    assert "STARTTLS is not supported" in said, said
    assert server.heard == [], server.heard


def test_a_certificate_that_nobody_vouches_for_is_refused(desk):
    for kind in ("tls", "starttls"):
        with servers.MailServer(kind, login=True) as server:
            settings = mail(server, kind, **LOGIN)
            del settings["SMTP_CA_FILE"]
            desk.settings(**settings)
            said = desk.test(code=3)
            assert "certificate" in said, said
            desk.settings(**{**mail(server, kind, **LOGIN), "SMTP_HOST": "localhost"})
            said = desk.test(code=3)
            assert "certificate" in said, said
        assert "AUTH" not in server.heard and server.mails.tries == []


def test_a_server_that_hangs_ends_after_ten_seconds_and_the_others_are_told(desk):
    with servers.Silent() as silent, servers.WebServer(servers.takes_all) as slack:
        address = slack.address + "/services/T0/B0/hidden-path"
        desk.settings(secrets=[address, "hidden-path"], **mail(silent, "none"), SLACK_WEBHOOK_URL=address,
                      SLACK_CA_FILE=servers.TLS / "loopback.pem")
        record = json.loads(desk.test("--format", "json", code=3).split("error not delivered")[0])
    by_name = {channel["channel"]: channel for channel in record["channels"]}
    assert by_name["email"]["text"] == "no answer within 10 s" and by_name["slack"]["delivered"], record


# Slack.

def test_slack(desk):
    with servers.WebServer(servers.takes_all) as server:
        address = server.address + "/services/T0/B0/hidden-path"
        desk.settings(secrets=[address, "hidden-path"], SLACK_WEBHOOK_URL=address, SLACK_CA_FILE=servers.TLS / "loopback.pem")
        said = desk.test()
        assert "slack    delivered in" in said, said
    path, headers, body = server.requests[0]
    assert path == "/services/T0/B0/hidden-path" and json.loads(body)["text"].startswith("TEST: "), body
    assert headers["content-type"].startswith("application/json")


def test_what_slack_refuses_is_said_without_the_address(desk):
    def gone(path, headers, body):
        return 404, f"no_service {path}", {}

    def elsewhere(path, headers, body):
        return 302, "", {"location": "http://127.0.0.1:1/"}

    for judge, words in ((gone, "404 Not Found: no_service"), (elsewhere, "redirects are not followed")):
        with servers.WebServer(judge) as server:
            address = server.address + "/services/T0/B0/hidden-path"
            desk.settings(secrets=["hidden-path"], SLACK_WEBHOOK_URL=address, SLACK_CA_FILE=servers.TLS / "loopback.pem")
            said = desk.test(code=3)
        assert words in said and len(server.requests) == 1, said


def test_slack_with_a_certificate_that_nobody_vouches_for_is_not_told(desk):
    with servers.WebServer(servers.takes_all) as server:
        for address in (server.address, server.address.replace("127.0.0.1", "localhost")):
            for settings in ({}, {"SLACK_CA_FILE": servers.TLS / "loopback.pem"}):
                if settings and "127.0.0.1" in address:
                    continue
                desk.settings(secrets=["hidden-path"], SLACK_WEBHOOK_URL=address + "/hidden-path", **settings)
                assert "certificate" in desk.test(code=3)
        assert server.requests == []
    desk.settings(secrets=["hidden-path"], SLACK_WEBHOOK_URL="http://hooks.slack.com/hidden-path")
    assert "anyone on the way can read" in desk.test(code=2)


# The webhook.

def test_a_receiver_can_check_the_signature(desk):
    with servers.WebServer(servers.takes_ours) as server:
        settings = {"WEBHOOK_URL": server.address + "/hook", "WEBHOOK_CA_FILE": servers.TLS / "loopback.pem"}
        desk.settings(**settings, WEBHOOK_SECRET=servers.WEBHOOK_SECRET)
        desk.test()
        _, headers, body = server.requests[0]
        headers = {name.lower(): value for name, value in headers.items()}
        said = json.loads(body)
        assert said["mode"] == "test" and said["text"].startswith("TEST: ") and said["key"] == headers["idempotency-key"]
        assert not servers.is_ours(servers.WEBHOOK_SECRET, headers, body + b" "), "another body"
        late = {**headers, "alphaflow-timestamp": str(int(headers["alphaflow-timestamp"]) - 301)}
        assert not servers.is_ours(servers.WEBHOOK_SECRET, late, body), "an old message"
        desk.settings(**settings, WEBHOOK_SECRET="another-secret-of-some-length", secrets=["another-secret-of-some-length"])
        assert "401 Unauthorized: wrong signature" in desk.test(code=3)


# The command.

def test_settings_that_give_nothing(desk):
    desk.settings()
    assert "sets up no channel" in desk.test(code=2)
    desk.settings(mode=0o644, SLACK_WEBHOOK_URL="https://hooks.slack.com/services/hidden-path", secrets=["hidden-path"])
    assert "chmod 600" in desk.test(code=2)
    desk.settings(EMAIL_TO="me@example.com")
    assert "SMTP_HOST is not set, but EMAIL_TO is" in desk.test(code=2)


def test_the_environment_counts_and_does_not_contradict(desk):
    with servers.WebServer(servers.takes_all, tls=False) as server:
        address = server.address + "/hidden-path"
        desk.settings(secrets=["hidden-path"])
        assert "slack    delivered" in desk.test(more={"SLACK_WEBHOOK_URL": address})
        desk.settings(secrets=["hidden-path"], SLACK_WEBHOOK_URL=address)
        assert "SLACK_WEBHOOK_URL is one thing" in desk.test(code=2, more={"SLACK_WEBHOOK_URL": address + "x"})


def test_the_date_is_kept_for_preflight(desk):
    with servers.WebServer(servers.takes_all, tls=False) as server, servers.MailServer("none", "451 later") as mails:
        desk.settings(SLACK_WEBHOOK_URL=server.address + "/x")
        desk.test("--state", "elsewhere")
        record = json.loads((desk.folder / "elsewhere" / "notify.json").read_text())
        assert [channel["delivered"] for channel in record["channels"]] == [True] and record["at"].endswith("Z")
        desk.settings(SLACK_WEBHOOK_URL=server.address + "/x", **mail(mails, "none"))
        assert "451" in desk.test("--state", "elsewhere", code=3)
        second = json.loads((desk.folder / "elsewhere" / "notify.json").read_text())
    assert [channel["delivered"] for channel in second["channels"]] == [False, True]
    assert second["settings"] != record["settings"] and second["at"] > record["at"]


# The outbox.

def subjects(server):
    return [mail["Subject"] for mail in server.mails.mails]


def test_greylisting_is_waited_out_under_the_same_message_id(desk):
    with servers.MailServer("tls", "451 4.7.1 greylisted", "451 4.7.1 greylisted", "250 kept", login=True) as server:
        desk.settings(**mail(server, "tls", **LOGIN))
        desk.tell(["The first.", "The second."])
        assert subjects(server) == ["REHEARSAL: The first.", "REHEARSAL: The second."]
        first, second = (mail["Message-ID"] for mail in server.mails.mails)
        assert server.mails.tries == [first, first, first, second], server.mails.tries
    desk.holds_no_secret()


def test_a_mail_that_is_refused_does_not_hold_the_next(desk):
    with servers.MailServer("none", "554 no", "554 no", "554 no", "250 kept") as server:
        desk.settings(**mail(server, "none"))
        desk.tell(["The first.", "The second."])
    assert subjects(server) == ["REHEARSAL: The second."], subjects(server)
    assert len(set(server.mails.tries[:3])) == 1


def test_what_was_not_taken_is_told_by_the_next_session(desk):
    absent = servers.MailServer("none")
    desk.settings(**mail(absent, "none"))
    process = desk.tell(["One.", "Two.", "Three."], keep_open=True)
    process.kill()
    process.communicate()
    with servers.MailServer("none", port=absent.port) as server:
        desk.tell()
        assert subjects(server) == ["REHEARSAL: One.", "REHEARSAL: Two.", "REHEARSAL: Three."]
        desk.tell()
        assert len(server.mails.mails) == 3, "a third session has nothing to tell"


def test_killed_between_two_mails_it_repeats_one_at_most(desk):
    lines = [f"Event {number}." for number in range(12)]
    with servers.MailServer("starttls", login=True) as server:
        desk.settings(**mail(server, "starttls", **LOGIN))
        kills = 0
        for start in range(0, len(lines), 3):
            seen = len(server.mails.tries)
            process = desk.tell(lines[start:start + 3], keep_open=True)
            until("a mail after the start", lambda: len(server.mails.tries) > seen)
            process.kill()
            process.communicate()
            kills += 1
        desk.tell()
        ids = [mail["Message-ID"] for mail in server.mails.mails]
        first = [subject for at, subject in enumerate(subjects(server)) if ids.index(ids[at]) == at]
    assert first == [f"REHEARSAL: {line}" for line in lines], first
    assert len(ids) - len(set(ids)) <= kills, ids
    desk.holds_no_secret()


def test_what_breaks_out_of_nothing(desk):
    line = "<b>x</b> & <!channel> \u202e\u2028Bcc: thief@example.net"
    with servers.MailServer("none") as server, servers.WebServer(servers.takes_all, tls=False) as slack:
        desk.settings(**mail(server, "none"), SLACK_WEBHOOK_URL=slack.address + "/x")
        desk.tell([line])
    mail_ = server.mails.mails[0]
    assert mail_["Bcc"] is None and server.mails.envelopes[0][1] == ["me@example.org", "you@example.org"]
    assert mail_["Subject"] == "REHEARSAL: <b>x</b> & <!channel>   Bcc: thief@example.net"
    html = mail_.get_body(("html",)).get_content()
    assert "<b>x" not in html and "&lt;b&gt;x&lt;/b&gt;" in html, html
    assert "<" not in json.loads(slack.requests[0][2])["text"]


def run(test):
    with tempfile.TemporaryDirectory() as folder:
        try:
            test(Desk(folder))
        except Exception:
            return traceback.format_exc()
    return None


def main():
    global BINARY, TELL, servers
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--binary", required=True, help="the alphaflow binary")
    arguments.add_argument("--tell", help="the example `tell`")
    arguments.add_argument("--only", default="", help="run the tests whose name has this word")
    arguments.add_argument("--strict", action="store_true", help="fail where aiosmtpd is not installed")
    chosen = arguments.parse_args()
    try:
        found = metadata.version("aiosmtpd")
    except metadata.PackageNotFoundError:
        found = "none"
    if found != VERSION:
        print(f"not checked: notifications against real servers (aiosmtpd {found} is installed, {VERSION} is needed)")
        return 1 if chosen.strict else 0
    sys.path.insert(0, str(HERE))
    import servers
    BINARY = os.path.abspath(chosen.binary)
    TELL = os.path.abspath(chosen.tell or Path(BINARY).parent / "examples" / "tell")
    LOGIN.update(SMTP_USERNAME=servers.NAME, SMTP_PASSWORD=servers.PASSWORD)
    began, failed, count = time.monotonic(), [], 0
    tests = [(name[5:].replace("_", " "), test) for name, test in globals().items() if name.startswith("test_")]
    for name, test in tests:
        if chosen.only not in name:
            continue
        count += 1
        started = time.monotonic()
        problem = run(test)
        took = time.monotonic() - started
        print(f"{'FAILED' if problem else 'ok':6} {name}" + (f" ({took:.1f} s)" if took > 1 else ""), flush=True)
        if problem:
            failed.append((name, problem))
    for name, problem in failed:
        print(f"\n-- {name}\n{problem}")
    print(f"{count - len(failed)} of {count} tests passed in {time.monotonic() - began:.0f} s")
    return 1 if failed or not count else 0


if __name__ == "__main__":
    sys.exit(main())
