"""Every button and dialog: what it asks, what reaches the session, what is said of the outcome."""
from stage import calm, shows, until


def asked(stage, command):
    return stage.wait(lambda news: news.get("asked", {}).get("command") == command)["asked"]


def test_stop_halts_with_one_key_and_one_enter(stage, browser):
    stage.show("trading", "paper")
    page = browser.look(stage)
    shows(page, "trading")
    # Both times are taken inside the page: from the key to the dialog that has focus, from Enter to the word.
    page.evaluate("""() => {
      window.times = {};
      document.addEventListener('keydown', (event) => { window.times[event.key] ??= performance.now(); }, true);
      new MutationObserver(() => {
        if (document.querySelector('[data-dialog=stop]')) requestAnimationFrame(() => { window.times.open ??= performance.now(); });
        if (document.querySelector('[data-dialog=done]')) requestAnimationFrame(() => { window.times.done ??= performance.now(); });
      }).observe(document.getElementById('scrim'), { childList: true, subtree: true });
    }""")
    page.keyboard.press("!")
    assert page.get_attribute(".dialog", "role") == "alertdialog"
    words = page.inner_text(".dialog")
    for part in ["Stop trading on the paper account?", "It survives a restart.", "Cancel 2 resting entries: MSFT, GE", "Keep 5 positions and their stops at Alpaca",
                 "Also sell 5 positions at market, about $46,118", "Makes the open loss real: about −$624", "Reason, for the journal (optional)"]:
        assert part in words, (part, words)
    assert page.locator(":focus").inner_text() == "Halt now Enter"
    browser.shot(page, "stop-paper")
    page.keyboard.press("Enter")
    stop = stage.wait(lambda news: "stop" in news)["stop"]
    assert (stop["flatten"], stop["reason"], stop["by"]) == (False, None, {"person": "dashboard"}), stop
    page.get_by_role("heading", name="Halted").wait_for()
    assert "✓\nLatched on disk, entries refused." in page.inner_text(".dialog")
    browser.shot(page, "stop-done")
    times = page.evaluate("window.times")
    print(f"stop: dialog {times['open'] - times['!']:.0f} ms after the key, acknowledged {times['done'] - times['Enter']:.0f} ms after Enter")
    page.keyboard.press("Enter")
    shows(page, "halted")
    calm(page, stage)


def test_flattening_is_a_second_choice_and_renames_the_button(stage, browser):
    stage.show("trading", "live")
    page = browser.look(stage, theme="light")
    page.click("#stop")
    page.get_by_text("Stop trading real money?").wait_for()
    assert "Account ••••4417." in page.inner_text(".dialog")
    page.check("[value=flatten]")
    page.fill("#reason", "<b>odd</b> fills")
    assert page.inner_text(".dialog button.red") == "Halt and sell 5 positions Enter"
    browser.shot(page, "stop-live-flatten")
    page.click(".dialog button.red")
    stop = stage.wait(lambda news: "stop" in news)["stop"]
    assert (stop["flatten"], stop["reason"]) == (True, "<b>odd</b> fills")
    assert asked(stage, "halt")["flatten"] is True


def test_the_market_being_shut_is_said_before_it_is_sold_into(stage, browser):
    stage.show("closed", "paper")
    page = browser.look(stage)
    until(page, "() => document.getElementById('hours').textContent.startsWith('Market closed')")
    assert "opens Wed 09:30 ET" in page.inner_text("#hours")
    assert page.locator("#rows td.age.old").count() == 0, "a close is not a price that is late"
    page.keyboard.press("!")
    assert "Market is closed: sells at the next open, Wed 09:30 ET" in page.inner_text(".dialog")


def test_leaving_a_dialog_does_nothing_and_gives_the_focus_back(stage, browser):
    page = browser.look(stage)
    page.locator("#rows tr >> nth=2 >> .act").click()
    dialog = page.inner_text(".dialog h2")
    assert dialog == "Sell 196 AIG at market, about $9,381?", dialog
    browser.shot(page, "close")
    page.keyboard.press("Escape")
    assert page.is_hidden("#scrim")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Close AIG…"
    page.click("#stop")
    page.click("text=Keep trading")
    assert page.evaluate("document.activeElement.id") == "stop"
    assert not any("asked" in news or "stop" in news for news in stage.said), stage.said


def test_closing_a_position(stage, browser):
    page = browser.look(stage)
    page.locator("#rows tr", has_text="IBM").locator(".act").click()
    page.click("text=Sell 52 IBM Enter")
    found = asked(stage, "close")
    assert (found["strategy"], found["symbol"], found["by"]) == ("ma_crossover", "IBM", "dashboard")
    page.get_by_text("IBM leaves at market.").wait_for()
    assert page.inner_text(".dialog h2") == "Selling 52 IBM"


def test_canceling_an_entry_and_no_protective_order(stage, browser):
    page = browser.look(stage)
    buttons = page.locator("#order-rows .act:visible")
    assert buttons.count() == 2
    assert page.locator("#order-rows li", has_text="protects").locator(".act:visible").count() == 0
    page.locator("#order-rows li", has_text="MSFT").locator(".act").click()
    page.get_by_text("Cancel MSFT buy 278 limit 33.12?").wait_for()
    browser.shot(page, "cancel")
    page.get_by_role("button", name="Cancel order").click()
    assert asked(stage, "cancel")["order"] == 95
    page.get_by_text("Order 95 is being canceled.").wait_for()
    assert page.inner_text(".dialog h2") == "Canceling MSFT buy 278 limit 33.12"


def test_a_dialog_follows_the_session_and_lets_go_of_what_is_gone(stage, browser):
    page = browser.look(stage)
    page.locator("#rows tr", has_text="IBM").locator(".act").click()
    assert page.inner_text(".dialog h2") == "Sell 52 IBM at market, about $9,316?"
    stage.show("many", "paper")
    stage.show("leaving", "paper")
    until(page, "() => document.querySelector('.dialog h2').textContent === 'IBM is not held any more'")
    assert page.is_disabled(".dialog button.primary") and page.locator(":focus").inner_text() == "Keep position Esc"
    browser.shot(page, "close-gone")
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.id") == "positions", "the row that had the focus is gone"
    page.keyboard.press("!")
    assert "Keep 1 position and its stop" in page.inner_text(".dialog")
    stage.show("trading", "paper")
    until(page, "() => document.querySelector('.dialog').textContent.includes('Keep 5 positions and their stops')")
    assert page.locator(":focus").inner_text() == "Halt now Enter"


def test_stopping_what_is_halted_offers_what_is_left(stage, browser):
    stage.show("halted", "paper")
    page = browser.look(stage)
    shows(page, "halted")
    page.keyboard.press("!")
    words = page.inner_text(".dialog")
    assert "Trading is halted already" in words and "Already halted since 14:47:19;" in words and "Halt now" not in words, words
    assert page.locator(":focus").inner_text() == "Stay halted Esc", "Enter sells nothing"
    browser.shot(page, "stop-halted")
    page.get_by_role("button", name="Sell 5 positions").click()
    assert stage.wait(lambda news: "stop" in news)["stop"]["flatten"] is True
    stage.show("daily_loss", "paper")
    page.keyboard.press("Escape")
    until(page, "() => document.querySelector('#bar').textContent.startsWith('Halted by daily loss')")
    page.keyboard.press("!")
    assert "Halt now" in page.inner_text(".dialog"), "a limit's halt ends by itself, and this one does not"


def test_resuming_needs_a_reason_and_where_money_is_real_the_account(stage, browser):
    stage.show("halting", "live")
    page = browser.look(stage)
    shows(page, "halted")
    page.get_by_role("button", name="Resume…").click()
    words = page.inner_text(".dialog")
    for part in ["Resume trading real money?", "Halted by you at 14:47:19.", "▲ Not done yet: GE not canceled yet", "Now: 5 positions, 7 orders at Alpaca, today −$616.31."]:
        assert part in words, (part, words)
    browser.shot(page, "resume-live")
    page.keyboard.press("Enter")
    assert not any("asked" in news for news in stage.said), "without a reason nothing is sent"
    page.fill("#reason", "the feed is back")
    page.fill("#tail", "4418")
    page.keyboard.press("Enter")
    page.get_by_text("the last four characters of the account are not these").wait_for()
    page.fill("#tail", "4417")
    page.keyboard.press("Enter")
    assert asked(stage, "resume")["reason"] == "the feed is back"
    page.get_by_text("Trading goes on.").wait_for()
    assert page.inner_text(".dialog h2") == "Trading resumed"
    page.keyboard.press("Enter")
    shows(page, "trading")


def test_flattening_a_halted_session(stage, browser):
    stage.show("halted", "paper")
    page = browser.look(stage)
    shows(page, "halted")
    page.get_by_role("button", name="Flatten 5 positions…").click()
    page.get_by_text("52 IBM, 54 SPY, 196 AIG, 118 QQQ, 230 WM").wait_for()
    browser.shot(page, "flatten")
    page.get_by_role("button", name="Sell 5 positions").click()
    asked(stage, "flatten")
    page.get_by_role("heading", name="Selling 5 positions").wait_for()


def test_a_session_that_does_not_answer_is_told_so_in_the_dialog(stage, browser):
    page = browser.look(stage)
    stage.tell("session off")
    page.locator("#rows tr", has_text="WM").locator(".act").click()
    page.click("text=Sell 230 WM Enter")
    page.get_by_text("the session did not answer within 5 s and may still do it").wait_for()
    assert page.is_enabled(".dialog button.primary")
    page.keyboard.press("Escape")
    page.keyboard.press("!")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Halted").wait_for()


def test_events_are_filtered_by_words(stage, browser):
    page = browser.look(stage)
    page.fill("#events-filter", "refused gs")
    assert page.locator("#event-rows li").count() == 1 and page.inner_text("#events-note") == "1 of 6"
    page.fill("#events-filter", "nothing like it")
    assert page.inner_text("#events-empty") == "No event matches nothing like it. Clear the filter."
    page.fill("#events-filter", "")
    assert page.locator("#event-rows li").count() == 6


def test_limits_show_the_nearest_and_on_demand_all(stage, browser):
    page = browser.look(stage)
    assert page.locator("#limit-rows > div").count() == 6
    meter = page.locator("#limit-rows .gauge >> nth=3")
    assert meter.get_attribute("role") == "meter" and meter.get_attribute("aria-valuetext") == "35.5% of 38%, near"
    assert page.locator("#limit-rows > div >> nth=3").get_attribute("title") == "ma_crossover, SPY, QQQ, IBM"
    page.click("#limits-all")
    assert page.locator("#limit-rows > div").count() == 7


def test_the_chart_follows_the_row_and_is_a_table_on_demand(stage, browser):
    page = browser.look(stage)
    until(page, "() => document.querySelector('#plot svg')?.getAttribute('aria-label')?.startsWith('IBM')")
    page.locator("#rows tr", has_text="SPY").click()
    until(page, "() => document.querySelector('#plot svg')?.getAttribute('aria-label')?.startsWith('SPY')")
    assert page.inner_text("#chart-h") == "SPY today, 1 min"
    svg = page.inner_text("#plot") or page.evaluate("document.querySelector('#plot').textContent")
    assert "bought 54 at 166.29, 13:31" in svg and "stop 164.62 resting, −0.7% away, risks $63.72" in svg, svg
    assert page.locator("#plot .m-entry").count() == 1 and page.locator("#plot .bar-line").count() == 317
    browser.shot(page, "chart-spy")
    page.hover("#plot", position={"x": 300, "y": 100})
    assert "open " in page.inner_text("#chart-note") and page.locator("#plot .cross").count() == 1
    page.click("#chart-as")
    assert page.locator("#plot-table tbody tr").count() == 317
    assert page.inner_text("#plot-table .levels").startswith("bought 54 at 166.29, 13:31; stop 164.62 resting, ")
    assert page.locator("#plot-table td.fills:not(:empty)").all_inner_texts() == ["bought 54 at 166.29, 13:31:02, entry"]
    page.click("#chart-as")
    assert page.is_visible("#plot")


def test_copied_numbers_have_a_minus_that_a_spreadsheet_reads(stage, browser):
    page = browser.look(stage)
    copied = page.evaluate("""() => {
      getSelection().selectAllChildren(document.querySelector('#f-today .num'));
      const data = new DataTransfer();
      document.dispatchEvent(new ClipboardEvent('copy', { clipboardData: data, bubbles: true, cancelable: true }));
      return data.getData('text/plain');
    }""")
    assert copied == "-$616.31", copied
