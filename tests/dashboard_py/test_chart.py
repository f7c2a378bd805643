"""The chart: a part of the session by drag, wheel, keys and touch, and the way back; it goes on with the newest bar."""
from stage import until

WHOLE = 317


def bars(page):
    return page.locator("#plot .bar-line").count()


def chart_of(page, symbol="SPY"):
    page.locator("#rows tr", has_text=symbol).click()
    until(page, "(symbol) => document.querySelector('#plot svg')?.getAttribute('aria-label')?.startsWith(symbol)", symbol)
    assert bars(page) == WHOLE
    return page.locator("#plot").bounding_box()


def sentence(page):
    return page.get_attribute("#plot svg", "aria-label")


def test_a_drag_shows_its_part_and_a_double_click_the_whole(stage, browser):
    page = browser.look(stage)
    box = chart_of(page)
    assert page.is_hidden("#chart-whole")
    page.mouse.move(box["x"] + 200, box["y"] + 80)
    page.mouse.down()
    page.mouse.move(box["x"] + 420, box["y"] + 90, steps=6)
    assert page.locator("#plot .chosen").count() == 1
    browser.shot(page, "chart-drag")
    page.mouse.up()
    part = bars(page)
    assert 40 < part < 120, part
    assert " from " in sentence(page) and page.is_visible("#chart-whole") and page.locator("#plot .chosen").count() == 0
    names = page.locator("#plot text.tick").all_inner_texts()
    assert len(names) > 6, names
    browser.shot(page, "chart-part")
    page.mouse.dblclick(box["x"] + 300, box["y"] + 80)
    assert bars(page) == WHOLE and page.is_hidden("#chart-whole") and " today: " in sentence(page)
    # A press that does not move is no drag, and one that leaves the chart ends at its edge.
    page.mouse.click(box["x"] + 300, box["y"] + 80)
    assert bars(page) == WHOLE
    page.mouse.move(box["x"] + 500, box["y"] + 80)
    page.mouse.down()
    page.mouse.move(box["x"] - 200, box["y"] + 80, steps=4)
    page.mouse.up()
    assert 10 < bars(page) < WHOLE
    page.click("#chart-whole")
    assert bars(page) == WHOLE and page.evaluate("document.activeElement.id") == "plot"


def test_the_wheel_zooms_where_the_pointer_is(stage, browser):
    page = browser.look(stage)
    box = chart_of(page)
    page.mouse.move(box["x"] + 300, box["y"] + 80)
    under = page.inner_text("#chart-note")[:5]
    for _ in range(4):
        page.mouse.wheel(0, -120)
        page.wait_for_timeout(40)
    part = bars(page)
    assert part < 170, part
    page.mouse.move(box["x"] + 301, box["y"] + 80)
    minutes = lambda words: int(words[:2]) * 60 + int(words[3:5])
    assert abs(minutes(page.inner_text("#chart-note")) - minutes(under)) <= 1, "what is under the pointer stays there"
    before = sentence(page)
    page.mouse.wheel(120, 0)
    until(page, "(before) => document.querySelector('#plot svg').getAttribute('aria-label') !== before", before)
    for _ in range(12):
        page.mouse.wheel(0, 120)
        page.wait_for_timeout(40)
    assert bars(page) == WHOLE


def test_keys_zoom_move_and_go_back(stage, browser):
    page = browser.look(stage)
    chart_of(page)
    page.focus("#plot")
    for _ in range(5):
        page.keyboard.press("+")
    part = bars(page)
    assert part < WHOLE / 2, part
    newest = sentence(page)
    page.keyboard.press("Shift+ArrowLeft")
    assert sentence(page) != newest, "the part moves"
    page.keyboard.press("Home")
    assert page.inner_text("#chart-note").startswith("09:30") and "from 09:30" in sentence(page), sentence(page)
    assert page.locator("#plot .cross").count() == 1
    page.keyboard.press("End")
    assert page.inner_text("#chart-note").startswith("14:46") and page.locator("#plot .cross").count() == 1
    page.keyboard.press("-")
    assert bars(page) > part
    page.keyboard.press("0")
    assert bars(page) == WHOLE
    for _ in range(40):
        page.keyboard.press("+")
    assert 3 <= bars(page) <= 7, "no closer than a few bars"
    page.keyboard.press("0")


def test_a_fill_is_marked_named_and_read_with_its_bar(stage, browser):
    page = browser.look(stage)
    chart_of(page)
    title = page.evaluate("document.querySelector('#plot .m-entry title').textContent")
    assert title == "bought 54 at 166.29, 13:31:02, entry", title
    assert "1 fill of ours: bought 54 at 166.29" in sentence(page)
    page.focus("#plot")
    page.keyboard.press("Home")
    for _ in range(241):
        page.keyboard.press("ArrowRight")
    assert page.inner_text("#chart-note").startswith("13:31") and "bought 54" in page.inner_text("#chart-note"), page.inner_text("#chart-note")


def test_marks_stand_beside_their_bars_and_names_over_none(stage, browser):
    for width, height in [(1600, 1000), (1440, 900), (1024, 768), (390, 844)]:
        page = browser.look(stage, width=width, height=height)
        chart_of(page)
        found = page.evaluate("""() => {
          const box = (node) => node.getBBox();
          const bars = [...document.querySelectorAll('#plot .bar-line')].map((node) => ({ x: Number(node.getAttribute('x1')), top: Math.min(node.getAttribute('y1'), node.getAttribute('y2')), bottom: Math.max(node.getAttribute('y1'), node.getAttribute('y2')) }));
          const names = [...document.querySelectorAll('#plot .t-entry, #plot .t-stop')].map((node) => ({ text: node.textContent, ...JSON.parse(JSON.stringify({ x: box(node).x, y: box(node).y, width: box(node).width, height: box(node).height })) }));
          const hit = names.filter((name) => bars.some((bar) => bar.x > name.x && bar.x < name.x + name.width && bar.top < name.y + name.height - 3 && bar.bottom > name.y + 3)).map((name) => name.text);
          const mark = box(document.querySelector('#plot .m-entry'));
          const under = bars.reduce((near, bar) => (Math.abs(bar.x - mark.x - 6) < Math.abs(near.x - mark.x - 6) ? bar : near));
          return [hit, names.length, mark.y - under.bottom, Math.abs(under.x - mark.x - 6)];
        }""")
        assert found[0] == [] and found[1] >= 1, (width, found)
        assert 2 <= found[2] <= 5 and found[3] < 1, (width, found)
        browser.shot(page, f"chart-names-{width}")
        page.context.close()


def test_an_axis_has_four_to_seven_ticks(stage, browser):
    page = browser.look(stage)
    found = page.evaluate("""async () => {
      const { ticks } = await import('/assets/chart_draw.js');
      let [least, most, odd] = [99, 0, []];
      for (let at = 1; at < 4000; at += 1) {
        const low = (at * 7919 % 1000) / 7, span = 0.0003 * 1.0029 ** at;
        const { out, low: from, high: to } = ticks(low, low + span);
        [least, most] = [Math.min(least, out.length), Math.max(most, out.length)];
        if (from > low || to < low + span || to - from > 1.8 * span) odd.push([low, span, from, to]);
      }
      return [least, most, odd.slice(0, 3)];
    }""")
    assert found == [4, 7, []], found


def touch(session, kind, *points):
    session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y, "id": at} for at, (x, y) in enumerate(points)]})


def test_two_fingers_zoom_one_reads_and_two_taps_go_back(stage, browser):
    page = browser.look(stage, width=390, height=844, has_touch=True)
    page.locator("#rows tr", has_text="SPY").tap()
    until(page, "() => document.querySelector('#plot svg')?.getAttribute('aria-label')?.startsWith('SPY')")
    page.locator("#plot").scroll_into_view_if_needed()
    box = page.locator("#plot").bounding_box()
    x, y = box["x"], box["y"] + 100
    session = page.context.new_cdp_session(page)
    touch(session, "touchStart", (x + 60, y))
    touch(session, "touchMove", (x + 90, y))
    assert page.locator("#plot .cross").count() == 1 and "open " in page.inner_text("#chart-note")
    touch(session, "touchEnd")
    touch(session, "touchStart", (x + 100, y), (x + 140, y))
    for step in range(1, 8):
        touch(session, "touchMove", (x + 100 - 8 * step, y), (x + 140 + 8 * step, y))
    touch(session, "touchEnd")
    assert bars(page) < WHOLE / 2, bars(page)
    browser.shot(page, "phone-chart-part")
    assert page.evaluate("getComputedStyle(document.getElementById('plot')).touchAction") == "pan-y", "the page scrolls on"
    page.wait_for_timeout(400)
    for _ in range(2):
        touch(session, "touchStart", (x + 120, y))
        touch(session, "touchEnd")
    assert bars(page) == WHOLE
    assert page.is_hidden("#chart-whole")


def test_a_part_with_the_newest_bar_goes_on_with_it(stage, browser):
    page = browser.look(stage)
    moved = page.evaluate("""async () => {
      const view = await import('/assets/chart_view.js');
      const minute = 60000;
      const session = { opens: 0, closes: 390 * minute, last: 100 * minute, step: minute };
      view.choose(session, 60 * minute, 105 * minute);
      const before = view.range(session);
      session.last += 10 * minute;
      const after = view.range(session);
      session.last = 389 * minute;
      const end = view.range(session);
      view.choose(session, 20 * minute, 60 * minute);
      session.last += minute;
      const old = view.range(session);
      view.showWhole();
      return [before, after, end, old].map((range) => range.map((ms) => ms / minute));
    }""")
    assert moved == [[60, 105], [70, 115], [345, 390], [20, 60]], moved
