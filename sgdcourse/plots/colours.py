"""The colours of the course, which colour-blind readers can tell apart (Okabe and Ito)."""

OURS, KERAS, THIRD = "#0072B2", "#D55E00", "#009E73"  # NumPy is blue, tf.keras orange, everywhere
LINES = [(OURS, "-", "o"), (KERAS, "--", "s"), (THIRD, ":", "^"), ("#CC79A7", "-.", "D")]
CLASSES = ["#9ecae9", "#f7b58a", "#a3d9c4", "#e8bcd4"]  # pale, for boxes with a number in them
PALE, GREY = "#c5ced8", "#9fb4c7"
