"""Files that come with a message, read into text pieces; always untrusted, and what cannot be read is said."""

from __future__ import annotations

from bots.inbound import Attachment
from organs.bundles import Piece, Provenance

MAX_BYTES = 1024 * 1024
_TEXT_TYPES = ("text/", "application/json", "application/xml", "application/x-yaml", "application/toml", "message/")
_TEXT_ENDINGS = (
    ".txt", ".md", ".csv", ".tsv", ".json", ".jsonl", ".yaml", ".yml", ".toml", ".ini", ".cfg", ".log", ".eml", ".sql",
    ".py", ".js", ".ts", ".go", ".rs", ".c", ".h", ".cpp", ".java", ".rb", ".sh", ".html", ".xml", ".diff", ".patch",
)  # fmt: skip


def read(attachments: tuple[Attachment, ...]) -> tuple[tuple[Piece, ...], tuple[str, ...]]:
    """The readable files as pieces, and one plain sentence for each that is not."""
    pieces: list[Piece] = []
    notes: list[str] = []
    for attachment in attachments:
        name = attachment.name or "attachment"
        if len(attachment.data) > MAX_BYTES:
            notes.append(f"{name} is larger than 1 MB and was not read.")
        elif attachment.media_type.startswith("image/"):
            notes.append(f"I cannot see images here, so {name} was not read.")
        elif _is_text(attachment):
            text = attachment.data.decode("utf-8", "replace")
            if "\ufffd" in text:
                notes.append(f"Some bytes of {name} were not valid UTF-8 and were replaced.")
            pieces.append(Piece(text, Provenance.ATTACHED, name))
        else:
            notes.append(f"{name} is not a kind of file that can be read here; text files can.")
    return tuple(pieces), tuple(notes)


def _is_text(attachment: Attachment) -> bool:
    kind = attachment.media_type.split(";")[0].strip().lower()
    declared = kind.startswith(_TEXT_TYPES) or attachment.name.lower().endswith(_TEXT_ENDINGS)
    return declared and b"\x00" not in attachment.data
