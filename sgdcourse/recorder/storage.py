"""The file of a recording: arrays in ``.npz``, a header in JSON, and nothing that could run."""

import contextlib
import io
import json
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from sgdcourse._types import Array

FORMAT = "sgdcourse recording 1"
DAMAGE = (
    *(OSError, EOFError, zipfile.BadZipFile, zlib.error, NotImplementedError),
    *(ValueError, KeyError, TypeError, AttributeError, IndexError),
)


def write(path: str | Path, header: dict[str, Any], arrays: dict[str, Array]) -> Path:
    """Write header and arrays, and return the path, which ends in ".npz"."""
    path = Path(path)
    path = path if path.suffix == ".npz" else path.with_name(path.name + ".npz")
    words = json.dumps({"format": FORMAT} | header).encode()
    buffer = io.BytesIO()  # first whole, then on disk: an error leaves no half archive
    np.savez_compressed(buffer, header=np.frombuffer(words, np.uint8), **arrays)  # type: ignore[arg-type]
    path.write_bytes(buffer.getvalue())
    return path


@contextlib.contextmanager
def read(path: str | Path) -> Iterator[tuple[dict[str, Any], Mapping[str, Array]]]:
    """Give header and arrays to the block, and say in words if it cannot use them."""
    try:
        with open(path, "rb") as opened, np.load(opened, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
            header = json.loads(arrays["header"].tobytes().decode())
            if header["format"] != FORMAT:
                raise ValueError(f"its format is {header['format']!r}, and not {FORMAT!r}")
            yield header, arrays
    except FileNotFoundError:
        raise
    except DAMAGE as error:
        raise ValueError(
            "path must be a file that Recording.save has written, and undamaged. Received: "
            f"{str(path)!r}, which cannot be read ({type(error).__name__}: {error}). "
            "Record the fit again, and save it once more."
        ) from error
