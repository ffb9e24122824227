"""Checks that tell a real number from digits that look like one: Luhn, IBAN's remainder, US numbers, national ids."""

# ruff: noqa: E501 (the table of lengths)

from __future__ import annotations

import ipaddress
import re

# Length of an IBAN by country (ISO 13616 registry).
IBAN_LENGTHS = {
    "AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22, "BR": 29, "BY": 28, "CH": 21,
    "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "DO": 28, "EE": 20, "EG": 29, "ES": 24, "FI": 18, "FO": 18, "FR": 27,
    "GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR": 27, "GT": 28, "HR": 21, "HU": 28, "IE": 22, "IL": 23, "IQ": 23, "IS": 26,
    "IT": 27, "JO": 30, "KW": 30, "KZ": 20, "LB": 28, "LC": 32, "LI": 21, "LT": 20, "LU": 20, "LV": 21, "LY": 25, "MC": 27,
    "MD": 24, "ME": 22, "MK": 19, "MR": 27, "MT": 31, "MU": 30, "NL": 18, "NO": 15, "PK": 24, "PL": 28, "PS": 29, "PT": 25,
    "QA": 29, "RO": 24, "RS": 22, "SA": 24, "SC": 31, "SE": 24, "SI": 19, "SK": 24, "SM": 27, "ST": 25, "SV": 28, "TL": 23,
    "TN": 24, "TR": 26, "UA": 29, "VA": 22, "VG": 24, "XK": 20,
}  # fmt: skip


def luhn(digits: str) -> bool:
    """ISO/IEC 7812-1: the check digit of payment cards."""
    total = 0
    for place, char in enumerate(reversed(digits)):
        value = int(char)
        if place % 2:
            value = value * 2 - 9 if value > 4 else value * 2
        total += value
    return total % 10 == 0


def card(digits: str) -> bool:
    """A payment card: known first digits and length for them, and Luhn."""
    if len(set(digits)) == 1 or not luhn(digits):
        return False
    n = len(digits)
    return (
        (digits[0] == "4" and n in (13, 16, 19))
        or (digits[:2] in {"51", "52", "53", "54", "55"} and n == 16)
        or (2221 <= int(digits[:4]) <= 2720 and n == 16)
        or (digits[:2] in {"34", "37"} and n == 15)
        or (digits[:2] in {"36", "38", "39", "30"} and n in (14, 16))
        or ((digits[:4] == "6011" or digits[:2] in {"65", "64", "62"}) and n in (16, 17, 18, 19))
        or ((digits[:2] in {"35"} or digits[:4] in {"1800", "2131"}) and n in (15, 16))
        or (digits[:2] in {"50", "56", "57", "58", "63", "67", "60"} and 12 <= n <= 19)
    )


def iban(text: str) -> bool:
    """ISO 13616: the country's length and remainder 1 modulo 97."""
    bare = re.sub(r"[\s-]", "", text).upper()
    if IBAN_LENGTHS.get(bare[:2]) != len(bare) or not bare[2:4].isdigit():
        return False
    moved = bare[4:] + bare[:4]
    return int("".join(str(int(c, 36)) for c in moved)) % 97 == 1


def us_ssn(text: str) -> bool:
    """Areas, groups and serials that the US administration gives out."""
    area, group, serial = re.split(r"[-. ]", text)
    return area not in {"000", "666"} and area[0] != "9" and group != "00" and serial != "0000"


def address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """An IP address, or None."""
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def spanish_id(text: str) -> bool:
    """DNI and NIE: the letter is the number modulo 23."""
    bare = re.sub(r"[\s.-]", "", text).upper()
    number = bare[:-1].translate(str.maketrans("XYZ", "012"))
    return number.isdigit() and bare[-1] == "TRWAGMYFPDXBNJZSQVHLCKE"[int(number) % 23]


def german_tax_id(digits: str) -> bool:
    """Steuer-IdNr.: ISO 7064 MOD 11,10."""
    product = 10
    for char in digits[:10]:
        total = (int(char) + product) % 10 or 10
        product = total * 2 % 11
    return (11 - product) % 10 == int(digits[10]) and digits[0] != "0"


def french_nir(text: str) -> bool:
    """NIR: the key is 97 minus the number modulo 97."""
    bare = re.sub(r"\s", "", text).replace("2A", "19").replace("2B", "18")
    return bare.isdigit() and 97 - int(bare[:13]) % 97 == int(bare[13:])


def brazilian_cpf(text: str) -> bool:
    """CPF: two check digits."""
    digits = re.sub(r"\D", "", text)
    if len(digits) != 11 or len(set(digits)) == 1:
        return False
    for n in (9, 10):
        total = sum(int(d) * (n + 1 - i) for i, d in enumerate(digits[:n]))
        if int(digits[n]) != total * 10 % 11 % 10:
            return False
    return True


def italian_code(text: str) -> bool:
    """Codice fiscale: the last letter checks the fifteen before."""
    odd = {c: v for c, v in zip("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23), strict=True)}  # fmt: skip # noqa: C416
    bare = text.upper()
    total = sum(odd[c] if i % 2 == 0 else (int(c) if c.isdigit() else ord(c) - 65) for i, c in enumerate(bare[:15]))
    return chr(65 + total % 26) == bare[15]


def malaysian_ic(digits: str) -> bool:
    """MyKad: a birth date first, then a place code."""
    return 1 <= int(digits[2:4]) <= 12 and 1 <= int(digits[4:6]) <= 31 and digits[6:8] != "00"
