"""Live: only what changed is touched, rows do not jump, the page stays small and quiet."""
from stage import shows, until


def test_only_cells_that_change_are_touched(stage, browser):
    page = browser.look(stage)
    shows(page, "trading")
    page.wait_for_timeout(1500)
    page.evaluate("""() => {
      window.touched = new Set();
      new MutationObserver((all) => all.forEach((one) => {
        const node = one.target.nodeType === 3 ? one.target.parentElement : one.target;
        window.touched.add(node.id || node.className || node.tagName);
      })).observe(document.getElementById('main'), { subtree: true, childList: true, characterData: true, attributes: true });
    }""")
    page.wait_for_timeout(2500)
    touched = set(page.evaluate("[...window.touched]"))
    assert touched <= {"positions-note", "age"}, touched


def test_a_row_under_the_pointer_or_the_focus_stays_where_it_is(stage, browser):
    page = browser.look(stage)
    until(page, "() => document.querySelectorAll('#rows tr').length === 5")
    names = lambda: page.locator("#rows td.symbol").all_inner_texts()
    assert names() == ["IBM", "SPY", "AIG", "QQQ", "WM"]
    page.hover("#rows tr >> nth=1")
    stage.show("many", "paper")
    until(page, "() => document.querySelectorAll('#rows tr').length === 20")
    page.wait_for_timeout(5300)
    assert names()[:5] == ["IBM", "SPY", "AIG", "QQQ", "WM"], "held by the pointer"
    page.mouse.move(5, 5)
    until(page, "() => document.querySelector('#rows td.symbol').textContent === 'BRK.A'", seconds=7)


def test_a_fill_is_read_out_once_and_numbers_never(stage, browser):
    page = browser.look(stage)
    shows(page, "trading")
    assert page.inner_text("#spoken") == ""
    stage.show("many", "paper")
    until(page, "() => document.querySelector('#spoken').textContent.includes('SPY bought 54')")
    assert page.locator("[aria-live]").count() == 1 and page.locator("#figures [role=alert]").count() == 0


def test_the_first_load_is_within_its_budget(stage, browser):
    page = browser.look(stage, sign_in=False)
    sizes = {}
    page.on("response", lambda answer: sizes.__setitem__(answer.url, int(answer.headers.get("content-length", 0))))
    from stage import enter
    enter(page, stage)
    page.wait_for_timeout(500)
    total = sum(sizes.values())
    paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? -1")
    print(f"first load: {total / 1024:.0f} KiB, first paint {paint:.0f} ms after the navigation")
    assert total <= 300 * 1024, sizes


def test_the_memory_of_a_page_that_stays_open_is_flat(stage, browser):
    page = browser.look(stage)
    stage.show("many", "paper")
    until(page, "() => document.querySelectorAll('#rows tr').length === 20")
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.enable")

    def held():
        session.send("HeapProfiler.collectGarbage")
        return session.send("Runtime.getHeapUsage")["usedSize"], page.evaluate("document.querySelectorAll('*').length")
    for state in ["many", "trading", "empty"] * 4:
        stage.show(state, "paper")
        page.wait_for_timeout(300)
    first = held()
    for state in ["many", "trading", "empty"] * 12:
        stage.show(state, "paper")
        page.wait_for_timeout(300)
    last = held()
    assert last[1] == first[1] and last[0] <= first[0] + 400_000, (first, last)


def test_an_idle_page_has_no_busy_timer(stage, browser):
    """One interval, no chain of animation frames; what page and server use of a core is printed."""
    page = browser.look(stage, sign_in=False)
    page.add_init_script("""
      window.counts = { intervals: 0, frames: 0 };
      const [interval, frame] = [window.setInterval, window.requestAnimationFrame];
      window.setInterval = (...all) => { window.counts.intervals += 1; return interval(...all); };
      window.requestAnimationFrame = (...all) => { window.counts.frames += 1; return frame(...all); };
    """)
    from stage import enter
    enter(page, stage)
    shows(page, "trading")
    page.wait_for_timeout(1500)
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")

    def used():
        metrics = {one["name"]: one["value"] for one in session.send("Performance.getMetrics")["metrics"]}
        fields = open(f"/proc/{stage.process.pid}/stat").read().rsplit(")", 1)[1].split()
        return metrics["TaskDuration"], (int(fields[11]) + int(fields[12])) / 100
    frames, began = page.evaluate("window.counts.frames"), used()
    page.wait_for_timeout(10_000)
    ended = used()
    print(f"idle: page {(ended[0] - began[0]) * 10:.1f} % of a core, server {(ended[1] - began[1]) * 10:.1f} %, over 10 s, prices ticking 5 times a second")
    counts = page.evaluate("window.counts")
    assert counts["intervals"] == 1, counts
    assert counts["frames"] == frames, "nothing is animated while no number changes"
