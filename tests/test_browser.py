"""JupyterLab in a real browser: every notebook is opened, run from the menu, and played with.

Needs Chromium (or Chrome). Without it the tests are skipped, but where CI is set in the
environment they fail. Screenshots of the last run lie in tests/screenshots/.
"""

import re
import shutil
import statistics
import time
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import expect

from sgdcourse import widgets
from tests.lab import IDLE, SECONDS, Lab, assert_no_errors, choose, open_and_run

ROOT = Path(__file__).parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
SCREENSHOTS = Path(__file__).parent / "screenshots"

DEMO = ".sgdcourse-demo"
PICTURE = f"{DEMO} img"


@pytest.fixture(scope="module")
def lab(browser, tmp_path_factory):
    shutil.rmtree(SCREENSHOTS, ignore_errors=True)
    SCREENSHOTS.mkdir()
    lab = Lab(tmp_path_factory.mktemp("lab"))
    lab.start()
    yield lab
    lab.stop()


@pytest.fixture
def page(new_page, lab):
    yield new_page()
    lab.shut_kernels_down()


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook(path, page, lab, report_line):
    """Run it, look at its pictures, move its demos, answer its questions; in light and dark."""
    open_and_run(page, lab, path.name)
    choose(page, "Settings", "Theme", "JupyterLab Light")  # the lab remembers the last one
    assert_no_errors(page)
    assert_pictures_are_described(page)
    for number, demo in enumerate(page.locator(DEMO).all(), start=1):
        play_with(demo)
        report_line(f"{path.stem}: {median_latency(demo):.0f} ms from key to picture (median)")
        demo.screenshot(path=SCREENSHOTS / f"{path.stem[:2]}_demo_{number}.png")
    predict_again(page)
    answer_questions(page)
    assert_readable(page)
    photograph(page, path.stem[:2], "light")
    choose(page, "Settings", "Theme", "JupyterLab Dark")
    expect(page.locator("body[data-jp-theme-light=false]")).to_be_attached()
    assert_readable(page)
    photograph(page, path.stem[:2], "dark")
    assert_no_errors(page)


def test_all_demos_are_in_the_notebooks():
    sources = "".join(path.read_text(encoding="utf-8") for path in NOTEBOOKS)
    shown = set(re.findall(r"widgets\.(\w+)\(", sources))
    assert shown == set(widgets.__all__) - {"Demo"}


# ---- Pictures ------------------------------------------------------------------------------


def accessible_names(page, role):
    """Return the names that the browser tells a screen reader, of everything in this role."""
    tree = page.context.new_cdp_session(page).send("Accessibility.getFullAXTree")
    return [
        node.get("name", {}).get("value", "")
        for node in tree["nodes"]
        if node.get("role", {}).get("value") == role and not node["ignored"]
    ]


def assert_pictures_are_described(page):
    """The screen reader meets every picture, with its words, and none is too wide."""
    pictures = page.locator(".jp-Cell img").all()
    assert pictures
    names = set(accessible_names(page, "image"))
    for picture in pictures:
        alt = picture.get_attribute("alt")
        assert alt in names
        fits = "image => image.clientWidth <= image.closest('.jp-Cell').clientWidth"
        assert picture.evaluate(fits), alt


def assert_readable(page):
    """Our words stand out from their ground as WCAG asks, in this theme."""
    contrasts = page.evaluate(
        """() => {
            const numbers = colour => colour.match(/[\\d.]+/g).map(Number);
            const light = colour => {
                const [r, g, b] = numbers(colour).map(v => v / 255).map(
                    v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
                return 0.2126 * r + 0.7152 * g + 0.0722 * b;
            };
            const ground = element => {
                for (let e = element; e; e = e.parentElement) {
                    const colour = getComputedStyle(e).backgroundColor;
                    if (numbers(colour)[3] !== 0) return colour;
                }
                return "rgb(255, 255, 255)";
            };
            const words = document.querySelectorAll(
                ".jp-OutputArea-output p, .jp-OutputArea-output label, .jp-MarkdownOutput p");
            return [...words].filter(e => e.innerText.trim() && e.offsetParent).map(e => {
                const pair = [light(getComputedStyle(e).color), light(ground(e))];
                const [low, high] = pair.sort((a, b) => a - b);
                return [(high + 0.05) / (low + 0.05), e.innerText.slice(0, 60)];
            });
        }"""
    )
    assert [words for contrast, words in contrasts if contrast < 4.5] == []


def photograph(page, number, theme):
    """Keep pictures of the beginning, and of each part with something to press."""
    places = [page.locator(".jp-Cell").first, *page.locator(f".jp-CodeCell:has({DEMO})").all()]
    places += page.locator(".jp-CodeCell:has(.sgdcourse-options)").all()[-1:]
    for place, cell in enumerate(places):
        cell.scroll_into_view_if_needed()
        page.screenshot(path=SCREENSHOTS / f"{number}_{theme}_{place}.png")


# ---- Demos, by keyboard --------------------------------------------------------------------


def words(demo):
    return demo.locator("p").last.inner_text()


def picture(demo):
    return demo.locator("img").get_attribute("src")


def expect_other(before, now):
    """Wait until `now()` is something else than before."""
    for _ in range(100):
        if now() != before:
            return
        time.sleep(0.05)
    raise AssertionError(f"nothing has changed for 5 seconds: {before[:200]}")


def press(element, key):
    element.focus()
    element.press(key)


def play_with(demo):
    """Move each control by keyboard, and see words and picture follow."""
    demo.scroll_into_view_if_needed()
    assert 'button ""' not in demo.aria_snapshot()
    for handle in demo.locator(".noUi-handle").all():
        keys = ["ArrowRight", "End", "ArrowLeft"]
        if handle.get_attribute("aria-valuenow") == handle.get_attribute("aria-valuemax"):
            keys = ["ArrowLeft", "Home", "ArrowRight"]
        for key, what in zip(keys, [words, picture, words], strict=True):
            before = what(demo)
            press(handle, key)
            expect_other(before, lambda what=what: what(demo))
    for group in demo.locator(".widget-toggle-buttons").all():
        for button in group.locator("button:not(.mod-active)").all():
            before = picture(demo)
            press(button, "Space")
            expect_other(before, lambda: picture(demo))
    for box in demo.locator("input[type=checkbox]").all():
        before = words(demo)
        press(box, "Space")
        expect_other(before, lambda: words(demo))
    buttons = demo.locator(".widget-button:not(.widget-play *)").all()
    assert buttons[-1].inner_text() == "Reset"
    for button in buttons:
        before = words(demo)
        press(button, "Space")
        expect_other(before, lambda: words(demo))
    if demo.locator(".widget-play").count():
        let_it_play(demo)


def let_it_play(demo):
    button = demo.get_by_role("button", name="Play", exact=True)
    before = words(demo)
    press(button, "Space")
    expect_other(before, lambda: words(demo))
    press(demo.get_by_role("button", name="Pause", exact=True), "Space")
    time.sleep(1)
    paused = words(demo)
    time.sleep(2)
    assert words(demo) == paused


# Press a key; the answer: how many milliseconds until the browser has painted another picture.
UNTIL_PAINTED = """
(handle, key) => new Promise((done, fail) => {
    const demo = handle.closest(".sgdcourse-demo");
    const before = demo.querySelector("img").src;
    const start = performance.now();
    const watch = new MutationObserver(() => {
        const image = demo.querySelector("img");
        if (!image || image.src === before) return;
        watch.disconnect();
        image.decode().then(() => requestAnimationFrame(() => done(performance.now() - start)));
    });
    watch.observe(demo, {subtree: true, childList: true, attributes: true});
    handle.focus();
    handle.dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true}));
    setTimeout(() => { watch.disconnect(); done(null); }, 1000);
})"""


def median_latency(demo):
    """Move the first slider to and fro; return the median time to a new picture."""
    handle = demo.locator(".noUi-handle").first
    keys = ["End", "ArrowLeft", "Home", "ArrowRight"] * 6
    times = [handle.evaluate(UNTIL_PAINTED, key) for key in keys]
    times = [milliseconds for milliseconds in times if milliseconds is not None]
    assert len(times) >= 12  # one of 9,375 updates is less than a pixel: the picture stays
    return statistics.median(times)


def write_small_notebook(lab):
    """Write one that shows nothing but a demo; return its name."""
    source = "from sgdcourse import widgets\nwidgets.valley()"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(notebook, lab.folder / "work" / "small.ipynb")
    return "small.ipynb"


def test_fast_dragging_piles_nothing_up(page, lab):
    """After the mouse is let go, the last place is drawn, and no queue of others before it."""
    open_and_run(page, lab, write_small_notebook(lab))
    demo = page.locator(DEMO)
    page.evaluate(
        """() => {
            window.pictures = 0;
            new MutationObserver(changes => { window.pictures += changes.some(change =>
                [...change.addedNodes].some(n => n.querySelector?.("img") || n.tagName === "IMG"));
            }).observe(document.querySelector(".sgdcourse-demo"), {subtree: true, childList: true});
        }"""
    )
    box = demo.locator(".noUi-base").first.bounding_box()
    place = demo.locator(".noUi-handle").first.bounding_box()
    height = place["y"] + place["height"] / 2
    page.mouse.move(place["x"] + place["width"] / 2, height)
    page.mouse.down()
    for share in range(101):
        page.mouse.move(box["x"] + box["width"] * share / 100, height)
    while_dragged = page.evaluate("window.pictures")
    page.mouse.up()
    expect(demo.locator("p").last).to_contain_text("Rate 0.200")
    time.sleep(1)
    afterwards = page.evaluate("window.pictures") - while_dragged
    assert while_dragged >= 1
    assert afterwards <= 2  # the one on its way, and the last place


def test_after_a_restart_the_cell_brings_the_demo_back(page, lab):
    """The controls are dead until then. The words beside each demo say so (test_notebooks)."""
    open_and_run(page, lab, write_small_notebook(lab))
    demo = page.locator(DEMO)
    choose(page, "Kernel", "Restart Kernel…")
    page.locator(".jp-Dialog button", has_text="Restart").click()
    expect(page.get_by_text(IDLE)).to_be_visible(timeout=60 * SECONDS)
    before = words(demo)
    press(demo.locator(".noUi-handle").first, "End")
    time.sleep(1)
    assert words(demo) == before
    choose(page, "Run", "Run All Cells")
    expect(demo.locator("p").last).to_have_text(before, timeout=60 * SECONDS)
    expect(page.get_by_text(IDLE)).to_be_visible(timeout=60 * SECONDS)
    press(demo.locator(".noUi-handle").first, "End")
    expect(demo.locator("p").last).to_contain_text("Rate 0.200")


# ---- Questions, by keyboard ----------------------------------------------------------------


def predict_again(page):
    """Run the cell of the first prediction once more, and commit one without the mouse."""
    form = page.locator(".jp-CodeCell", has_text="Predict:").first
    form.locator(".jp-InputArea-editor").click()
    page.keyboard.press("Control+Enter")
    button = form.get_by_role("button", name="Commit")
    expect(button).to_be_enabled()
    radio, field = form.locator("input[type=radio]"), form.locator("input[type=text]")
    if radio.count():
        press(radio.first, "Space")
    else:
        field.focus()
        field.press_sequentially("100")
    press(button, "Space")
    expect(form.get_by_text("You predicted")).to_be_visible()


def answer_questions(page):
    """Choose an answer to each question and press its button; a verdict appears."""
    buttons = page.locator("button[title*='your answer to question']").all()
    assert buttons
    for button in buttons:
        question = button.locator("xpath=..")
        press(question.locator("input[type=radio]").first, "Space")
        press(button, "Space")
        expect(question.get_by_role("alert")).to_be_visible()


# ---- The search in the questions ------------------------------------------------------------


def open_search(page, lab):
    """Run the first cells of notebook 11, put the focus into the field, and return the box."""
    page.goto(lab.url("11_questions.ipynb"))
    expect(page.get_by_text(IDLE)).to_be_visible(timeout=90 * SECONDS)
    page.locator(".jp-CodeCell .jp-InputArea-editor").first.click()
    for _ in range(3):  # the imports, a text, and the search
        page.keyboard.press("Shift+Enter")
    box = page.locator(".sgdcourse-search")
    expect(box.locator(".jp-RenderedMarkdown li")).to_have_count(33, timeout=90 * SECONDS)
    box.get_by_label("Search").focus()
    return box


def test_search_by_keyboard(page, lab):
    """Type, hear how many match, follow the first link: the question comes into view."""
    box = open_search(page, lab)
    page.keyboard.type("sample weight")
    expect(box.get_by_role("alert")).to_contain_text('match "sample weight"')
    expect(box.locator(".jp-RenderedMarkdown a").first).to_contain_text("17. What does")
    page.screenshot(path=SCREENSHOTS / "11_search.png")
    assert_readable(page)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.innerText") == "Clear"
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    heading = page.locator(".jp-MarkdownCell h3", has_text="17. What does sample_weight")
    expect(heading).to_be_in_viewport()
    box.get_by_label("Search").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Space")  # on Clear
    expect(box.locator(".jp-RenderedMarkdown li")).to_have_count(33)
    expect(box.get_by_label("Search")).to_be_focused()
    page.keyboard.type("zebra")
    expect(box.get_by_role("alert")).to_contain_text('No question has "zebra".')
    assert_no_errors(page)


def test_a_link_of_the_search_opens_the_lesson(page, lab):
    """JupyterLab opens a closed notebook at its top; the second time it goes to the section."""
    box = open_search(page, lab)
    page.keyboard.type("val loss lower")
    # Each letter draws the list anew: a link that has the focus too soon would lose it.
    expect(box.get_by_role("alert")).to_contain_text('"val loss lower"')
    link = box.locator(".jp-RenderedMarkdown a", has_text="05 Why is the validation loss").first
    tabs = page.locator(".lm-DockPanel-tabBar .lm-TabBar-tab")
    link.focus()
    page.keyboard.press("Enter")
    opened = tabs.filter(has_text="05_epochs")
    expect(opened).to_have_class(re.compile("lm-mod-current"), timeout=30 * SECONDS)
    heading = page.locator(".jp-MarkdownCell h2", has_text="Why is the validation loss better")
    expect(heading).to_be_attached()
    tabs.filter(has_text="11_questions").click()
    link.focus()
    page.keyboard.press("Enter")
    expect(heading).to_be_in_viewport()
