// Make every slide fit, then start reveal.js.

const WIDTH = 1280, HEIGHT = 720;
const SMALLEST = 16; // px, of a letter
const STEP = 0.04;
const LOWEST = 678; // px from the top; the slide number stands below

function letters(element) {
  return parseFloat(getComputedStyle(element).fontSize);
}

// Code is as large as its longest line allows.
function fitWidth(code) {
  for (let size = letters(code); code.scrollWidth > code.clientWidth && size > SMALLEST; size--) {
    code.style.fontSize = `${size - 1}px`;
  }
}

function lowest(slide) {
  const parts = [...slide.children].filter((part) => part.getClientRects().length);
  const bottom = Math.max(...parts.map((part) => part.getBoundingClientRect().bottom));
  return bottom - slide.getBoundingClientRect().top;
}

// All letters of a crowded slide shrink together, none below the smallest.
function fitHeight(slide) {
  const parts = [...slide.querySelectorAll(":scope > div *, :scope > .fragment *")].filter(
    (part) => !part.closest(".notes, svg, mjx-container") && part.matches("p, li, td, th, pre, h1, h2, h3"),
  );
  const sizes = parts.map(letters);
  for (let scale = 1; lowest(slide) > LOWEST && scale > 0.5; scale -= STEP) {
    slide.style.setProperty("--scale", scale);
    parts.forEach((part, i) => {
      part.style.fontSize = `${Math.max(SMALLEST, sizes[i] * scale)}px`;
    });
  }
}

async function start() {
  await MathJax.startup.promise;
  await MathJax.typesetPromise();
  // The speaker view has no style sheet that would hide the copy for screen readers.
  document.querySelectorAll(".notes mjx-assistive-mml").forEach((copy) => copy.remove());
  document.documentElement.classList.add("measuring");
  document.querySelectorAll(".slides pre").forEach(fitWidth);
  document.querySelectorAll(".slides section section").forEach(fitHeight);
  document.documentElement.classList.remove("measuring");
  await Reveal.initialize({
    width: WIDTH,
    height: HEIGHT,
    margin: 0,
    center: false,
    display: "flex",
    hash: true,
    transition: "none",
    slideNumber: "c/t",
    pdfSeparateFragments: false,
    plugins: [RevealNotes],
  });
  document.documentElement.classList.add("ready");
}

window.addEventListener("load", start);
