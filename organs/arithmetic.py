"""Exact arithmetic on written expressions: a bounded parser, no `eval`, in digits or in words (en de es fr pt it ms)."""

# ruff: noqa: E501 (tables of alternatives read better unbroken)

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from organs.when import NUMBERS

MAX_LENGTH: Final = 200  # characters of an expression
MAX_DIGITS: Final = 400  # digits of any result
MAX_EXPONENT: Final = 2000


class NotArithmeticError(ValueError):
    """The text is not an expression of this grammar, or its value passes the bounds."""


@dataclass(frozen=True, slots=True)
class Value:
    """A result: exact as a fraction, or rounded to 12 digits where a root made it irrational."""

    number: Fraction
    exact: bool = True


# Longest first; each becomes one symbol.
_WORDS: Final = tuple(
    (re.compile(rf"(?<![\w]){pattern}(?![\w])"), symbol)
    for pattern, symbol in (
        (r"(?:to the power of|raised to(?: the power of)?|hoch|elevado a(?: la)?|(?:à la )?puissance|élevé à|alla potenza di|kuasa)", "^"),
        (r"(?:squared|au carré|al cuadrado|ao quadrado|al quadrato|im quadrat)", "^2"),
        (r"(?:cubed|au cube|al cubo|ao cubo)", "^3"),
        (r"(?:the )?(?:square root of|sqrt|(?:die )?(?:quadrat)?wurzel (?:aus|von)|(?:la )?raíz cuadrada de|(?:la )?racine carrée de|(?:a )?raiz quadrada de|(?:la )?radice quadrata di|punca kuasa dua)", "√"),
        (r"(?:divided by|over|geteilt durch|durch|dividido (?:por|entre)|entre|divisé par|sur|diviso|dibahagi(?: dengan)?)", "/"),
        (r"(?:multiplied by|times|x|mal|multipliziert mit|multiplicado por|por|fois|multiplié par|vezes|per|volte|kali|darab)", "*"),
        (r"(?:plus|added to|und|más|mas|mais|più|tambah|campur)", "+"),
        (r"(?:minus|less|subtract|weniger|menos|moins|meno|tolak)", "-"),
        (r"(?:mod(?:ulo)?)", "mod"),
        (r"(?:percent|per cent|prozent|por ciento|pour ?cent|por cento|per cento|peratus)", "%"),
    )
)  # fmt: skip
_TOKEN: Final = re.compile(
    r"\s*(?:(\d[\d.,'’   ]*\d|\d|[.,]\d+)|(mod|\*\*|//|[-+*/^%()√!])|([^\W\d_]+(?:-[^\W\d_]+)*))"
)
_OF: Final = frozenset({"of", "von", "de", "del", "di", "da", "do", "vom", "des", "daripada", "dari"})
_COMMA_DECIMAL: Final = frozenset({"de", "es", "fr", "pt", "it"})


def read_number(text: str, language: str) -> Fraction:
    """A written number by the habits of a language: 1,234.5 in English, 1.234,5 or 1 234,5 in German, French, Spanish."""
    text = re.sub(r"[\s'’  ]", "", text.strip())
    comma = language in _COMMA_DECIMAL
    if "," in text and "." in text:
        decimal = "," if text.rfind(",") > text.rfind(".") else "."
        text = text.replace("." if decimal == "," else ",", "").replace(decimal, ".")
    elif "," in text:
        grouped = re.fullmatch(r"\d{1,3}(?:,\d{3})+", text) is not None
        text = text.replace(",", "") if grouped and not (comma and text.count(",") == 1) else text.replace(",", ".", 1)
    elif comma and re.fullmatch(r"\d{1,3}(?:\.\d{3})+", text):
        text = text.replace(".", "")
    if not re.fullmatch(r"\d*\.?\d+|\d+\.", text) or len(text) > 60:
        raise NotArithmeticError("not a number")
    return Fraction(text)


def words_to_number(words: list[str]) -> int | None:
    """English and simple other number words: "two hundred and five", "siebzehn", "treinta y dos"."""
    total, group, seen = 0, 0, False
    for word in words:
        for part in word.split("-"):
            if part in {"and", "y", "et", "e", "und"} and seen:
                continue
            if part in {"hundred", "hundert", "cien", "ciento", "cent", "cem", "cento", "ratus"}:
                group = max(group, 1) * 100
            elif part in {"thousand", "tausend", "mil", "mille", "mila", "ribu"}:
                total, group = total + max(group, 1) * 1000, 0
            elif part in {
                "million",
                "millionen",
                "millón",
                "millones",
                "milhão",
                "milhões",
                "milione",
                "milioni",
                "juta",
            }:
                total, group = (total + max(group, 1)) * 1_000_000, 0
            else:
                value = NUMBERS.get(part)
                if value is None:
                    match = re.fullmatch(r"(\w+?)und(\w+)", part)
                    if match and match[1] in NUMBERS and match[2] in NUMBERS:
                        value = NUMBERS[match[1]] + NUMBERS[match[2]]
                if value is None or part in {"a", "an"}:
                    return None
                group += value
            seen = True
    return total + group if seen else None


def _tokens(text: str, language: str) -> list[Fraction | str]:
    out: list[Fraction | str] = []
    words: list[str] = []
    position = 0

    def flush() -> None:
        if words:
            value = words_to_number(words)
            if value is None:
                raise NotArithmeticError(f"not a number: {' '.join(words)}")
            out.append(Fraction(value))
            words.clear()

    while position < len(text):
        found = _TOKEN.match(text, position)
        if found is None:
            if text[position:].strip() == "":
                break
            raise NotArithmeticError(f"cannot read {text[position : position + 12]!r}")
        position = found.end()
        if found[3] is not None:
            if found[3] in _OF and (out or words):
                flush()
                out.append("of")
            else:
                words.append(found[3])
            continue
        flush()
        out.append(read_number(found[1], language) if found[1] is not None else found[2])
    flush()
    return out


class _Parser:
    """Precedence climbing over + - * / mod ^ ! % √ and "15 % of 80"."""

    def __init__(self, tokens: list[Fraction | str]) -> None:
        self.tokens, self.position, self.depth = tokens, 0, 0
        self.operators = 0
        self.exact = True

    def peek(self) -> Fraction | str | None:
        return self.tokens[self.position] if self.position < len(self.tokens) else None

    def take(self) -> Fraction | str | None:
        token = self.peek()
        self.position += 1
        return token

    def sum(self) -> Fraction:
        self.depth += 1
        if self.depth > 40:
            raise NotArithmeticError("nested too deeply")
        value = self.product()
        while self.peek() in ("+", "-"):
            sign = self.take()
            self.operators += 1
            before = self.position
            term = self.product()
            # "80 + 15 %" adds a share of 80, as on a pocket calculator
            if self.position - before == 2 and self.tokens[self.position - 1] == "%":
                term *= value
            value = _bounded(value + term if sign == "+" else value - term)
        self.depth -= 1
        return value

    def product(self) -> Fraction:
        value = self.signed()
        while self.peek() in ("*", "/", "mod", "of", "//"):
            operator = self.take()
            self.operators += 1
            if operator == "of" and self.tokens[self.position - 2] != "%":
                raise NotArithmeticError("'of' without a percentage")
            right = self.signed()
            if operator in ("*", "of"):
                value *= right
            elif right == 0:
                raise ZeroDivisionError
            elif operator == "/":
                value /= right
            else:
                value = Fraction(value // right) if operator == "//" else value % right
            value = _bounded(value)
        return value

    def signed(self) -> Fraction:
        if self.peek() == "-":
            self.take()
            return -self.signed()
        if self.peek() == "+":
            self.take()
            return self.signed()
        return self.power()

    def power(self) -> Fraction:
        base = self.postfix()
        if self.peek() in ("^", "**"):
            self.take()
            self.operators += 1
            exponent = self.signed()
            return self.raised(base, exponent)
        return base

    def raised(self, base: Fraction, exponent: Fraction) -> Fraction:
        if exponent.denominator == 2 and exponent.numerator == 1:
            return self.root(base)
        if exponent.denominator != 1 or abs(exponent) > MAX_EXPONENT:
            raise NotArithmeticError("exponent out of bounds")
        if base == 0 and exponent < 0:
            raise ZeroDivisionError
        size = max(len(str(abs(base.numerator))), len(str(base.denominator)))
        if size * abs(int(exponent)) > MAX_DIGITS * 2 and abs(base) != 1:
            raise NotArithmeticError("too large")
        return _bounded(base ** int(exponent))

    def postfix(self) -> Fraction:
        value = self.atom()
        while self.peek() in ("!", "%"):
            if self.take() == "!":
                self.operators += 1
                if value.denominator != 1 or not 0 <= value <= 170:
                    raise NotArithmeticError("factorial out of bounds")
                value = Fraction(math.factorial(int(value)))
            else:
                value /= 100
        return value

    def root(self, value: Fraction) -> Fraction:
        if value < 0:
            raise NotArithmeticError("root of a negative number")
        top, bottom = math.isqrt(value.numerator), math.isqrt(value.denominator)
        if top * top == value.numerator and bottom * bottom == value.denominator:
            return Fraction(top, bottom)
        self.exact = False
        scale = 10**30
        return Fraction(math.isqrt(value.numerator * scale * scale // value.denominator), scale)

    def atom(self) -> Fraction:
        token = self.take()
        if token == "√":  # noqa: S105 (a sign, not a secret)
            self.operators += 1
            return self.root(self.postfix())
        if token == "(":  # noqa: S105
            value = self.sum()
            if self.take() != ")":
                raise NotArithmeticError("a bracket is not closed")
            return value
        if not isinstance(token, Fraction):
            raise NotArithmeticError("a number is missing")
        return token


def _bounded(value: Fraction) -> Fraction:
    if value.numerator.bit_length() > MAX_DIGITS * 4 or value.denominator.bit_length() > MAX_DIGITS * 4:
        raise NotArithmeticError("too large")
    return value


def normalise(text: str) -> str:
    """Words for signs replaced by the signs."""
    text = text.lower().replace("×", "*").replace("·", "*").replace("÷", "/").replace("−", "-").replace("–", "-")
    text = text.replace("²", "^2").replace("³", "^3").replace("½", "0.5")
    text = re.sub(r"(?<=\d)\s*x\s*(?=\d)", " * ", text)
    for pattern, symbol in _WORDS:
        text = pattern.sub(f" {symbol} ", text)
    return text


def evaluate(text: str, language: str = "en") -> Value:
    """The value of an expression with at least one operator.

    Raises NotArithmeticError for anything else, ZeroDivisionError for a division by zero.
    """
    if len(text) > MAX_LENGTH:
        raise NotArithmeticError("too long")
    tokens = _tokens(normalise(text), language)
    parser = _Parser(tokens)
    value = parser.sum()
    if parser.position < len(tokens) or parser.operators == 0:
        raise NotArithmeticError("not one expression")
    return Value(value, parser.exact)


def shown(value: Fraction, language: str = "en", *, exact: bool = True, digits: int = 10) -> tuple[str, bool]:
    """A number as people write it, and whether it is exact; at most `digits` significant digits after the point."""
    mark = "," if language in _COMMA_DECIMAL else "."
    if value.denominator == 1 and exact:
        return _grouped(str(value.numerator), language), True
    rest = value.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    places = 0
    if rest == 1 and exact:
        while (value * 10**places).denominator != 1 and places <= digits:
            places += 1
        if places <= digits:
            return _decimal(value, places, mark, language), True
    whole = len(str(abs(int(value)))) if abs(value) >= 1 else 0
    places = max(2, digits - whole)
    if value != 0 and abs(value) < Fraction(1, 10**places):
        return f"{float(value):.6g}".replace(".", mark), False
    return _decimal(value, places, mark, language).rstrip("0").rstrip(mark), False


def _decimal(value: Fraction, places: int, mark: str, language: str) -> str:
    scaled = round(abs(value) * 10**places)
    whole, part = divmod(scaled, 10**places)
    sign = "-" if value < 0 and scaled else ""
    return f"{sign}{_grouped(str(whole), language)}{mark}{part:0{places}d}" if places else f"{sign}{whole}"


def _grouped(digits: str, language: str) -> str:
    """Thousands set apart from 10,000 on, as each language does."""
    sign, digits = ("-", digits[1:]) if digits.startswith("-") else ("", digits)
    if len(digits) <= 4 or len(digits) > 33:
        return sign + digits
    mark = {"de": ".", "es": ".", "pt": ".", "it": ".", "fr": " "}.get(language, ",")
    return sign + f"{int(digits):,}".replace(",", mark)
