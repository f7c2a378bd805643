"""Every state in every mode: what is said first, what is coloured, what ties."""
import re

from stage import calm, shows, until

DRAWN = {"prices_old": "old"}
STATES = {
    "trading": "trading", "empty": "trading", "starting": "starting", "halted": "halted", "halting": "halted",
    "daily_loss": "halted", "old": "prices_old", "closed": "trading", "leaving": "trading", "before": "halted", "sold": "trading", "uneven": "trading", "books": "trading", "foreign": "trading",
    "many": "trading", "hostile": "halted",
}


def text(page, selector):
    return page.inner_text(selector)


def test_each_state_is_drawn_without_a_complaint_in_each_mode_and_theme(stage, browser):
    for mode in ["rehearsal", "paper", "live"]:
        stage.show("trading", mode)
        page = browser.look(stage, theme="light" if mode == "rehearsal" else "dark")
        for name, state in STATES.items():
            stage.show(name, mode)
            shows(page, state)
            until(page, "(row) => document.querySelectorAll('#rows tr').length === row", {"empty": 0, "starting": 0, "sold": 0, "leaving": 1, "uneven": 1, "many": 20}.get(name, 5))
            page.wait_for_timeout(300)
            browser.shot(page, f"{name}-{mode}")
            words = text(page, "body")
            assert not re.search(r"NaN|undefined|null|Infinity|−\$?0\.00|\$-|−0\.0%", words.replace("nullable", "")), (name, words)
            assert page.title().startswith(mode.upper()), page.title()
        calm(page, stage)


def test_the_band_says_mode_state_and_hours(stage, browser):
    expected = {"rehearsal": ("No money, replayed market", "Built-in exchange, 60× speed"), "paper": ("Simulated money", "Alpaca paper, account ••••07F2"),
                "live": ("REAL MONEY", "Alpaca live, account ••••4417")}
    for mode, (money, venue) in expected.items():
        stage.show("trading", mode)
        page = browser.look(stage, theme="light")
        band = text(page, "#band")
        for part in [mode.upper(), money, venue, "● Trading", "4 strategies", "Market open, closes in 1 h 12 min", "Tue 8 Oct 14:47:"]:
            assert part in band, (part, band)
        assert page.get_attribute("link[rel=icon]", "href") == f"/assets/{mode}.svg"
        edge = page.evaluate("getComputedStyle(document.body, '::after').borderTopColor")
        assert (edge == "rgb(195, 17, 45)") == (mode == "live"), edge
        browser.shot(page, f"trading-{mode}-light")
    assert page.title() == "LIVE −$616 AlphaFlow"


def test_red_is_for_real_money_and_for_stopping_alone(stage, browser):
    """Every colour of the page is read: red ones belong to the band, the frame, the stop or the lost bar."""
    script = """() => [...document.querySelectorAll('body *')].filter((node) => {
      if (!node.getClientRects().length || node.closest('#stop')) return false;
      const style = getComputedStyle(node);
      return [style.color, style.backgroundColor, style.fill].some((color) => {
        const [r, g, b] = (color.match(/\\d+/g) || [0, 0, 0]).map(Number);
        return r > 140 && g < 60 && b < 90;
      });
    }).map((node) => node.tagName + '.' + node.className)"""
    for name in ["trading", "halted", "old", "many"]:
        stage.show(name, "paper")
        page = browser.look(stage)
        shows(page, STATES[name])
        assert page.evaluate(script) == [], name
        loss = page.evaluate("getComputedStyle(document.querySelector('#f-today .num')).color")
        assert name in ("old", "many") or loss == "rgb(255, 158, 97)", loss


def test_the_sums_tie_to_the_cent_or_it_is_said(stage, browser):
    page = browser.look(stage)
    cents = lambda words: round(float(words.replace("−", "-").replace("+", "").replace("$", "").replace(",", "")) * 100)
    for column, figure in [("today", "#f-today .num"), ("pnl", "#f-pnl .num")]:
        rows = page.locator(f"#rows td.{column}").all_inner_texts()
        if column == "today":
            rows += page.locator("#closed td.today").all_inner_texts()
        total = text(page, f"#total td.{column}")
        assert sum(map(cents, rows)) == cents(total) == cents(text(page, figure)), (rows, total)
    assert page.is_hidden("#untied")
    books = page.locator("#strategy-rows .today").all_inner_texts()
    assert sum(map(cents, books)) == cents(text(page, "#f-today .num"))
    assert text(page, "#strategies-note") == "books add up to the account"
    stage.show("books", "paper")
    page.locator("#untied").wait_for()
    assert text(page, "#untied") == "▲ Positions and what was closed make −$616.31; the account says −$610.00. The difference is +$6.31."
    assert "books make" in text(page, "#strategies-note")


def test_old_prices_lose_their_colour_and_count_up(stage, browser):
    stage.show("old", "paper")
    page = browser.look(stage)
    shows(page, "prices_old")
    bar = text(page, "#bar")
    assert re.match(r"▲ Prices are 4\d s old\. Entries are refused until a price at most 5 s late arrives\.", bar), bar
    grey = "rgb(136, 148, 161)"
    for selector in ["#f-equity .num", "#f-today .num", "#rows td.last .num", "#rows td.pnl .num", "#total td.today span", "#limit-rows .num", "#strategy-rows .today span"]:
        style = page.evaluate("(at) => { const s = getComputedStyle(document.querySelector(at)); return [s.color, s.borderBottomStyle]; }", selector)
        assert style == [grey, "dotted"], (selector, style)
    realised = page.evaluate("getComputedStyle(document.querySelector('#closed td.today')).color")
    assert realised != grey, "what is realised stays"
    assert page.evaluate("getComputedStyle(document.querySelector('#f-power .num')).color") != grey
    first = text(page, "#f-equity .age")
    page.wait_for_timeout(1600)
    assert text(page, "#f-equity .age") > first, "the age counts up"
    page.click("text=Reconnect now")
    stage.wait(lambda news: news.get("asked", {}).get("command") == "reconnect")


def test_a_single_price_that_is_late_looks_late_alone(stage, browser):
    stage.show("many", "paper")
    page = browser.look(stage)
    until(page, "() => document.querySelectorAll('#rows tr').length === 20")
    assert page.locator("#rows td.age.old").count() == 0
    assert text(page, "#rows tr:has-text('OPEN') td.last") == "n/a"
    assert text(page, "#rows tr:has-text('TINY') td.last") == "0.0040"
    assert text(page, "#rows tr:has-text('TINY') td.shares") == "250,000.123456789"
    assert text(page, "#rows tr:has-text('TINY') td.today") == "$0.00", "what rounds to zero has no sign"
    assert text(page, "#f-equity .num") == "$123,456,789.99"
    assert text(page, "#f-today .num") == "n/a" and text(page, "#f-today small") == ""
    assert text(page, "#total td.today") == "n/a", "a sum with an unknown part is unknown"


def test_a_lost_engine_makes_everything_old_and_the_stop_stays(stage, browser):
    stage.show("trading", "live")
    page = browser.look(stage)
    shows(page, "trading")
    stage.tell("silence on")
    shows(page, "lost")
    page.wait_for_timeout(600)
    browser.shot(page, "lost-live")
    assert re.match(r"No answer from the engine for \d", text(page, "#bar")) and "alphaflow halt" in text(page, "#bar")
    assert "? Unknown" in text(page, "#band") and page.title() == "LIVE ? AlphaFlow"
    old = page.evaluate("[...document.querySelectorAll('.figure .num')].every((node) => node.classList.contains('old'))")
    assert old and page.locator("#rows td.age.old").count() == 5
    assert page.locator("#rows .act:enabled").count() == 0 and page.locator("#order-rows .act:visible:enabled").count() == 0
    assert page.is_enabled("#stop")
    page.keyboard.press("!")
    page.get_by_text("The stop does not need the engine to answer.").wait_for()
    page.keyboard.press("Enter")
    assert stage.wait(lambda news: "stop" in news)["stop"]["flatten"] is False
    page.get_by_role("heading", name="Halted").wait_for()
    page.keyboard.press("Enter")
    stage.tell("silence off")
    shows(page, "halted")
    calm(page, stage)


def test_a_dashboard_that_has_gone_looks_gone_and_one_that_is_back_is_found(stage, browser):
    page = browser.look(stage)
    shows(page, "trading")
    page.context.set_offline(True)
    stage.process.stdin.close()
    stage.process.wait(5)
    until(page, "() => document.documentElement.dataset.state === 'lost'", seconds=12)
    browser.shot(page, "gone")
    page.keyboard.press("!")
    page.keyboard.press("Enter")
    page.get_by_text("No answer. Trying again").wait_for()
    browser.shot(page, "stop-tries")


def test_a_halt_says_who_when_why_and_what_it_did(stage, browser):
    stage.show("halting", "paper")
    page = browser.look(stage)
    shows(page, "halted")
    bar = text(page, "#bar")
    assert bar.startswith("Halted by you at 14:47:19. Nothing that adds exposure passes. 5 protective stops rest at the venue. It holds until someone resumes it. Reason given: “odd fills in AIG”."), bar
    assert page.get_attribute("#bar", "role") == "alert"
    assert page.locator("#halt-steps li").count() == 4 and page.locator("#halt-steps .open").count() == 1
    assert "1 not done yet" in text(page, "#halt-did-note")
    stage.show("daily_loss", "paper")
    until(page, "() => document.querySelector('#bar').textContent.startsWith('Halted by daily loss at 11:02:40. ')")
    assert text(page, "#bar").startswith("Halted by daily loss at 11:02:40. −2.04%, limit −2.00%. Nothing that adds exposure passes."), text(page, "#bar")
    assert "Clears at the next open, Wed 09:30 ET." in text(page, "#bar")
    assert page.is_hidden("#halt-did"), "a limit's halt has no work to report"


def test_a_halt_of_before_is_not_told_as_one_of_now(stage, browser):
    stage.show("before", "rehearsal")
    page = browser.look(stage)
    shows(page, "halted")
    assert text(page, "#bar").startswith("Halted by you on 2013-10-04 at 11:30:10 ET, before this session began. "), text(page, "#bar")
    assert text(page, "#halt-did-note") == "by the session before this one, at its venue"


def test_a_session_that_has_ended_is_seen_to_and_is_asked_no_more(stage, browser):
    page = browser.look(stage)
    shows(page, "trading")
    stage.show("stopped", "paper")
    shows(page, "stopped")
    said = "The session has ended in good order; 5 positions and their stops stay at the venue. Nothing here changes any more."
    assert text(page, "#bar") == said, text(page, "#bar")
    assert "□ Stopped" in text(page, "#band")
    asked, clock, age = len(page.asked), text(page, "#clock"), text(page, "#f-equity .age")
    stage.process.stdin.close()
    stage.process.wait(5)
    page.wait_for_timeout(7000)
    assert page.get_attribute("html", "data-state") == "stopped" and text(page, "#bar") == said, "five seconds of silence are no loss"
    assert (len(page.asked), text(page, "#clock"), text(page, "#f-equity .age")) == (asked, clock, age), page.asked[asked:]
    assert page.locator("#rows .act:enabled").count() == 0 and page.locator("#order-rows .act:visible:enabled").count() == 0
    browser.shot(page, "stopped")
    page.keyboard.press("!")
    assert "It trades no more, and this page reaches nobody." in text(page, ".dialog")


def test_an_exit_is_no_entry_and_has_no_cancel(stage, browser):
    stage.show("leaving", "paper")
    page = browser.look(stage)
    until(page, "() => document.querySelectorAll('#order-rows li').length === 2")
    rows = page.locator("#order-rows li").all_inner_texts()
    assert rows[0].split("\n")[:3] == ["SPY", "sell 54 market", "exit"] and "protects" in rows[1], rows
    assert page.locator("#order-rows .act:visible").count() == 0
    assert "▽ exit" in text(page, "#event-rows li >> nth=0") and "▲ filled" in text(page, "#event-rows")
    page.keyboard.press("!")
    words = text(page, ".dialog")
    assert "No entry rests" in words and "Keep 1 position and its stop at Alpaca" in words, words


def test_buying_power_of_before_a_fill_looks_old(stage, browser):
    stage.show("leaving", "paper")
    page = browser.look(stage)
    until(page, "() => document.querySelector('#f-power .num').classList.contains('old')")
    assert text(page, "#f-power .age").startswith("▲ ") and text(page, "#f-power .more") == "from before the last fill"
    stage.show("trading", "paper")
    until(page, "() => !document.querySelector('#f-power .num').classList.contains('old')")


def test_today_is_measured_against_starting_cash_on_the_first_day(stage, browser):
    page = browser.look(stage)
    assert text(page, "#f-equity .more") == "yesterday’s close $104,218.37"
    stage.show("empty", "paper")
    until(page, "() => document.querySelector('#f-equity .more').textContent === 'starting cash $100,000.00'")


def test_parts_make_their_total_to_the_cent(stage, browser):
    stage.show("uneven", "paper")
    page = browser.look(stage)
    until(page, "() => document.querySelectorAll('#rows tr').length === 1")
    assert text(page, "#rows td.today") == "−$2.93" and text(page, "#closed td.today") == "−$153.84"
    assert text(page, "#total td.today") == text(page, "#f-today .num") == "−$156.77"
    assert page.locator("#strategy-rows .today").all_inner_texts() == ["−$153.84", "−$2.93"]
    sums = page.evaluate("""async () => {
      const f = await import('/assets/format.js');
      const said = (parts) => f.tied(parts.map(f.units)).map((one) => f.usd(one, 2, true)).join(' ');
      return [said(['0.004', '0.004', '0.004']), said(['-0.004', '-0.004', '1', '-0.004']), said(['12.5', '-7.25']), said([]), f.tied([null, 1n]).length];
    }""")
    assert sums == ["+$0.01 $0.00 $0.00", "$0.00 $0.00 +$1.00 −$0.01", "+$12.50 −$7.25", "", 2], sums


def test_what_is_not_ours_is_said_until_it_is_seen(stage, browser):
    stage.show("foreign", "paper")
    page = browser.look(stage)
    page.get_by_text("▲ Not ours. Alpaca reports 10 shares of TSLA that this session did not buy.").wait_for()
    page.click("text=Seen")
    assert page.is_hidden("#bar")


def test_empty_says_what_is_absent_and_when_it_can_come(stage, browser):
    stage.show("empty", "rehearsal")
    page = browser.look(stage, theme="light")
    until(page, "() => document.querySelectorAll('#rows tr').length === 0")
    assert text(page, "#positions-empty") == "No position.\n4 strategies run. An entry can come when the next bar closes."
    for selector, words in [("#orders-empty", "No order resting."), ("#refusals-empty", "Nothing refused."), ("#f-today .num", "$0.00")]:
        assert text(page, selector) == words
    assert text(page, "#orders-h") == "Orders at the exchange"


def test_harmful_text_is_text(stage, browser):
    stage.show("hostile", "live")
    page = browser.look(stage)
    shows(page, "halted")
    page.wait_for_timeout(500)
    assert page.title().startswith("LIVE") and "owned" not in page.title()
    assert page.locator("#main img, #main script, #bar img, #main b b").count() == 0
    page.click("#rows tr >> nth=0")
    page.keyboard.press("!")
    page.keyboard.press("Escape")
    page.fill("#events-filter", "<b>")
    assert page.locator("#event-rows li").count() >= 1
    page.fill("#events-filter", "")
    # Names that every object of a script has are names like any other, and change no object.
    words = page.inner_text("body")
    assert "\u202e" not in words and "\ufffdesrever" in words, "no text turns the direction of what stands beside it"
    assert "__proto__" in words and "native code" not in words and "[object" not in words, words
    assert page.evaluate("Object.keys(Object.prototype).length === 0 && ({}).state === undefined && [].flatten === undefined")
    calm(page, stage)
