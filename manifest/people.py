"""Who is who: reads people.toml, and writes the first one for a home that has none."""

from __future__ import annotations

import getpass
import os
import re
import tomllib
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Literal, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from manifest.errors import ConfigError

RoleName = Literal["guest", "member", "approver", "commander"]
ROLES: tuple[RoleName, ...] = ("guest", "member", "approver", "commander")
KINDS = ("local", "slack", "discord", "phone", "email")
FILE = "people.toml"

_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")
_SHAPES = {
    "local": (re.compile(r".+"), "local:NAME, the account on this machine"),
    "slack": (re.compile(r"[TE][A-Z0-9]+/[UW][A-Z0-9]+"), "slack:TEAM/USER, as T024BE7LD/U2147483697"),
    "discord": (re.compile(r"\d{15,21}"), "discord:USER, the number of 15 to 21 digits"),
    "phone": (re.compile(r"\+[1-9]\d{6,14}"), "phone:+ and 7 to 15 digits"),
    "email": (re.compile(r"[^@\s]+@[^@\s]+"), "email:NAME@HOST"),
}


@dataclass(frozen=True, slots=True)
class DeclaredIdentity:
    """One way a platform knows the person."""

    kind: str
    value: str


@dataclass(frozen=True, slots=True)
class DeclaredPerson:
    """One person as the file names them."""

    id: str
    name: str
    role: RoleName
    identities: tuple[DeclaredIdentity, ...]
    timezone: str = "UTC"
    language: str = "en"
    quiet_hours: str | None = None  # "22:00-07:00" in the person's own time zone
    crisis_contact: bool = False


def parse_identity(text: str, place: str) -> DeclaredIdentity:
    """`kind:value` → identity; mail addresses are compared in lower case.

    Raises:
        ConfigError: an unknown kind, or a value that is not of that kind's shape.
    """
    kind, _, value = text.partition(":")
    if kind not in _SHAPES:
        raise ConfigError(place, f"{kind or text!r} is no kind of identity", ", ".join(KINDS))
    shape, words = _SHAPES[kind]
    if not shape.fullmatch(value):
        raise ConfigError(place, f"not the shape of a {kind} identity", words)
    return DeclaredIdentity(kind, value.casefold() if kind == "email" else value)


def parse_people(text: str, place: str = FILE) -> tuple[DeclaredPerson, ...]:
    """Read the file's text.

    Raises:
        ConfigError: naming the entry, what is wrong with it and what is allowed.
    """
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(place, f"not readable as TOML: {error}", "tables [[person]]") from error
    extra = sorted(set(raw) - {"person"})
    if extra:
        raise ConfigError(f"{place}: {extra[0]}", "no such table", "tables [[person]]")
    tables = raw.get("person", [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise ConfigError(f"{place}: person", "is not a list of tables", "tables [[person]]")
    found = tuple(_person(table, f"{place}: [[person]] {n}") for n, table in enumerate(tables, 1))
    if not found:
        raise ConfigError(place, "names nobody, so nobody could sign in", "at least one [[person]]")
    seen: dict[str, str] = {}
    for n, person in enumerate(found, 1):
        for key in (f"id {person.id}", *(f"{i.kind}:{i.value}" for i in person.identities)):
            if key in seen:
                raise ConfigError(f"{place}: [[person]] {n}", f"{key} stands also in {seen[key]}", "each only once")
            seen[key] = f"[[person]] {n}"
    return found


_FIELDS = frozenset(DeclaredPerson.__dataclass_fields__)


def _person(table: dict[str, object], place: str) -> DeclaredPerson:
    extra = sorted(set(table) - _FIELDS)
    if extra:
        raise ConfigError(f"{place}: {extra[0]}", "no such setting", ", ".join(sorted(_FIELDS)))

    def word(name: str, default: str | None = None) -> str:
        value = table.get(name, default)
        if not isinstance(value, str) or not value.strip():
            raise ConfigError(f"{place}: {name}", "is missing or empty", "a text in quotes")
        return value.strip()

    person_id = word("id")
    if not _ID.fullmatch(person_id):
        raise ConfigError(
            f"{place}: id", repr(person_id), "1 to 40 of a-z, 0-9, _ and -, beginning with a letter or digit"
        )
    role = word("role")
    if role not in ROLES:
        raise ConfigError(f"{place}: role", repr(role), ", ".join(ROLES))
    zone = word("timezone", "UTC")
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ConfigError(f"{place}: timezone", repr(zone), "a name such as Europe/Berlin") from error
    quiet = table.get("quiet_hours")
    if quiet is not None and (not isinstance(quiet, str) or not _HOURS.fullmatch(quiet)):
        raise ConfigError(f"{place}: quiet_hours", repr(quiet), 'HH:MM-HH:MM, as "22:00-07:00"')
    contact = table.get("crisis_contact", False)
    if not isinstance(contact, bool):
        raise ConfigError(f"{place}: crisis_contact", repr(contact), "true or false")
    given = table.get("identities", [])
    if not isinstance(given, list) or not all(isinstance(one, str) for one in given):
        raise ConfigError(f"{place}: identities", "is not a list of texts", '["local:ana", "email:ana@example.org"]')
    return DeclaredPerson(
        id=person_id,
        name=word("name"),
        role=role,
        identities=tuple(
            parse_identity(cast(str, one), f"{place}: identities, entry {n}") for n, one in enumerate(given, 1)
        ),
        timezone=zone,
        language=word("language", "en"),
        quiet_hours=quiet,
        crisis_contact=contact,
    )


def read_people(path: Path) -> tuple[DeclaredPerson, ...]:
    """Read a home's people.toml.

    Raises:
        ConfigError: it is missing, unreadable, or wrong.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            str(path), f"cannot be read ({type(error).__name__})", "a file made by `trinity init`"
        ) from error
    return parse_people(text, str(path))


def ensure_people(home: Path, *, name: str | None = None, timezone: str = "UTC", language: str = "en") -> Path:
    """The home's people.toml; made (0600) with the home's owner as its one commander where there is none."""
    path = home / FILE
    if path.exists():
        return path
    account = getpass.getuser()
    text = files("manifest").joinpath(FILE).read_text(encoding="utf-8")
    for mark, value in {
        "{name}": name or account,
        "{account}": account,
        "{timezone}": timezone,
        "{language}": language,
    }.items():
        text = text.replace(mark, value.replace("\\", "\\\\").replace('"', '\\"'))
    parse_people(text, str(path))  # never write what could not be read again
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        out.write(text)
    return path
