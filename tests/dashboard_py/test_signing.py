"""Signing in and out."""
from stage import TOKEN, calm, enter, until


def test_wrong_tokens_are_counted_down_and_the_right_one_opens(stage, browser):
    stage.show("trading", "paper")
    page = browser.look(stage, width=1500, height=948, sign_in=False)
    page.goto(stage.url + "/")
    assert page.url == stage.url + "/login"
    assert page.locator(":focus").get_attribute("id") == "token"
    page.keyboard.type("wrong")
    page.keyboard.press("Enter")
    page.get_by_text("Wrong token. 4 tries left, then a 60 s wait.").wait_for()
    assert page.input_value("#token") == "" and page.locator(":focus").get_attribute("id") == "token"
    browser.shot(page, "login")
    page.keyboard.type(TOKEN)
    page.keyboard.press("Enter")
    page.wait_for_url(stage.url + "/")
    assert TOKEN not in "".join(page.asked)


def test_the_sign_in_shows_the_mode_and_no_account(stage, browser):
    for mode in ["rehearsal", "paper", "live"]:
        stage.show("trading", mode)
        page = browser.look(stage, width=390, height=844, theme="light", sign_in=False)
        page.goto(stage.url + "/login")
        text = page.inner_text("body")
        assert mode.upper() in text and "alphaflow halt" in text, text
        assert page.evaluate("(() => { const mode = document.querySelector('.mode span'); return mode.getBoundingClientRect().height < 46 && document.documentElement.scrollWidth <= innerWidth; })()"), "the mode stands in one line"
        assert page.evaluate("[...document.querySelectorAll('.who *')].every((node) => node.scrollWidth <= node.clientWidth + 1)"), "and is not cut"
        assert "••••" not in text and "4417" not in text and "07F2" not in text, text
        browser.shot(page, f"login-{mode}-390")
        calm(page, stage)


def test_signing_out_ends_the_page_and_who_is_in_is_led_on(stage, browser):
    page = browser.look(stage)
    other = page.context.new_page()
    other.goto(stage.url + "/login")
    other.wait_for_url(stage.url + "/")
    page.click("#leave")
    page.wait_for_url(stage.url + "/login")
    page.get_by_text("Signed out. Trading goes on.").wait_for()
    other.wait_for_url(stage.url + "/login")
    other.get_by_text("Signed out. Trading goes on.").wait_for()
    assert page.context.cookies() == []


def test_no_script_of_the_page_reads_the_cookie_and_no_storage_keeps_a_secret(stage, browser):
    page = browser.look(stage)
    assert page.evaluate("document.cookie") == ""
    kept = page.evaluate("JSON.stringify([localStorage, sessionStorage])")
    assert TOKEN not in kept and "csrf" not in kept, kept
    cookie = page.context.cookies()[0]
    assert cookie["httpOnly"] and cookie["sameSite"] == "Strict" and cookie["value"] not in kept
    calm(page, stage)
    page.context.close()
    again = browser.look(stage, sign_in=False)
    enter(again, stage)
    until(again, "() => document.documentElement.dataset.state === 'trading'")
