"""The slides: what the rules make of cells, and every deck in a real browser without a network."""

import hashlib
import re
import subprocess
import sys
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tools import make_slides
from tools.section_minutes import minutes_of_notebook

ROOT = Path(__file__).parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
VENDOR = {
    "mathjax/LICENSE": "cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30",
    "mathjax/tex-svg.js": "d4295dc33744836935c1399feece5159577b34c5c8ffb9f1c6324cd82e03a882",
    "reveal/LICENSE": "34014800f4126ac2525e224166f099f26628612e95c41f76d70841b63138c989",
    "reveal/dist/reveal.css": "68f915a11ebf7203c0446576b7e952ff61c5dd02134a8a226ffaf62ed42136d2",
    "reveal/dist/reveal.js": "46538b52db48724192f59bf46f5e851a18e302777c46f4a34c32709d010d6a29",
    "reveal/plugin/notes/notes.js": (
        "df1201d19d03241a2897d39c3d38768177df1cbd4bde06327b321cb83461ae89"
    ),
}
LOWEST = 684  # px: the slide number stands below
SMALLEST_LETTER = 16  # px
ENOUGH_CONTRAST = 4.5
PER_MINUTE = 0.3, 1.0  # how many slides for a minute of the notebook
OF_THE_QUESTIONS = 0.5, 2.0  # of notebook 11: a slide for each question, some lines each


def text(source, slide_type=None):
    metadata = {"slideshow": {"slide_type": slide_type}} if slide_type else {}
    return new_markdown_cell(source, metadata=metadata)


def code(source, *outputs, printed=None, result=None):
    outputs = list(outputs)
    if printed is not None:
        outputs.append(new_output("stream", name="stdout", text=printed))
    if result is not None:
        outputs.append(new_output("execute_result", data={"text/plain": result}))
    return new_code_cell(source, outputs=outputs)


def figure(alt):
    html = f'<figure><img alt="{alt}" style="width: 9px" src="data:image/png;base64,AA=="></figure>'
    return new_output("execute_result", data={"text/html": html, "text/plain": alt})


def made_of(*cells):
    """Return the slides as lists of (kind, text)."""
    slides = make_slides.make_deck(new_notebook(cells=list(cells)), "01")
    return [[(piece.kind, piece.text) for piece in slide.pieces] for slide in slides]


# ---- The rules -----------------------------------------------------------------------------


def test_a_heading_begins_a_slide():
    cells = [text("# Title"), text("## Here\n\nThis is a sentence. More.\n\n### Below\n\nOn.")]
    slides = make_slides.make_deck(new_notebook(cells=cells), "01")
    levels = [(slide.level, slide.heading) for slide in slides]
    assert levels == [("slide", "Title"), ("slide", "Here"), ("subslide", "Below")]
    assert slides[1].pieces[1].text == "This is a sentence. More."
    assert slides[1].notes == ["This is a sentence. More."]


def test_of_a_run_the_first_and_the_last_paragraph_are_shown():
    run = text("## A\n\nHere is one. Two.\n\nHere is three. Four.\n\nHere is five. Six.")
    [slide] = made_of(run, code("f()", printed="1\n"))
    assert slide[1:3] == [("lead", "Here is one."), ("lead", "Here is five.")]


def test_a_slide_of_words_alone_shows_whole_paragraphs():
    long = "Here is five. " + "And so on, for many words. " * 30
    [slide] = made_of(text(f"## A\n\nHere is one.\nTwo.\n\nHere is three. Four.\n\n{long}"))
    assert slide[1:] == [("lead", "Here is one. Two."), ("lead", "Here is five.")]


@pytest.mark.parametrize(
    "paragraph, sentence",
    [
        ("Only one", "Only one"),
        ("Take `a. B` and $x. Y$ away. Then stop.", "Take `a. B` and $x. Y$ away."),
        ("In brackets (one. Two) it goes on. Then stop.", "In brackets (one. Two) it goes on."),
        ("**Check yourself.** Can you say it? Do.", "**Check yourself.** Can you say it?"),
        ("Yes. In every epoch. Then stop.", "Yes. In every epoch."),
        ("It is 0.5 here. Then stop.", "It is 0.5 here."),
    ],
)
def test_first_sentence(paragraph, sentence):
    assert make_slides.first_sentence(paragraph) == sentence


def test_what_an_output_says_stays_with_it():
    slides = made_of(
        text("## A\n\nLead."), code("f()", printed="1\n"), text("It is 1. Yes.\n\nNow the next.")
    )
    assert slides[0][-2:] == [("output", "```text\n1\n```"), ("takeaway", "It is 1.")]
    assert slides[1] == [("where", "A"), ("lead", "Now the next.")]


def test_text_in_the_next_cell_leads_on_as_in_the_same_cell():
    cells = [text("## A"), code("f()", printed="1"), text("One it is."), text("## B\n\nOn.")]
    assert made_of(*cells)[0][-1] == ("takeaway", "One it is.")
    cells[2:] = [text("One it is."), code("g()", printed="2")]
    assert made_of(*cells)[1][1] == ("lead", "One it is.")


def test_a_cell_that_only_reveals_makes_no_slide():
    cells = text("## A\n\nHere."), code("score = 3 + 4\nasked.reveal(score)", printed="")
    assert made_of(*cells) == [[("heading", "A"), ("lead", "Here.")]]
    shown = code("print(7)\nasked.reveal(7)", printed="7\n")
    assert made_of(text("## A"), shown)[0][1] == ("code", "```python\nprint(7)\n```")


def test_the_result_of_a_prediction_comes_at_the_next_key():
    asked = code(
        'p = commit_prediction(\n    "Which?", options=["x", "y"]\n)\np',
        result="Which?\n  a) x\n  b) y\nYour prediction: one of these.",
    )
    cells = [
        text("## A\n\n**Predict first.** What?"),
        asked,
        code('f()\np.reveal("y")', printed="y"),
    ]
    [slide] = make_slides.make_deck(new_notebook(cells=cells), "01")
    assert [piece.fragment for piece in slide.pieces] == [False, False, False, True]
    assert slide.pieces[1].text == "**Predict first.** What?\n\n- a) x\n- b) y"
    assert slide.pieces[2].text == "```python\nf()\n```"  # without the answer


def test_tasks_are_one_line():
    slides = made_of(
        text("## A\n\nSay it. **Exercise:** write it."),
        code("def shuffle(x):\n    ...\n\n\ncheck(shuffle)", figure("a card")),
        code("f()", printed="1"),
        text("> **Your turn.** Change it now. And more."),
        code('quiz("01")', result="1. ..."),
    )
    assert [piece for slide in slides for piece in slide if piece[0] == "task"] == [
        ("task", "**Your turn:** exercise `shuffle`, notebook 01"),
        ("task", "**Your turn.** Change it now."),
        ("task", '**Quiz:** notebook 01, `quiz("01")`'),
    ]
    assert "figure" not in {kind for slide in slides for kind, _ in slide}


def test_a_figure_is_shown_without_the_code_that_draws_it():
    [slide] = made_of(text("## A\n\nLook."), code("ax.plot(x)\nplots.show()", figure("a line")))
    assert slide[-1] == ("figure", '<img alt="a line" src="data:image/png;base64,AA==">')
    assert "code" not in dict(slide)


def test_a_demo_is_its_figure_and_one_line():
    [slide] = made_of(text("## A"), code("widgets.dealer()", figure("cards")))
    assert [kind for kind, _ in slide] == ["heading", "task", "figure"]


def test_source_is_shown_as_code():
    [slide] = made_of(text("## A"), code("sgd.source(f)", result="def f():\n    return 1"))
    assert slide[1:] == [("code", "```python\ndef f():\n    return 1\n```")]


def test_what_is_too_long_is_cut_and_says_so():
    [slide, *_] = made_of(code("f()", printed="\n".join(map(str, range(40)))))
    assert "11\n... (28 more lines in the notebook)" in slide[-1][1]


def test_imports_and_sections_to_look_things_up_in_are_left_out():
    cells = [text("# T\n\nGo."), code("import numpy as np"), text("## Further reading\n\n- a book")]
    assert made_of(*cells) == [[("title", "T"), ("lead", "Go.")]]


def test_long_tables_and_lists_go_on_below():
    rows = "\n".join(f"| {i} | b |" for i in range(30))
    slides = made_of(text(f"## A\n\n| x | y |\n|---|---|\n{rows}"))
    tables = [piece[1] for slide in slides for piece in slide if piece[0] == "table"]
    assert len(tables) > 1
    assert all(table.startswith("| x | y |\n|---|---|\n") for table in tables)
    shown = [line for table in tables for line in table.splitlines()[2:]]
    assert "\n".join(shown) == rows


@pytest.mark.parametrize("slide_type", ["skip", "notes"])
def test_a_cell_can_be_left_out_by_its_metadata(slide_type):
    cells = [text("## A\n\nOne."), text("Two.", slide_type)]
    [slide] = make_slides.make_deck(new_notebook(cells=cells), "01")
    assert [piece.text for piece in slide.pieces] == ["A", "One."]
    assert slide.notes[1:] == (["Two."] if slide_type == "notes" else [])


@pytest.mark.parametrize("slide_type", ["slide", "subslide", "fragment"])
def test_a_cell_can_begin_a_slide_by_its_metadata(slide_type):
    cells = [text("## A\n\nOne."), text("Two.", slide_type)]
    *_, last = make_slides.make_deck(new_notebook(cells=cells), "01")
    assert last.pieces[-1].fragment == (slide_type == "fragment")
    if slide_type != "fragment":
        assert last.level == slide_type
        assert [piece.kind for piece in last.pieces] == ["where", "lead"]


def test_a_wrong_name_is_told_what_there_is():
    command = [sys.executable, "tools/make_slides.py", "13"]
    process = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert process.returncode == 1
    assert "There is no notebook '13'. There are: 00_start_here, 01_" in process.stderr


def test_the_text_for_someone_at_the_keyboard_is_left_out():
    source = (
        "## A\n\n- Where it says **Predict first**, answer.\n\n*By keyboard: Tab.*\n\n**Next:** 02."
    )
    [slide] = made_of(text(source))
    assert slide[1:] == [("list", "- Where it says **Predict first**, answer.")]


# ---- The files -----------------------------------------------------------------------------


def test_what_is_shipped_along_is_as_it_was_published():
    folder = ROOT / "teaching" / "slides" / "vendor"
    found = {
        path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()
    }
    found.pop("README.md")
    sums = {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in found.items()}
    assert sums == VENDOR


@pytest.fixture(scope="module")
def decks(tmp_path_factory):
    folder = tmp_path_factory.mktemp("slides")
    return folder, make_slides.write_slides(NOTEBOOKS, folder)


def test_the_index_links_every_deck(decks):
    folder, _ = decks
    links = re.findall(r'href="(\w+)\.html"', (folder / "index.html").read_text(encoding="utf-8"))
    assert links == [path.stem for path in NOTEBOOKS]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_number_of_slides_suits_the_minutes(path, decks):
    _, number = decks[1][path.stem]
    least, most = OF_THE_QUESTIONS if path.stem.startswith("11") else PER_MINUTE
    assert least <= number / minutes_of_notebook(path) <= most


# Of one slide: how high and wide it is, its letters, and what is wrong on it
LOOK = """() => {
    const slide = Reveal.getCurrentSlide();
    const parts = [...slide.querySelectorAll("*")].filter(
        (part) => !part.closest(".notes, mjx-container"));
    const luminance = (colour) => colour.match(/[\\d.]+/g).slice(0, 3)
        .map((c) => c / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
        .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
    const ground = (part) => {
        for (; part; part = part.parentElement) {
            const colour = getComputedStyle(part).backgroundColor;
            if (colour !== "rgba(0, 0, 0, 0)") return colour;
        }
        return "rgb(255, 255, 255)";
    };
    const contrast = (part) => {
        const [a, b] = [luminance(getComputedStyle(part).color), luminance(ground(part))];
        return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    };
    const written = parts.filter((part) => [...part.childNodes].some(
        (node) => node.nodeType === 3 && node.textContent.trim()));
    const codes = [...slide.querySelectorAll("pre")];
    return {
        height: slide.scrollHeight,
        width: slide.scrollWidth,
        bottom: Math.max(...parts.map((part) => part.getBoundingClientRect().bottom)),
        cut: codes.filter((code) => code.scrollWidth > code.clientWidth).map((c) => c.innerText),
        smallest: Math.min(...written.map((part) => parseFloat(getComputedStyle(part).fontSize))),
        contrast: Math.min(...written.map(contrast)),
        unwritten: written.filter((part) => !part.closest("pre, code")
            && part.textContent.includes("$")).map((part) => part.textContent),
        undescribed: [...slide.querySelectorAll("img")].filter(
            (image) => !image.alt || !image.naturalWidth).length,
    };
}"""


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_slide_can_be_read(path, decks, new_page):
    folder, written = decks
    page = new_page()
    page.set_viewport_size({"width": 1280, "height": 720})
    refused, told = [], []

    def only_files(route):
        url = route.request.url
        if url.startswith(("file:", "data:")):
            return route.continue_()
        refused.append(url)
        return route.abort()

    page.route("**/*", only_files)
    page.on("console", lambda message: told.append(message.text) if message.type == "error" else 0)
    page.goto((folder / f"{path.stem}.html").as_uri())
    page.wait_for_selector("html.ready", state="attached", timeout=120_000)
    number = page.evaluate("Reveal.getTotalSlides()")
    assert number == written[path.stem][1]
    seen, wrong = set(), {}
    for _ in range(20 * number):
        page.evaluate(
            "Reveal.getCurrentSlide().querySelectorAll('.fragment')"
            ".forEach((part) => { part.style.transition = 'none'; })"
        )
        indices = page.evaluate("(({h, v}) => [h, v])(Reveal.getIndices())")
        if page.evaluate("!Reveal.availableFragments().next"):
            seen.add(tuple(indices))
            look = page.evaluate(LOOK)
            if not is_well(look):
                wrong[str(indices)] = look
        if page.evaluate("Reveal.isLastSlide() && !Reveal.availableFragments().next"):
            break
        page.keyboard.press("Space")
    assert wrong == {}
    assert len(seen) == number  # the keyboard reaches them all
    assert page.locator("mjx-merror, [data-mjx-error]").count() == 0
    assert page.locator(".slide-number").inner_text().endswith(str(number))
    assert refused == []
    assert told == []


def is_well(look):
    fits = look["height"] <= 720 and look["width"] <= 1280 and look["bottom"] <= LOWEST
    legible = look["smallest"] >= SMALLEST_LETTER and look["contrast"] >= ENOUGH_CONTRAST
    return fits and legible and not (look["cut"] or look["unwritten"] or look["undescribed"])


def test_the_speaker_view_shows_the_notes(decks, new_page):
    page = new_page()
    page.goto((decks[0] / "01_shuffling_and_batching.html").as_uri())
    page.wait_for_selector("html.ready", state="attached", timeout=120_000)
    with page.expect_popup() as opened:
        page.keyboard.press("s")
    notes = opened.value.locator(".speaker-controls-notes .value")
    notes.get_by_text("Minutes for the whole notebook: 60.").wait_for()
