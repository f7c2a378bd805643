"""By keyboard alone: reach, see the focus, act, leave, and land where one was."""
from stage import shows, until

FOCUS = "document.activeElement.id || document.activeElement.getAttribute('aria-label') || document.activeElement.textContent.trim().slice(0, 30)"


def test_everything_is_reached_by_tab_and_shows_its_focus(stage, browser):
    stage.show("halted", "paper")
    page = browser.look(stage)
    shows(page, "halted")
    page.evaluate("document.body.focus()")
    seen, ringless = [], []
    for _ in range(60):
        page.keyboard.press("Tab")
        name = page.evaluate(FOCUS)
        if name in seen and name == seen[0]:
            break
        seen.append(name)
        style = page.evaluate("(() => { const s = getComputedStyle(document.activeElement); return [s.outlineStyle, parseFloat(s.outlineWidth)]; })()")
        if page.evaluate("document.activeElement !== document.body") and not (style[0] != "none" and style[1] >= 2):
            ringless.append((name, style))
    assert ringless == [], ringless
    for wanted in ["Skip to positions", "stop", "Flatten 5 positions…", "Resume…", "Close IBM…", "chart-as", "plot", "events-filter", "limits-all", "theme", "help", "leave"]:
        assert wanted in seen, (wanted, seen)


def test_rows_panels_and_theme_by_single_keys(stage, browser):
    page = browser.look(stage)
    until(page, "() => document.querySelectorAll('#rows tr').length === 5")
    rows = lambda: page.evaluate("[...document.querySelectorAll('#rows tr')].indexOf(document.activeElement)")
    page.keyboard.press("j")
    page.keyboard.press("j")
    assert rows() == 1
    page.keyboard.press("Enter")
    assert page.inner_text("#chart-h").startswith("SPY today")
    page.keyboard.press("k")
    assert rows() == 0
    page.keyboard.press("x")
    assert page.inner_text(".dialog h2") == "Sell 52 IBM at market, about $9,316?"
    page.keyboard.press("Escape")
    assert rows() == 0, "the focus is where it was"
    for key, panel in zip("123456", ["positions", "chart", "events", "limits", "orders", "refusals"]):
        page.keyboard.press(key)
        assert page.evaluate("document.activeElement.id") == panel
    before = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.keyboard.press("d")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != before
    page.reload()
    until(page, "() => document.documentElement.dataset.theme === 'light'")


def test_keys_are_text_in_a_field_and_can_be_switched_off(stage, browser):
    page = browser.look(stage)
    page.focus("#events-filter")
    page.keyboard.type("xd?1")
    assert page.input_value("#events-filter") == "xd?1" and page.is_hidden("#scrim")
    page.keyboard.press("!")
    assert page.get_attribute(".dialog", "data-dialog") == "stop" and page.input_value("#events-filter") == "xd?1", "not so the stop's"
    page.fill("#reason", "")
    page.focus("#reason")
    page.keyboard.type("odd!")
    assert page.input_value("#reason") == "odd!", "a reason may have it"
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.id") == "events-filter"
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("?")
    page.get_by_text("Emergency stop, from the filter of the events too").wait_for()
    browser.shot(page, "keys")
    page.uncheck(".switch input")
    page.keyboard.press("Escape")
    page.keyboard.press("x")
    page.keyboard.press("?")
    assert page.is_hidden("#scrim")
    page.keyboard.press("!")
    assert page.get_attribute(".dialog", "data-dialog") == "stop", "the stop's key always works"


def test_a_dialog_keeps_the_focus_and_hides_the_rest_but_not_the_stop(stage, browser):
    page = browser.look(stage)
    page.locator("#rows tr >> nth=0 >> .act").click()
    names = set()
    for _ in range(8):
        page.keyboard.press("Tab")
        names.add(page.evaluate("document.activeElement.closest('.dialog') ? 'in' : document.activeElement.id"))
    assert names == {"in"}, names
    for _ in range(8):
        page.keyboard.press("Shift+Tab")
        assert page.evaluate("!!document.activeElement.closest('.dialog')")
    assert page.evaluate("document.getElementById('rest').inert")
    page.keyboard.press("!")
    assert page.get_attribute(".dialog", "data-dialog") == "stop", "the stop takes the place of another dialog"
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')").startswith("Close")


def test_the_chart_is_read_with_arrows(stage, browser):
    page = browser.look(stage)
    until(page, "() => document.querySelectorAll('#plot .bar-line').length === 317")
    page.focus("#plot")
    page.keyboard.press("End")
    last = page.inner_text("#chart-note")
    page.keyboard.press("ArrowLeft")
    assert last.startswith("14:46") and page.inner_text("#chart-note").startswith("14:45"), (last, page.inner_text("#chart-note"))


def test_names_roles_and_headings(stage, browser):
    page = browser.look(stage)
    until(page, "() => document.querySelectorAll('#rows tr').length === 5")
    unnamed = page.evaluate("""() => [...document.querySelectorAll('button, input, section, nav, [role=img], [role=meter]')].filter((node) =>
      node.getClientRects().length && !(node.getAttribute('aria-label') || node.getAttribute('aria-labelledby') || node.textContent.trim() || node.labels?.length)).map((node) => node.outerHTML.slice(0, 80))""")
    assert unnamed == [], unnamed
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map((node) => node.id)")
    assert len(ids) == len(set(ids))
    assert page.locator("main").count() == 1 and page.get_attribute("html", "lang") == "en"
    assert page.evaluate("[...document.querySelectorAll('th')].every((node) => node.scope === 'col')")
    assert page.locator("#positions-table caption").count() == 1
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.url.endswith("#positions")
