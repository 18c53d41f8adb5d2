"""Which language a text is in, told by its script and its small words; none of it is a guess where
it can be helped: a text without enough of either has no language."""

import re
from collections import Counter
from collections.abc import Mapping

_WORDS: Mapping[str, str] = {
    "en": "the and of to in is that it for you with are on this be have not from they was what how",
    "de": "der die das und ist nicht ich sie ein eine mit auf für von dem den zu wie auch es wird",
    "fr": "le la les et est que des une dans pour pas vous qui sur avec nous ce il elle du au",
    "es": "el los las y que es una por para con no del se como más pero su está lo hay muy",
    "it": "il gli che è di una per non con sono della del più come anche ma questo lo nel si",
    "pt": "o os as que é uma para não com do da em mais como mas por se você são dos",
    "nl": "de het een en van is dat niet ik je met voor op te zijn aan ook maar er wordt",
    "pl": "i w nie się na że jest do z to jak ale co tak za od po czy przez są",
    "sv": "och det att är en som på för inte med av jag ett har den till men kan om så",
    "tr": "ve bir bu için ile da de çok ne gibi daha var mı değil olarak ama en kadar her ben",
}
_SCRIPTS: Mapping[str, str] = {
    "ja": r"[\u3040-\u30ff]",
    "zh": r"[\u4e00-\u9fff]",
    "ko": r"[\uac00-\ud7af]",
    "ru": r"[\u0400-\u04ff]",
    "ar": r"[\u0600-\u06ff]",
    "he": r"[\u0590-\u05ff]",
    "el": r"[\u0370-\u03ff]",
    "hi": r"[\u0900-\u097f]",
    "th": r"[\u0e00-\u0e7f]",
}
LANGUAGES = frozenset((*_WORDS, *_SCRIPTS))

_LEAST_WORDS = 3
_LETTERS = re.compile(r"[^\W\d_]+")
_PATTERNS = {name: re.compile(pattern) for name, pattern in _SCRIPTS.items()}
_OF_WORD: dict[str, list[str]] = {}
for _language, _said in _WORDS.items():
    for _word in _said.split():
        _OF_WORD.setdefault(_word, []).append(_language)


def language_of(text: str) -> str | None:
    """The language of `text` as an ISO 639-1 code, or None."""
    words = _LETTERS.findall(text.lower())
    letters = sum(map(len, words))
    if letters < 4:
        return None
    for language, pattern in _PATTERNS.items():
        # Chinese characters stand in Japanese text too, so kana is looked for first.
        least = 0.05 if language == "ja" else 0.3
        if len(pattern.findall(text)) > letters * least:
            return language
    votes = Counter(language for word in words for language in _OF_WORD.get(word, ()))
    best = votes.most_common(2)
    if not best or best[0][1] < _LEAST_WORDS:
        return None
    if len(best) > 1 and best[1][1] * 3 > best[0][1] * 2:
        return None
    return best[0][0]
