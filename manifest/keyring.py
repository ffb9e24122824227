"""Secrets in the system's keyring, for those who want no key in a file or an environment.

Only names that `trinity keys set` listed in the home are asked for: a keyring may be locked, slow or not there, and a
Trinity that keeps nothing in it must not wait for it.
"""

from __future__ import annotations

import os
from pathlib import Path

from manifest.errors import ConfigError

SERVICE = "trinity"
LIST = "keyring.names"  # in the home; names of secrets, never values


def names(home: Path) -> list[str]:
    """Which secrets of this home are in the keyring."""
    path = home / LIST
    return path.read_text(encoding="utf-8").split() if path.exists() else []


def read(home: Path, wanted: tuple[str, ...]) -> dict[str, str]:
    """The listed secrets. Raises ConfigError where the keyring does not give one that it holds."""
    found = {}
    for name in names(home):
        if name in wanted:
            value = _ask(home, name)
            if value is None:
                raise ConfigError(
                    f"{home / LIST}: {name}", "the keyring has no such entry", f"`trinity keys set {name}`"
                )
            found[name] = value
    return found


def _ask(home: Path, name: str) -> str | None:
    import keyring
    from keyring.errors import KeyringError

    try:
        value: str | None = keyring.get_password(SERVICE, _user(home, name))
    except KeyringError as error:
        why = f"the system keyring does not answer ({type(error).__name__})"
        raise ConfigError(f"{home / LIST}: {name}", why, f"an unlocked keyring, or {name}_FILE instead") from None
    return value


def store(home: Path, name: str, value: str) -> None:
    """Put a secret in the keyring and list its name. Raises ConfigError where there is no keyring."""
    import keyring
    from keyring.errors import KeyringError

    try:
        keyring.set_password(SERVICE, _user(home, name), value)
    except KeyringError as error:
        why = f"the system keyring does not take it ({type(error).__name__}); nothing was kept"
        raise ConfigError(name, why, f"an unlocked keyring, or {name}_FILE instead") from None
    _list(home, [*names(home), name])


def remove(home: Path, name: str) -> bool:
    """Take a secret out of the keyring; False where it was not listed."""
    import keyring
    from keyring.errors import KeyringError, PasswordDeleteError

    if name not in names(home):
        return False
    try:
        keyring.delete_password(SERVICE, _user(home, name))
    except PasswordDeleteError:
        pass  # somebody removed it there already
    except KeyringError as error:
        why = f"the system keyring does not answer ({type(error).__name__}); nothing was changed"
        raise ConfigError(name, why, "an unlocked keyring") from None
    _list(home, [one for one in names(home) if one != name])
    return True


def _list(home: Path, listed: list[str]) -> None:
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = home / LIST
    beside = path.with_name(f".{LIST}.tmp")
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write("".join(f"{name}\n" for name in dict.fromkeys(listed)))
    beside.replace(path)


def _user(home: Path, name: str) -> str:
    return f"{name}@{home}"
