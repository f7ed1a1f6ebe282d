"""File names: a stranger chose them, and people will read them and save files under them."""

import unicodedata

LONGEST = 100
"""Characters; with four bytes each still a name that every file system takes (255 bytes), once in UTF-8."""
LONGEST_BYTES = 200
LONGEST_SUFFIX = 12
UNNAMED = "file"
HIDDEN = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
"""Unicode's categories of what cannot be seen. Cf has the marks that turn the direction of writing: with one of them,
“photo_gpj.exe” reads “photo_exe.jpg”."""
RESERVED = frozenset('<>:"|?*\\/')
DEVICES = frozenset(
    {"con", "prn", "aux", "nul", *(f"{name}{number}" for name in ("com", "lpt") for number in range(10))}
)
"""Names that mean something else on Windows, with any suffix."""


def clean(name: str) -> str:
    """The same name without folders, invisible characters, and what file systems refuse; never empty.

    Clean names stay as they are.
    """
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    seen = "".join(" " if each.isspace() else each for each in last if each.isspace() or not _is_hidden(each))
    plain = "".join("_" if each in RESERVED else each for each in " ".join(seen.split()))
    stem, suffix = split(plain.strip(". "))
    short = _cut(stem, LONGEST_BYTES - len(suffix.encode()), LONGEST - len(suffix)).rstrip(". ")
    whole = f"{short}{suffix}" if short else suffix.lstrip(".")
    if whole.partition(".")[0].strip().lower() in DEVICES:
        whole = f"_{whole}"
    return whole or UNNAMED


def split(name: str) -> tuple[str, str]:
    """A name, and its suffix with the dot. What is longer than any suffix is part of the name."""
    stem, dot, suffix = name.rpartition(".")
    if not stem or not suffix or len(suffix.encode()) > LONGEST_SUFFIX or " " in suffix:
        return name, ""
    return stem, f"{dot}{suffix}"


def _is_hidden(character: str) -> bool:
    return unicodedata.category(character) in HIDDEN


def _cut(text: str, most_bytes: int, most: int) -> str:
    return text[:most].encode()[:most_bytes].decode(errors="ignore")
