"""Units and their conversion, exact by definition (SI, and the international yard and pound of 1959)."""

# ruff: noqa: E501 (tables of alternatives read better unbroken)

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit: `factor` of the base unit of its kind, `offset` for temperatures."""

    symbol: str
    kind: str
    factor: Fraction
    offset: Fraction = Fraction(0)


_F = Fraction
_TABLE: Final = (
    # kind, symbol, factor to the base unit, names
    ("length", "mm", _F(1, 1000), "mm millimeter millimeters millimetre millimetres milímetro milímetros millimètre millimètres millimetri"),
    ("length", "cm", _F(1, 100), "cm centimeter centimeters centimetre centimetres zentimeter centímetro centímetros centimètre centimètres centimetri sentimeter"),
    ("length", "m", _F(1), "m meter meters metre metres metro metros mètre mètres metri"),
    ("length", "km", _F(1000), "km kms kilometer kilometers kilometre kilometres kilómetro kilómetros kilomètre kilomètres quilómetro quilómetros quilômetros chilometro chilometri"),
    ("length", "in", _F(254, 10000), 'in inch inches zoll pulgada pulgadas pouce pouces polegada polegadas pollice pollici inci "'),
    ("length", "ft", _F(3048, 10000), "ft foot feet fuß fuss pie pies pied pieds pé pés piede piedi kaki"),
    ("length", "yd", _F(9144, 10000), "yd yard yards yarda yardas iarda iardas"),
    ("length", "mi", _F(1609344, 1000), "mi mile miles meile meilen milla millas mille milles milha milhas miglio miglia batu"),
    ("length", "nmi", _F(1852), "nmi seemeile seemeilen"),
    ("mass", "mg", _F(1, 1000000), "mg milligram milligrams milligramm miligramo miligramos milligramme milligrammes"),
    ("mass", "g", _F(1, 1000), "g gram grams gramm gramo gramos gramme grammes grama gramas grammo grammi"),
    ("mass", "kg", _F(1), "kg kgs kilo kilos kilogram kilograms kilogramm kilogramo kilogramos kilogramme kilogrammes quilo quilos chilo chili"),
    ("mass", "t", _F(1000), "t tonne tonnes tonne tonnen tonelada toneladas"),
    ("mass", "lb", _F(45359237, 100000000), "lb lbs pound pounds libra libras livre livres pfund libbra libbre paun"),
    ("mass", "oz", _F(45359237, 1600000000), "oz ounce ounces unze unzen onza onzas once onces onça onças oncia once"),
    ("mass", "st", _F(635029318, 100000000), "stone stones"),
    ("volume", "ml", _F(1, 1000), "ml milliliter milliliters millilitre millilitres mililitro mililitros"),
    ("volume", "cl", _F(1, 100), "cl centiliter centilitre"),
    ("volume", "l", _F(1), "l liter liters litre litres litro litros litri"),
    ("volume", "gal", _F(3785411784, 1000000000), "gal gallon gallons gallone gallonen galón galones galão galões galloni"),
    ("volume", "pt", _F(473176473, 1000000000), "pint pints"),
    ("volume", "cup", _F(2365882365, 10000000000), "cup cups taza tazas"),
    ("volume", "tbsp", _F(147867647813, 10000000000000), "tbsp tablespoon tablespoons"),
    ("volume", "tsp", _F(492892159375, 100000000000000), "tsp teaspoon teaspoons"),
    ("volume", "fl oz", _F(295735295625, 10000000000000), "floz"),
    ("time", "s", _F(1), "s sec secs second seconds sekunde sekunden segundo segundos seconde secondes secondo secondi saat"),
    ("time", "min", _F(60), "min mins minute minutes minuten minuto minutos minuti minit"),
    ("time", "h", _F(3600), "h hr hrs hour hours stunde stunden hora horas heure heures ora ore jam"),
    ("time", "days", _F(86400), "d day days tag tage tagen día días dia dias jour jours giorno giorni hari"),
    ("time", "weeks", _F(604800), "week weeks woche wochen semana semanas semaine semaines settimana settimane minggu"),
    ("speed", "m/s", _F(1), "m/s mps"),
    ("speed", "km/h", _F(1000, 3600), "km/h kmh kph stundenkilometer"),
    ("speed", "mph", _F(1609344, 3600000), "mph"),
    ("speed", "kn", _F(1852, 3600), "knot knots knoten nudo nudos nœud nœuds"),
    ("area", "m²", _F(1), "m2 m^2 sqm quadratmeter"),
    ("area", "km²", _F(1000000), "km2 km^2"),
    ("area", "ha", _F(10000), "ha hectare hectares hektar hectárea hectáreas"),
    ("area", "acre", _F(40468564224, 10000000), "acre acres"),
    ("area", "ft²", _F(9290304, 100000000), "ft2 sqft ft^2"),
    ("data", "B", _F(1), "byte bytes"),
    ("data", "bit", _F(1, 8), "bit bits"),
    ("data", "kB", _F(1000), "kb kilobyte kilobytes"),
    ("data", "MB", _F(10**6), "mb megabyte megabytes"),
    ("data", "GB", _F(10**9), "gb gigabyte gigabytes"),
    ("data", "TB", _F(10**12), "tb terabyte terabytes"),
    ("data", "KiB", _F(1024), "kib kibibyte kibibytes"),
    ("data", "MiB", _F(1024**2), "mib mebibyte mebibytes"),
    ("data", "GiB", _F(1024**3), "gib gibibyte gibibytes"),
    ("data", "TiB", _F(1024**4), "tib tebibyte tebibytes"),
    ("energy", "J", _F(1), "j joule joules"),
    ("energy", "kJ", _F(1000), "kj kilojoule kilojoules"),
    ("energy", "kcal", _F(4184), "kcal kilocalorie kilocalories kilokalorien"),
    ("energy", "kWh", _F(3600000), "kwh"),
)  # fmt: skip
_TEMPERATURES: Final = (
    # kelvin = (value + offset) * factor
    ("K", _F(1), _F(0), "k kelvin"),
    ("°C", _F(1), _F(27315, 100), "c °c celsius centigrade grad"),
    ("°F", _F(5, 9), _F(45967, 100), "f °f fahrenheit"),
)


def _names() -> dict[str, Unit]:
    out: dict[str, Unit] = {}
    for kind, symbol, factor, names in _TABLE:
        for name in names.split():
            out.setdefault(name, Unit(symbol, kind, factor))
    for symbol, factor, offset, names in _TEMPERATURES:
        for name in names.split():
            out[name] = Unit(symbol, "temperature", factor, offset)
    return out


UNITS: Final = MappingProxyType(_names())


def find(name: str) -> Unit | None:
    """The unit of that name or symbol, any case."""
    name = name.strip().lower().rstrip(".")
    for prefix in ("degrees ", "degree ", "grad ", "grados ", "degrés ", "graus ", "gradi "):
        name = name.removeprefix(prefix)
    squares = {"square meters": "m2", "square metres": "m2", "square feet": "sqft", "square kilometers": "km2", "miles per hour": "mph",
               "kilometers per hour": "km/h", "kilometres per hour": "km/h", "meters per second": "m/s", "metros cuadrados": "m2", "mètres carrés": "m2",
               "nautical miles": "nmi", "nautical mile": "nmi", "fluid ounces": "floz", "fl oz": "floz", "kilowatt hours": "kwh"}  # fmt: skip
    return UNITS.get(squares.get(name, name))


def convert(value: Fraction, source: Unit, target: Unit) -> Fraction | None:
    """The value in the target unit; None where the kinds differ."""
    if source.kind != target.kind:
        return None
    return (value + source.offset) * source.factor / target.factor - target.offset
