"""Widths, zoom, themes, greyscale and forced colours: nothing overlaps, nothing is cut, nothing scrolls sideways."""
from stage import shows, until

SIZES = [(1600, 1000), (1440, 900), (1366, 768), (1296, 900), (1024, 768), (800, 900), (700, 900), (699, 900), (390, 844), (320, 640)]
# Elements whose text is wider than their box and not meant to be cut, and elements that stick out of the window.
CUT = """() => {
  const cuts = [...document.querySelectorAll('#rest *, #band *')].filter((node) => {
    if (!node.getClientRects().length || node.closest('svg') || node.closest('.quiet') || node.matches('.gauge')) return false;
    const style = getComputedStyle(node);
    if (style.textOverflow === 'ellipsis' || style.overflowX === 'auto' || style.overflowY === 'auto' || style.display === 'inline') return false;
    return node.scrollWidth > node.clientWidth + 1 && node.clientWidth > 0;
  }).map((node) => `${node.tagName}#${node.id}.${node.className}: ${node.scrollWidth} > ${node.clientWidth}`);
  // What an ellipsis cuts is not seen outside of its box.
  const isCut = (node) => { for (let at = node.parentElement; at; at = at.parentElement) if (getComputedStyle(at).textOverflow === 'ellipsis') return true; return false; };
  const out = [...document.querySelectorAll('#rest *, #band *')].filter((node) => {
    const box = node.getBoundingClientRect();
    return box.width > 0 && !node.closest('.quiet') && !isCut(node) && (box.right > innerWidth + 1 || box.left < -1);
  }).map((node) => `out: ${node.tagName}#${node.id}.${node.className}`);
  return cuts.concat(out);
}"""


def check(page, name):
    width = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert width[0] <= width[1], (name, width)
    assert page.evaluate(CUT) == [], (name, page.evaluate(CUT))
    stop = page.evaluate("(() => { const b = document.getElementById('stop').getBoundingClientRect(); const at = document.elementFromPoint(b.x + b.width / 2, b.y + b.height / 2); return [b.top >= 0, b.bottom <= innerHeight, b.left >= 0, b.right <= innerWidth, !!at.closest('#stop')]; })()")
    assert all(stop), (name, stop)


def test_every_width_holds_every_state(stage, browser):
    for width, height in SIZES:
        stage.show("trading", "live")
        page = browser.look(stage, width=width, height=height, theme="light" if width in (1440, 800, 390) else "dark")
        for name, state, rows in [("trading", "trading", 5), ("many", "trading", 20), ("halted", "halted", 5), ("old", "prices_old", 5), ("empty", "trading", 0), ("hostile", "halted", 5)]:
            stage.show(name, "live")
            shows(page, state)
            until(page, "(rows) => document.querySelectorAll('#rows tr').length === rows", rows)
            page.wait_for_timeout(350)
            browser.shot(page, f"{name}-{width}")
            check(page, f"{name} at {width}")
        page.context.close()


def test_zoom_of_200_percent_on_a_laptop(stage, browser):
    for name, state in [("trading", "trading"), ("halted", "halted")]:
        stage.show(name, "live")
        page = browser.look(stage, width=1366, height=768, zoom=2)
        shows(page, state)
        page.wait_for_timeout(300)
        browser.shot(page, f"{name}-zoom200")
        check(page, name)


def test_the_phone_has_tabs_and_large_targets(stage, browser):
    stage.show("trading", "live")
    page = browser.look(stage, width=390, height=844, has_touch=True)
    for tab, panel in [("Orders", "#orders"), ("Limits", "#strategies"), ("Events", "#events"), ("Positions", "#positions")]:
        page.locator("#tabs").get_by_role("button", name=tab).tap()
        assert page.locator("#tabs [aria-current]").all_inner_texts()[0].startswith(tab)
        assert page.is_visible(panel), tab
        page.wait_for_timeout(300)
        browser.shot(page, f"phone-{tab.lower()}")
        small = page.evaluate("[...document.querySelectorAll('button, input')].filter((node) => node.getClientRects().length && node.getBoundingClientRect().height < 44).map((node) => node.outerHTML.slice(0, 90))")
        assert small == [], (tab, small)
    page.locator("#rows tr", has_text="WM").tap()
    page.locator("#rows tr[aria-selected=true] .act").tap()
    page.get_by_text("Sell 230 WM at market, about $9,327?").wait_for()
    browser.shot(page, "phone-close")
    page.locator("#stop").tap()
    page.get_by_text("Stop trading real money?").wait_for()
    browser.shot(page, "phone-stop")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_targets_are_at_least_24_pixels(stage, browser):
    stage.show("halted", "paper")
    page = browser.look(stage)
    shows(page, "halted")
    small = page.evaluate("[...document.querySelectorAll('button, input')].filter((node) => { const box = node.getBoundingClientRect(); return node.getClientRects().length && (box.height < 24 || box.width < 24); }).map((node) => node.outerHTML.slice(0, 90))")
    assert small == [], small


def test_the_text_keeps_its_contrast(stage, browser):
    """Every text against what is behind it, in both themes: 4.5 to 1, or 3 to 1 where it is large."""
    script = """() => {
      const rgb = (text) => (text.match(/[\\d.]+/g) || []).map(Number);
      const lum = ([r, g, b]) => [r, g, b].map((c) => c / 255).map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)).reduce((sum, c, at) => sum + c * [0.2126, 0.7152, 0.0722][at], 0);
      const behind = (node) => {
        for (let at = node; at; at = at.parentElement) {
          const color = rgb(getComputedStyle(at).backgroundColor);
          if (color.length === 3 || color[3] > 0.99) return color;
        }
        return [255, 255, 255];
      };
      const bad = [];
      for (const node of document.querySelectorAll('body *')) {
        const own = [...node.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim());
        if (!own || !node.getClientRects().length || node.closest('svg') || node.closest('.quiet') || node.closest('.skip') || node.disabled) continue;
        const style = getComputedStyle(node);
        const [a, b] = [lum(rgb(style.color)), lum(behind(node))].sort((x, y) => y - x);
        const ratio = (a + 0.05) / (b + 0.05);
        const large = parseFloat(style.fontSize) >= 18.66 && style.fontWeight >= 600;
        if (ratio < (large ? 3 : 4.5)) bad.push(`${ratio.toFixed(2)} ${node.tagName}.${node.className} ${node.textContent.slice(0, 30)}`);
      }
      return bad;
    }"""
    for mode in ["rehearsal", "paper", "live"]:
        for theme in ["light", "dark"]:
            for name, state in [("trading", "trading"), ("halted", "halted"), ("old", "prices_old")]:
                stage.show(name, mode)
                page = browser.look(stage, theme=theme)
                shows(page, state)
                assert page.evaluate(script) == [], (mode, theme, name, page.evaluate(script))
                page.keyboard.press("!")
                assert page.evaluate(script) == [], (mode, theme, name, "dialog", page.evaluate(script))
                page.context.close()


def test_fields_are_seen(stage, browser):
    """What a field says before it is filled, 4.5 to 1; its edge, 3 to 1; in both themes."""
    script = """() => {
      const lum = (text) => text.match(/[\\d.]+/g).slice(0, 3).map(Number).map((c) => c / 255).map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)).reduce((sum, c, at) => sum + c * [0.2126, 0.7152, 0.0722][at], 0);
      const ratio = (a, b) => { const [x, y] = [lum(a), lum(b)].sort((one, two) => two - one); return (x + 0.05) / (y + 0.05); };
      const field = document.getElementById('events-filter');
      const [own, hint] = [getComputedStyle(field), getComputedStyle(field, '::placeholder')];
      return [ratio(hint.color, own.backgroundColor), Number(hint.opacity), ratio(own.borderTopColor, own.backgroundColor)];
    }"""
    for theme in ["light", "dark"]:
        page = browser.look(stage, theme=theme)
        hint, opacity, edge = page.evaluate(script)
        assert hint >= 4.5 and opacity == 1 and edge >= 3, (theme, hint, opacity, edge)


def test_what_was_closed_is_told_before_whose_it_was(stage, browser):
    stage.show("trading", "paper")
    page = browser.look(stage, width=1440, height=900)
    cell = page.locator("#closed td.words")
    assert cell.inner_text() == "700, 13.81 to 13.7386, stop 13:29, momentum"
    seen = page.evaluate("(() => { const cell = document.querySelector('#closed td.words').getBoundingClientRect(); return document.querySelector('#closed .what').getBoundingClientRect().right <= cell.right; })()")
    assert seen, "shares, prices and reason are whole"
    assert page.is_visible("#positions-table thead")
    for width in [1600, 1440, 390]:
        stage.show("sold", "paper")
        page = browser.look(stage, width=width, height=900)
        until(page, "() => document.querySelectorAll('#rows tr').length === 0 && document.querySelectorAll('#closed tr').length === 1")
        whole = page.evaluate("(() => { const cell = document.querySelector('#closed td.words'); return cell.scrollWidth <= cell.clientWidth + 1; })()")
        assert whole and page.is_hidden("#positions-table thead"), "no column is named where nothing is held, and all the room is its words'"
        assert page.inner_text("#total tr").split() == ["Total", "−$49.97"]
        browser.shot(page, f"sold-{width}")


def test_in_greyscale_and_forced_colours_it_still_reads(stage, browser):
    stage.show("many", "live")
    page = browser.look(stage)
    until(page, "() => document.querySelectorAll('#rows tr').length === 20")
    page.evaluate("document.documentElement.style.filter = 'grayscale(1)'")
    browser.shot(page, "greyscale")
    signs = page.locator("#rows td.pnl").all_inner_texts()
    assert all(words[0] in "+−" or words in ("$0.00", "n/a") for words in signs), signs
    assert "▲" in page.inner_text("#limit-rows .near .use")
    forced = browser.look(stage, forced_colors="active")
    forced.wait_for_timeout(400)
    browser.shot(forced, "forced-colours")
    assert forced.evaluate("getComputedStyle(document.getElementById('band')).borderTopStyle") == "solid"


def test_with_each_deficiency_of_colour_vision_it_still_reads(stage, browser):
    """Chromium shows the page as each deficiency does; what tells states apart is a word, a sign, a shape or a pattern."""
    said = {}
    for name, state in [("trading", "trading"), ("halted", "halted"), ("old", "prices_old"), ("many", "trading")]:
        stage.show(name, "live")
        page = browser.look(stage, theme="light" if name == "old" else "dark")
        shows(page, state)
        session = page.context.new_cdp_session(page)
        for deficiency in ["protanopia", "deuteranopia", "tritanopia", "achromatopsia"]:
            session.send("Emulation.setEmulatedVisionDeficiency", {"type": deficiency})
            page.wait_for_timeout(150)
            browser.shot(page, f"{deficiency}-{name}")
        said[name] = page.inner_text("#doing")
        assert page.inner_text("#band .mode") == "LIVE" and "REAL MONEY" in page.inner_text("#band")
        for selector in ["#rows td.pnl", "#rows td.today", "#closed td.today"]:
            for words in page.locator(selector).all_inner_texts():
                assert words[0] in "+−" or words in ("$0.00", "n/a"), (name, selector, words)
        assert all(words.startswith("▲") for words in page.locator("#limit-rows .near .use").all_inner_texts())
        if name == "old":
            # The age of a row has one place and its mark in the figures: underlined by dots, and a ▲ before the age.
            assert all(words.startswith("▲") for words in page.locator("#figures .age.old").all_inner_texts())
            assert page.locator("#rows .num.old").count() > 0
        page.context.close()
    assert len({words[0] for words in said.values()}) == 3 and said["old"].startswith("▲") and said["halted"].startswith("■"), said


def test_the_chart_gives_back_the_room_that_it_took(stage, browser):
    """It fills what the panels beside it leave, and is no taller for having been tall."""
    stage.show("empty", "paper")
    page = browser.look(stage)
    until(page, "() => document.querySelectorAll('#rows tr').length === 0 && document.querySelector('#plot svg')")
    tall = page.locator("#plot").bounding_box()["height"]
    stage.show("trading", "paper")
    until(page, "() => document.querySelectorAll('#rows tr').length === 5 && document.querySelectorAll('#event-rows li').length === 6")
    page.wait_for_timeout(300)
    assert page.locator("#plot").bounding_box()["height"] < tall - 100
    assert page.evaluate("(() => { const left = document.querySelector('.left'); return left.scrollHeight <= left.clientHeight + 1; })()"), "nothing is pushed out of the window"
