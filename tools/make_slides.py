"""Make slides of the notebooks, for someone who teaches with them; no network is needed.

    python tools/make_slides.py [NOTEBOOK ...]      01, for instance; without names: all

The stored notebooks are read as they are, with their outputs and figures; nothing is executed.
What becomes of a cell:

1.  A heading begins a slide: `#` and `##` one to the right, `###` one below. Text after an output
    begins one below, too, and so does what the slide before has no room for.
2.  Of a run of paragraphs the first sentence of the first and of the last is shown. A run that
    follows an output and leads on to something else begins with what the output says: this
    sentence stays on the slide of the output. The whole text is in the speaker's notes. A slide
    with nothing but words shows these paragraphs whole, as far as they leave it airy.
3.  Formulas, lists (of each entry the first sentence), tables and figures are shown. A figure takes
    all the room that is left on its slide; the code that draws it is not shown.
4.  Code is shown with its output; both are cut after so many lines, and say so.
5.  A prediction is shown as a question, and the output after it as a fragment: it comes at the next
    key. "Your turn", exercises, demos and quizzes are one line that names the notebook.
6.  Imports, sections to look things up in and the learner's own progress are left out.

Where a rule makes a bad slide, the cell's `slideshow.slide_type` overrides it, as everywhere in
nbconvert: skip, notes, slide, subslide or fragment.
"""

import argparse
import json
import re
import shutil
from dataclasses import dataclass, field
from html import escape
from itertools import groupby
from pathlib import Path

import nbformat
from nbconvert import SlidesExporter
from nbformat.v4 import new_markdown_cell, new_notebook
from traitlets.config import Config

from tools.section_minutes import (
    ASKED,
    DEMO,
    EXERCISE,
    NOTEBOOKS,
    PREDICTION,
    chosen,
    minutes_of_notebook,
    sections,
)

ROOT = Path(__file__).resolve().parent.parent
MATERIAL = ROOT / "teaching" / "slides"
SLIDES = ROOT / "slides"

# Heights in px of a slide of 720, as course.css sets them. They only say where to go on below: the
# slide itself is measured by slides.js.
ROOM = 680
HEADING, WHERE, GAP = 66, 50, 16
LINE, ROW, FIGURE, FORMULA = 41, 46, 300, 100
LINGERS = 70  # what ends a thought may shrink its slide a little rather than stand alone
LETTERS = 72  # of text in a line
MOST_LINES = {"code": 18, "output": 12}
WIDEST = 100  # letters of code or output in a line

BOXES = ("question", "task", "takeaway")
WORDS = ("lead", "takeaway", "task")
FILLED = 480  # px: a slide of words alone has room for whole paragraphs up to here

LOOKED_UP = {
    "How this works",
    "Is this machine ready?",
    "The notebooks",
    "Words and symbols on one page",
    "Further reading",
    "Your progress",
}
NOT_FOR_THE_ROOM = ("**Next:**", "*By keyboard")  # paragraphs for someone at the keyboard
KINDS = {  # of the blocks of a text, by their beginning
    "heading": r"#+ ",
    "image": r"!\[",
    "formula": r"\$\$",
    "fence": r"```",
    "table": r"\|",
    "list": r"[-*] |\d+\. ",
    "task": r"> ",
    "question": r"\*\*Predict",
    "exercise": r"\*\*Exercise",
    "html": r"<(?!https?:)",
}
LEADS_ON = ("heading", "exercise", "question", "task")  # after the text on an output
BLOCK = re.compile(r"(?:^```.*?^```$|^\$\$.*?\$\$$|.)+?(?=\n[ \t]*\n|\Z)", re.DOTALL | re.MULTILINE)
NEW_TASK = re.compile(r"(?<=\S)\s+(?=\*\*(?:Exercise|Predict first))")
SENTENCE_END = re.compile(r"[.!?][\"')*_]*(?=\s+[A-Z`*$\[(\d\"])")
LABEL = re.compile(r"\*\*[^*]*\*\*")  # such as **Check yourself.**: its sentence comes after it
FEWEST_WORDS = 3  # "Yes." needs the next sentence, too
NO_END = ("e.g.", "i.e.", "cf.", "vs.", "etc.")
FIGURE_TAG = re.compile(r"<img\b[^>]*>")
CARD = re.compile(r'<section role="region"')  # of the checker, of predictions, of the progress
SOURCE = re.compile(r"^sgd\.source\(.*\)\s*\Z", re.MULTILINE)
REVEAL = re.compile(r"^\w+\.reveal\(.*\)$", re.MULTILINE)  # it gives the answer away
IMPORTS = re.compile(r"(?:import|from) ")
PROGRESS = re.compile(r"^(?:progress|search)\(", re.MULTILINE)
LINK = re.compile(r"\]\((\d\d_\w+)\.ipynb(?:#[^)]*)?\)")
OPTION = re.compile(r"^ *([a-z])\) (.*)$", re.MULTILINE)


@dataclass
class Piece:
    """Something on a slide: its kind is the class in course.css."""

    kind: str
    text: str
    height: int
    fragment: bool = False
    whole: str = ""  # the paragraph of which a sentence is shown


@dataclass
class Slide:
    """What is seen at once, and what the speaker reads."""

    heading: str
    level: str = "subslide"
    pieces: list = field(default_factory=list)
    notes: list = field(default_factory=list)

    @property
    def height(self):
        return sum(piece.height + GAP for piece in self.pieces)

    @property
    def is_begun(self):
        """Tell whether more than its headings and an introduction is there."""
        return any(p.kind not in ("title", "heading", "where", "lead") for p in self.pieces)

    @property
    def is_empty(self):
        return all(piece.kind in ("title", "heading", "where") for piece in self.pieces)

    def fill(self):
        """Show whole paragraphs where else there were a sentence or two on an empty slide."""
        if any(piece.kind not in ("where", "heading", *WORDS) for piece in self.pieces):
            return
        for piece in self.pieces:
            more = height_of_text(piece.whole) - height_of_text(piece.text)
            if piece.whole and self.height + more <= FILLED:
                piece.text, piece.height = piece.whole, piece.height + more


# ---- Text ----------------------------------------------------------------------------------


def blocks(source):
    """Return the blocks of a Markdown text as (kind, text): what blank lines separate."""
    parts = []
    for found in BLOCK.finditer(source):
        block = found.group().strip("\n")
        parts += NEW_TASK.split(block) if kind_of(block) == "text" else [block]
    return [(kind_of(part), part) for part in parts if part.strip()]


def kind_of(block):
    for kind, beginning in KINDS.items():
        if re.match(beginning, block):
            return kind
    return "text"


def runs(parts):
    """Join neighbouring paragraphs; return (kind, list of blocks)."""
    return [
        (kind, [text for _, text in group])
        for kind, group in groupby(parts, key=lambda part: part[0])
    ]


def first_sentence(text):
    """Return the first sentence; an end inside of code, a formula or brackets is none."""
    text = " ".join(text.split())
    for end in SENTENCE_END.finditer(text):
        sentence = text[: end.end()]
        closed = all(sentence.count(mark) % 2 == 0 for mark in ("`", "$", "*"))
        closed = closed and all(sentence.count(a) == sentence.count(b) for a, b in ("()", "[]"))
        says_little = LABEL.fullmatch(sentence) or len(sentence.split()) < FEWEST_WORDS
        if closed and not says_little and not sentence.endswith(NO_END):
            return sentence
    return text


def shortened(entry):
    """Return the entry of a list with its first sentence only."""
    mark, text = re.match(r"([-*] |\d+\. )(.*)", entry, re.DOTALL).groups()
    return mark + first_sentence(text)


def height_of_text(text, letters=LETTERS):
    return sum(LINE * -(-max(1, len(line)) // letters) for line in text.splitlines())


def height_of_code(text):
    """Return the height of code: as large as its longest line allows, as slides.js makes it."""
    lines = text.splitlines()
    size = max(16, min(26, 1900 // max(map(len, lines), default=1)))
    return int(1.3 * size * len(lines)) + 20


def filled(items, heights, room):
    """Yield lists of items, each as long as there is room for."""
    page, used = [], 0
    for item, height in zip(items, heights, strict=True):
        if page and used + height > room:
            yield page
            page, used = [], 0
        page.append(item)
        used += height
    if page:
        yield page


def cut(text, kind):
    """Return code or output that is short enough for a slide; it says what was cut off."""
    lines = re.sub(r"\n{3,}", "\n\n", text).splitlines()
    lines = [line if len(line) <= WIDEST else line[: WIDEST - 4] + " ..." for line in lines]
    more = len(lines) - MOST_LINES[kind]
    if more <= 1:
        return "\n".join(lines)
    return "\n".join([*lines[:-more], f"... ({more} more lines in the notebook)"])


def fenced(text, language):
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}{language}\n{text}\n{fence}"


# ---- From cells to slides ------------------------------------------------------------------


class Deck:
    """The slides of one notebook, written cell by cell."""

    def __init__(self, number, minutes=None):
        self.number, self.minutes = number, minutes or {}
        self.slides = []
        self.after_output = False  # the cell before has shown something
        self.asked = False  # a prediction waits for its result
        self.fragment = False  # what this cell shows comes at the next key
        self.left_out = False  # the section is one to look things up in

    def add(self, cell):
        """Add what is worth showing of a cell."""
        wanted = cell.metadata.get("slideshow", {}).get("slide_type", "-")
        if wanted == "skip":
            return
        if wanted == "notes":
            self.note(cell.source)
            return
        if wanted in ("slide", "subslide"):
            self.go_on(wanted)
            self.after_output = False
        self.fragment = wanted == "fragment"
        if cell.cell_type == "markdown":
            self.add_text(cell.source)
        elif cell.cell_type == "code" and not self.left_out:
            self.add_code(cell.source, cell.outputs)

    # What is on a slide

    def begin(self, heading, level, kind):
        """Begin a slide with a heading of its own."""
        self.slides.append(Slide(heading, level, [Piece(kind, heading, HEADING)]))
        if heading in self.minutes:
            self.note(f"*Minutes for someone who works alone: {self.minutes[heading]:.0f}.*")

    def go_on(self, level="subslide"):
        """Go on below, under the same heading, unless this slide is still empty."""
        if not self.slides:
            self.begin(f"Notebook {self.number}", "slide", "title")
        elif not self.slides[-1].is_empty:
            heading = self.slides[-1].heading
            self.slides.append(Slide(heading, level, [Piece("where", heading, WHERE)]))

    def place(self, kind, text, height, fragment=False, whole=""):
        """Put a piece on this slide, or on the next one if there is no room."""
        room = ROOM + LINGERS * (kind in ("takeaway", "task", "output"))
        if not self.slides or self.slides[-1].height + height > room:
            self.go_on()
        self.slides[-1].pieces.append(Piece(kind, text, height, fragment or self.fragment, whole))

    def say(self, kind, text, whole=""):
        whole = " ".join(whole.split())
        self.place(kind, text, height_of_text(text) + 28 * (kind in BOXES), whole=whole)

    def note(self, text):
        if not self.slides:
            self.go_on()
        self.slides[-1].notes.append(text)

    # Text

    def add_text(self, source):
        groups = runs(blocks(source))
        follows_output, self.after_output = self.after_output, False
        for position, (kind, texts) in enumerate(groups):
            following = groups[position + 1][0] if groups[position + 1 :] else None
            if kind == "heading":
                self.add_heading(texts)
            elif self.left_out:
                continue
            elif kind == "text" and follows_output and (len(texts) > 1 or following in LEADS_ON):
                self.note(texts[0])
                self.say("takeaway", first_sentence(texts[0]), whole=texts[0])
                self.add_paragraphs(texts[1:], below=True)
            elif kind == "text":
                self.add_paragraphs(texts, below=follows_output)
            else:
                if follows_output and kind not in ("exercise", "task"):
                    self.go_on()
                for text in texts:
                    getattr(self, f"add_{kind}")(text)
            follows_output = follows_output and kind in ("exercise", "task")

    def add_heading(self, texts):
        for text in texts:
            marks, heading = text.split(" ", 1)
            self.left_out = heading in LOOKED_UP
            if self.left_out:
                continue
            level = "subslide" if len(marks) > 2 else "slide"
            self.begin(heading, level, "title" if len(marks) == 1 else "heading")
            self.asked = False

    def add_paragraphs(self, texts, below):
        """Show the ends of a run of paragraphs, and note all of it."""
        texts = [text for text in texts if not text.startswith(NOT_FOR_THE_ROOM)]
        if not texts:
            return
        if below:
            self.go_on()
        for text in texts[:1] + texts[1:][-1:]:
            self.say("lead", first_sentence(text), whole=text)
        self.slides[-1].notes += texts

    def add_exercise(self, text):
        self.note(text)  # the cell with its checker makes the line on the slide

    def add_question(self, text):
        self.say("question", text)
        self.asked = True

    def add_task(self, text):
        """Show one line of a quoted paragraph: most begin with "Your turn"."""
        text = re.sub(r"^> ?", "", text, flags=re.MULTILINE)
        self.note(text)
        mark, rest = re.match(r"(\*\*.*?\*\* )?(.*)", text, re.DOTALL).groups()
        self.say("task", (mark or "") + first_sentence(rest), whole=text)

    def add_image(self, text):
        self.note("Figure: " + re.match(r"!\[(.*?)\]", text, re.DOTALL).group(1))
        self.place("figure", text, FIGURE)

    def add_formula(self, text):
        self.note(text)
        self.place("formula", text, FORMULA)

    def add_fence(self, text):
        self.place("code", text, height_of_code(text))

    def add_list(self, text):
        self.note(text)
        items = [
            shortened(item)
            for item in re.split(r"^(?=[-*] |\d+\. )", text, flags=re.MULTILINE)
            if item
        ]
        heights = [height_of_text(item.replace("\n", " ")) + 6 for item in items]
        room = ROOM - WHERE - GAP
        if self.slides and sum(heights) > ROOM - self.slides[-1].height:
            self.go_on()
        for page in filled(items, heights, room):
            self.place("list", "\n".join(page), sum(heights[: len(page)]))
            heights = heights[len(page) :]

    def add_table(self, text):
        top, rule, *rows = text.splitlines()
        heights = [ROW * -(-len(row) // WIDEST) for row in rows]
        if self.slides and sum(heights) + ROW > ROOM - self.slides[-1].height:
            self.go_on()
        for page in filled(rows, heights, ROOM - WHERE - GAP - ROW):
            self.place("table", "\n".join([top, rule, *page]), ROW + sum(heights[: len(page)]))
            heights = heights[len(page) :]

    def add_html(self, text):
        self.note(text)

    # Code

    def add_code(self, source, outputs):
        texts, figures = [], []
        for output in outputs:
            text, figure = shown_of(output)
            texts += [text] if text else []
            figures += figure
        names = EXERCISE.findall(source)
        if PREDICTION.search(source):
            self.add_prediction(outputs)
            return
        if ASKED.search(source) or names or DEMO.search(source):
            self.add_line(ASKED.search(source), names)
        elif PROGRESS.search(source) or (IMPORTS.match(source) and not figures):
            return
        elif figures:
            for text in texts:
                self.show_output(text)
        else:
            self.add_program(source, texts)
        for figure in figures if not names else []:
            self.note("Figure: " + re.search(r'alt="([^"]*)"', figure).group(1))
            self.place("figure", figure, FIGURE, fragment=self.asked)
        self.asked, self.after_output = False, True

    def add_line(self, asked, names):
        """Name in one line what learners do in the notebook."""
        place = f"notebook {self.number}"
        if asked:
            kind = asked.group(1).replace("_", " ").capitalize()
            call = f'{asked.group()}"{self.number}")'
            self.say("task", f"**{kind}:** {place}, `{call}`")
        elif names:
            self.say("task", f"**Your turn:** exercise `{'`, `'.join(names)}`, {place}")
        else:
            self.say("task", f"**Demo:** run it in {place}")

    def add_prediction(self, outputs):
        """Show the question, unless the text has asked it already, and the options."""
        [output] = [output for output in outputs if output.output_type == "execute_result"]
        text = output.data["text/plain"].split("\nYour prediction:")[0]
        options = [f"- {letter}) {option}" for letter, option in OPTION.findall(text)]
        question = OPTION.split(text)[0].strip()
        last = self.slides[-1].pieces[-1]
        if last.kind == "question":
            last.text = "\n".join([last.text, "", *options]) if options else last.text
            last.height += LINE * len(options)
        else:
            self.say("question", "\n".join([f"**Predict first.** {question}", "", *options]))
        self.asked, self.after_output = True, False

    def add_program(self, source, texts):
        """Show code with its output, or the code that `sgd.source` has shown."""
        asks_source = SOURCE.search(source)
        library = cut(texts.pop(), "code") if asks_source and texts else None
        source, reveals = REVEAL.subn("", source)
        if reveals and not texts:
            return  # a score for the learner alone
        code = cut((source[: asks_source.start()] if library else source).strip("\n"), "code")
        outputs = [cut(text, "output") for text in texts]
        height = sum(map(height_of_code, [code, *outputs, library or ""]))
        last = self.slides[-1] if self.slides else None
        if last and last.is_begun and last.height + height > ROOM + LINGERS:
            self.go_on()
        if code:
            self.place("code", fenced(code, "python"), height_of_code(code))
        for output in outputs:
            self.show_output(output)
        if library:
            self.place("code", fenced(library, "python"), height_of_code(library))

    def show_output(self, text):
        text = cut(text, "output")
        self.place("output", fenced(text, "text"), height_of_code(text), fragment=self.asked)


def shown_of(output):
    """Return the text and the figures that are worth showing of an output."""
    if output.output_type == "stream":
        return output.text.rstrip("\n") if output.name == "stdout" else "", []
    if output.output_type not in ("execute_result", "display_data"):
        return "", []
    html = output.data.get("text/html", "")
    if "<img" in html:
        figures = []
        for tag in FIGURE_TAG.findall(html):  # without its style: the slide says how large it is
            alt, src = (re.search(rf'{name}="[^"]*"', tag).group() for name in ("alt", "src"))
            figures.append(f"<img {alt} {src}>")
        return "", figures
    if CARD.match(html) or not {"text/plain"} & set(output.data) or "text/markdown" in output.data:
        return "", []
    return output.data["text/plain"], []


def joined(cells):
    """Return the cells, neighbours of text as one: what a text leads on to matters."""
    together = []
    for cell in cells:
        if together and is_plain_text(cell) and is_plain_text(together[-1]):
            together[-1] = new_markdown_cell(f"{together[-1].source}\n\n{cell.source}")
        else:
            together.append(cell)
    return together


def is_plain_text(cell):
    return cell.cell_type == "markdown" and "slideshow" not in cell.metadata


def make_deck(notebook, number, minutes=None):
    """Return the slides of a notebook."""
    deck = Deck(number, minutes)
    for cell in joined(notebook.cells):
        deck.add(cell)
    for slide in deck.slides:
        slide.fill()
    return [slide for slide in deck.slides if not slide.is_empty or slide.pieces[0].kind == "title"]


# ---- From slides to files ------------------------------------------------------------------


def as_notebook(slides):
    """Return a notebook of one Markdown cell for each piece, as nbconvert's slides expect it."""
    cells = []
    for slide in slides:
        first, *others = slide.pieces
        title = {"title": "# ", "heading": "## ", "where": ""}[first.kind] + first.text
        cells.append(new_cell(title, first.kind, slide.level))
        if slide.notes:
            cells.append(new_cell("\n\n".join(slide.notes), "text", "notes"))
        for piece in others:
            cells.append(new_cell(piece.text, piece.kind, "fragment" if piece.fragment else "-"))
    return new_notebook(cells=cells)


def new_cell(text, kind, slide_type):
    text = LINK.sub(r"](\1.html)", text)
    return new_markdown_cell(
        text, metadata={"tags": [kind], "slideshow": {"slide_type": slide_type}}
    )


def write_deck(path, folder):
    """Write the slides of a notebook into the folder; return how many there are."""
    notebook = nbformat.read(path, as_version=4)
    minutes = {section.heading: section.minutes for section in sections(path)}
    slides = make_deck(notebook, path.stem[:2], minutes)
    slides[0].notes.insert(0, f"*Minutes for the whole notebook: {minutes_of_notebook(path)}.*")
    made = as_notebook(slides)
    made.metadata.title = slides[0].heading
    exporter = SlidesExporter(
        config=Config({"CSSHTMLHeaderPreprocessor": {"enabled": False}}),
        template_name="template",
        extra_template_basedirs=[str(MATERIAL)],
        reveal_url_prefix="vendor/reveal",
        reveal_theme="course",
        exclude_anchor_links=True,
    )
    html, _ = exporter.from_notebook_node(made)
    (folder / f"{path.stem}.html").write_text(html, encoding="utf-8")
    return slides[0].heading, len(slides)


def write_slides(paths, folder):
    """Write the decks, their index and all that they need; return name -> number of slides."""
    vendor = folder / "vendor"
    shutil.copytree(MATERIAL / "vendor", vendor, dirs_exist_ok=True)
    themes = vendor / "reveal" / "dist" / "theme"  # where nbconvert's template looks for a theme
    themes.mkdir(exist_ok=True)
    shutil.copy(MATERIAL / "course.css", themes)
    shutil.copy(MATERIAL / "slides.js", vendor)
    shutil.copytree(NOTEBOOKS / "images", folder / "images", dirs_exist_ok=True)
    written = {path.stem: write_deck(path, folder) for path in paths}
    index = (MATERIAL / "index.html").read_text(encoding="utf-8")
    lines = []
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        if (folder / f"{path.stem}.html").exists():
            first = json.loads(path.read_text(encoding="utf-8"))["cells"][0]["source"]
            title = escape("".join(first).splitlines()[0].lstrip("# "))
            lines.append(f'<li><a href="{path.stem}.html">{path.stem[:2]}</a> {title}</li>')
    (folder / "index.html").write_text(
        index.replace("<!-- decks -->", "\n".join(lines)), encoding="utf-8"
    )
    return written


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("notebooks", nargs="*", metavar="NOTEBOOK")
    paths = chosen(parser.parse_args().notebooks)
    SLIDES.mkdir(exist_ok=True)
    for name, (_, number) in write_slides(paths, SLIDES).items():
        print(f"{number:4} slides  slides/{name}.html")
    print(f"Open {SLIDES / 'index.html'} in a browser; it needs no network.")
    print("Keys: space goes on, S opens the speaker view with notes, Esc shows all slides, F fills")
    print("the screen. With ?print-pdf at the end of its address, a deck prints as a PDF.")


if __name__ == "__main__":
    main()
