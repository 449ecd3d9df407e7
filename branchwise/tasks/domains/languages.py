"""Tell the language of a text by its script and its commonest words; no model and no dependency."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

_SCRIPTS = {
    "ARABIC": ("ar", "fa", "ur"),
    "BENGALI": ("bn",),
    "CYRILLIC": ("ru", "bg"),
    "DEVANAGARI": ("hi", "mr", "ne"),
    "GUJARATI": ("gu",),
    "GURMUKHI": ("pa",),
    "HANGUL": ("ko",),
    "KANNADA": ("kn",),
    "LATIN": ("en", "de", "fi", "it", "pt", "sw", "vi"),
    "TAMIL": ("ta",),
    "TELUGU": ("te",),
    "THAI": ("th",),
}
_WORDS = {
    "ar": "في من على أن إلى هذا التي هو كان عن مع لا ما هي",
    "fa": "است این که را با برای های می شود بود شما آن یک خود",
    "ur": "ہے کے کی میں اور کا یہ سے کو نہیں ہیں نے پر ہو",
    "ru": "и в не на что с как это но он для его так же вы я",
    "bg": "и на да за се от в са ще не това по как или като",
    "hi": "है के में की और का से को यह हैं पर एक नहीं था",
    "mr": "आहे आणि च्या हे मी ते आहेत मध्ये तो या ला होते करा",
    "ne": "छ र को छन् मा हो यो ले लाई पनि गर्न भएको हरू",
    "en": "the and of to in is that it for you with are this be on not as have",
    "de": "der die und das ist nicht ein ich zu den mit sie für auf es dass",
    "fi": "ja on ei se että hän oli ovat mutta kun niin tämä joka voi",
    "it": "di che il la per un non è sono con una le del si da",
    "pt": "de que o a e do da em um para não com uma os é no",
    "sw": "na ya wa kwa ni katika la za kuwa hii cha kama hiyo si yake",
    "vi": "và của là có một không các cho được người trong này với đã",
}


def language(text: str) -> str | None:
    """The likeliest language (ISO 639-1) among those that IFEval asks for, or None without letters."""
    scripts: Counter[str] = Counter()
    for letter in text[:20_000]:
        if letter.isalpha():
            name = unicodedata.name(letter, "").split(" ", maxsplit=1)[0]
            scripts[name] += 1
    if not scripts:
        return None
    candidates = _SCRIPTS.get(scripts.most_common(1)[0][0], ())
    if len(candidates) < 2:
        return candidates[0] if candidates else None
    words = Counter(re.findall(r"[^\W\d_]+(?:[\u0900-\u0903\u093a-\u094f]+[^\W\d_]*)*", text.lower()))
    return max(candidates, key=lambda code: sum(words[word] for word in _WORDS[code].split()))
