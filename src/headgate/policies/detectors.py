"""What personal data and secrets look like: a pattern each, and the check digits where it has any.

Every pattern but those of long secrets has an upper length, so that a stream is held for the
ambiguous suffix alone. Lengths: RFC 5321 section 4.5.3.1 (e-mail), ISO/IEC 7812 (cards), ISO 13616
(IBAN), ITU-T E.164 (phone).
"""

import ipaddress
import re
from collections.abc import Mapping

from headgate.policies.patterns.finder import Pattern

_MIN_CARD_DIGITS = 13
_GROUP = re.compile(r"[0-9A-Fa-f]+")

# Registered lengths: https://www.swift.com/standards/data-standards/iban-international-bank-account-number
_IBAN_COUNTRIES: Mapping[int, str] = {
    15: "NO",
    16: "BE",
    18: "DK FI FK FO GL NL SD",
    19: "MK SI",
    20: "AT BA EE KZ LT LU MN XK",
    21: "CH HR LI LV",
    22: "BG BH CR DE GB GE IE ME RS VA",
    23: "AE GI IL IQ OM SO TL",
    24: "AD CZ ES MD PK RO SA SE SK TN VG",
    25: "LY PT ST",
    26: "IS TR",
    27: "BI DJ FR GR IT MC MR SM",
    28: "AL AZ BY CY DO GT HU LB NI PL SV",
    29: "BR EG PS QA UA",
    30: "JO KW MU YE",
    31: "MT SC",
    32: "LC",
    33: "RU",
}
_IBAN_LENGTHS = {code: size for size, codes in _IBAN_COUNTRIES.items() for code in codes.split()}


def card_length(text: str) -> int:
    """How much of `text` is a card number: the longest part that satisfies Luhn, or 0."""
    count = good = 0
    sums = [0, 0]  # with every digit of even, of odd index doubled
    for end, character in enumerate(text, 1):
        if character in " -":
            continue
        digit = int(character)
        sums[count % 2] += digit * 2 - 9 * (digit > 4)
        sums[1 - count % 2] += digit
        count += 1
        # Doubled is every second digit, backwards from the last but one.
        if count >= _MIN_CARD_DIGITS and sums[count % 2] % 10 == 0 and _ends(text, end):
            good = end
    return good


def iban_length(text: str) -> int:
    """How much of `text` is an IBAN: its country's length with the right check digits, or 0."""
    length = _IBAN_LENGTHS.get(text[:2].upper(), 0)
    ends = [number + 1 for number, character in enumerate(text) if character.isalnum()]
    if not length or len(ends) < length:
        return 0
    end = ends[length - 1]
    if not _ends(text, end):
        return 0
    letters = "".join(text[e - 1] for e in ends[:length]).upper()
    number = "".join(str(int(character, 36)) for character in letters[4:] + letters[:4])
    return end if int(number) % 97 == 1 else 0


def ipv6_length(text: str) -> int:
    """Whether `text` is an IPv6 address that no prose and no program text looks like, as 0 or its
    length."""
    if len(_GROUP.findall(text)) < 3:
        return 0
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return 0
    return len(text)


_AREA = "[2-9][0-9]{2}"
_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_IPV4 = rf"\b{_OCTET}(?:\.{_OCTET}){{3}}\b"
_HEX = "[0-9A-Fa-f]"
_IPV6 = rf"\b{_HEX}{{1,4}}:(?:{_HEX}{{0,4}}:){{1,6}}(?:{_OCTET}(?:\.{_OCTET}){{3}}|{_HEX}{{1,4}})\b"

_SECRETS = (
    r"\b(?:sk|pk|rk)[\-_][A-Za-z0-9_\-]{16,200}",
    r"\bgh[pousr]_[A-Za-z0-9]{36,255}",
    r"\bgithub_pat_[A-Za-z0-9_]{22,255}",
    r"\bglpat-[A-Za-z0-9_\-]{20,64}",
    r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    r"\bxox[abeoprs]-[A-Za-z0-9\-]{10,250}",
    r"\bAIza[0-9A-Za-z_\-]{35}",
    r"\bhf_[A-Za-z0-9]{30,64}",
    r"\beyJ[A-Za-z0-9_\-]{5,}\.eyJ[A-Za-z0-9_\-]{5,}\.[A-Za-z0-9_\-]*",
    r"-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----[A-Za-z0-9+/=\s]*"
    r"(?:-----END [A-Z ]{0,20}PRIVATE KEY-----)?",
)
"""The keys of well-known services, JSON web tokens, private keys."""

DETECTORS: Mapping[str, tuple[Pattern, ...]] = {
    "email": (
        Pattern(
            "email",
            r"[A-Za-z0-9._%+\-]{1,64}@[A-Za-z0-9\-]{1,63}(?:\.[A-Za-z0-9\-]{1,63}){0,4}"
            r"\.[A-Za-z]{2,24}\b",
        ),
    ),
    "credit_card": (Pattern("credit_card", r"\b[0-9](?:[ \-]?[0-9]){12,18}\b", card_length),),
    "iban": (Pattern("iban", r"\b[A-Z]{2}[0-9]{2}(?: ?[A-Za-z0-9]){11,30}\b", iban_length),),
    "phone": (
        Pattern("phone", r"(?:\+|\b00)[1-9](?:[ \-./()]{0,2}[0-9]){7,14}\b"),
        Pattern(
            "phone", r"(?:\([2-9][0-9]{2}\) ?|\b[2-9][0-9]{2}[\-. ])[2-9][0-9]{2}[\-. ][0-9]{4}\b"
        ),
    ),
    "ip": (Pattern("ip", _IPV4), Pattern("ip", _IPV6, ipv6_length)),
    "secret": (Pattern("secret", "|".join(_SECRETS)),),
}
"""By the name that an entry's ``patterns`` says."""


def _ends(text: str, end: int) -> bool:
    return end == len(text) or not text[end].isalnum()
