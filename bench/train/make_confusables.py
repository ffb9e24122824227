"""Writes `organs/airlock/confusables.tsv`: single characters that look like an ASCII letter or digit.

From Unicode's confusables data (UTS 39; Unicode licence) as the package `confusable-homoglyphs` carries it, plus the
families that UTS 39 leaves out because NFKC or fonts do not join them (squared and circled letters, small capitals,
regional indicators, letters upside down). Only characters that NFKC leaves alone are listed.
"""

import importlib.util
import json
import unicodedata
from pathlib import Path

TARGET = Path(__file__).resolve().parents[2] / "organs" / "airlock" / "confusables.tsv"
ASCII = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
SMALL_CAPITALS = dict(zip("ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ", "abcdefghijklmnoprstuvwyz", strict=True))
UPSIDE_DOWN = dict(zip("ɐɔǝɟƃɥıɾʞʃɯɹʇʌʍʎ", "acefghijklmrtvwy", strict=True))


def table() -> dict[str, str]:
    """character → ASCII letter or digit."""
    spec = importlib.util.find_spec("confusable_homoglyphs")
    assert spec is not None
    assert spec.origin is not None
    data = json.loads((Path(spec.origin).parent / "confusables.json").read_text(encoding="utf-8"))
    found: dict[str, str] = {}
    for letter in ASCII:
        for entry in data.get(letter, []):
            c = entry["c"]
            if len(c) == 1 and ord(c) > 127 and unicodedata.normalize("NFKC", c) == c:
                found.setdefault(c, letter)
    # UTS 39 folds capital I and its looks into small l: read them as I, which is what a writer means.
    for c in [c for c, letter in found.items() if letter == "l" and unicodedata.category(c) in ("Lu", "Lo", "Nl")]:
        found[c] = "I"
    for start in (0x1F150, 0x1F170):  # negative circled, negative squared letters
        found.update({chr(start + i): chr(ord("A") + i) for i in range(26)})
    found.update(UPSIDE_DOWN)
    found.update(SMALL_CAPITALS)
    return found


if __name__ == "__main__":
    TARGET.write_text("".join(f"{c}\t{letter}\n" for c, letter in sorted(table().items())), encoding="utf-8")
