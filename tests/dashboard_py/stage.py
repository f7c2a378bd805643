"""The dashboard with scripted states in a process of its own, and a browser in front of it."""
import json
import queue
import subprocess
import threading
import time

TOKEN = "states-0123456789abcdef-states-token"
SCRIPT_TOKEN = "scripts-0123456789abcdef-scripts-token"
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]


class Stage:
    """`dashboard_states` running; what it prints is kept."""

    def __init__(self, binary, port=0):
        self.process = subprocess.Popen([binary, str(port)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        self.said = []
        self.news = queue.Queue()
        first = self.process.stdout.readline().strip()
        assert first.startswith("listening on http://"), first
        self.url = first.split()[-1]
        self.port = int(self.url.rsplit(":", 1)[1])
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self):
        for line in self.process.stdout:
            if line.startswith("{"):
                self.said.append(json.loads(line))
                self.news.put(self.said[-1])

    def tell(self, line):
        """Sends a line and waits until it is done."""
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        self.wait(lambda news: news.get("done") == line)

    def show(self, state, mode):
        self.tell(f"show {state} {mode}")
        # The next snapshot is out within 200 ms.
        time.sleep(0.3)

    def wait(self, matches, seconds=5):
        """The next thing said that matches."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            try:
                news = self.news.get(timeout=left)
            except queue.Empty:
                break
            if matches(news):
                return news
        raise AssertionError(f"not said within {seconds} s; said: {self.said[-5:]}")

    def stop(self):
        self.process.stdin.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(5)


class Browser:
    """Chromium with one context for each look; every message of a page's console is kept."""

    def __init__(self, playwright, executable, shots):
        self.browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        self.shots = shots

    def look(self, stage, width=1600, height=1000, theme="dark", sign_in=True, zoom=1, **more):
        """A page of its own, signed in; `page.troubles` has what the console complained of."""
        context = self.browser.new_context(viewport={"width": int(width / zoom), "height": int(height / zoom)}, device_scale_factor=zoom,
                                           color_scheme=theme, reduced_motion="reduce", **more)
        page = context.new_page()
        page.troubles, page.asked = [], []
        page.on("console", lambda message: page.troubles.append(message.text) if message.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: page.troubles.append(str(error)))
        page.on("request", lambda request: page.asked.append(request.url))
        page.set_default_timeout(8000)
        if sign_in:
            enter(page, stage)
        return page

    def shot(self, page, name):
        page.screenshot(path=str(self.shots / f"{name}.png"))

    def forget(self):
        """Ends every page that is still open."""
        for context in list(self.browser.contexts):
            context.close()

    def close(self):
        self.browser.close()


def calm(page, stage):
    """Nothing in the console, and every request to this origin."""
    assert page.troubles == [], page.troubles
    foreign = [url for url in page.asked if not url.startswith(stage.url)]
    assert foreign == [], foreign


def enter(page, stage):
    page.goto(stage.url + "/login")
    page.fill("#token", TOKEN)
    page.press("#token", "Enter")
    ready(page)


def until(page, script, argument=None, seconds=8):
    """Asks the page until the answer is true. The page's policy forbids what Playwright's own waiting does."""
    end = time.monotonic() + seconds
    while not page.evaluate(script, argument):
        assert time.monotonic() < end, f"not within {seconds} s: {script}"
        time.sleep(0.02)


def ready(page):
    """The first word of the session is drawn."""
    page.wait_for_url(lambda url: not url.endswith("/login"))
    until(page, "() => !!document.querySelector('#f-equity .num')?.textContent.startsWith('$') && document.fonts.status === 'loaded'")


def shows(page, state):
    until(page, "(state) => document.documentElement.dataset.state === state", state)
