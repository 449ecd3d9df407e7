"""The 25 rules of IFEval as the official grader states them, and how often ours say the same.

Written from the published rules (google-research, instruction_following_eval), for comparison only: a keyword is a
pattern, languages are told by langdetect, words are cut by NLTK. Sentences need NLTK's trained model, which is a
download; where only the untrained splitter is there, the rule is compared with that and reported apart.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

Facts: TypeAlias = Mapping[str, Any]

_OPTIONS = ("My answer is yes.", "My answer is no.", "My answer is maybe.")
_PUNCTUATION = set(".,?!'\"")

BODIES = (
    "Guten Morgen, ich freue mich sehr, Ihnen bei der Planung Ihrer Reise zu helfen.",
    "Hyvää huomenta, autan sinua mielelläni matkasi suunnittelussa ja varauksissa.",
    "Buongiorno, sono molto felice di aiutarti a organizzare il tuo viaggio in montagna.",
    "Bom dia, fico muito feliz em ajudar você a planejar a sua viagem de férias.",
    "Habari za asubuhi, nimefurahi sana kukusaidia kupanga safari yako ya likizo.",
    "Chào buổi sáng, tôi rất vui được giúp bạn lên kế hoạch cho chuyến đi của mình.",
    "Доброе утро, я очень рад помочь вам спланировать вашу поездку в горы.",
    "Добро утро, много се радвам да ви помогна да планирате вашето пътуване.",
    "صباح الخير، يسعدني جدا أن أساعدك في التخطيط لرحلتك القادمة.",
    "صبح بخیر، بسیار خوشحالم که می‌توانم در برنامه‌ریزی سفر به شما کمک کنم.",
    "صبح بخیر، مجھے آپ کے سفر کی منصوبہ بندی میں مدد کر کے بہت خوشی ہوگی۔",
    "सुप्रभात, मुझे आपकी यात्रा की योजना बनाने में मदद करके बहुत खुशी होगी।",
    "सुप्रभात, तुमच्या प्रवासाचे नियोजन करण्यात मदत करताना मला खूप आनंद होत आहे.",
    "शुभ प्रभात, तपाईंको यात्राको योजना बनाउन मद्दत गर्न पाउँदा म धेरै खुसी छु।",
    "সুপ্রভাত, আপনার ভ্রমণের পরিকল্পনা করতে সাহায্য করতে পেরে আমি খুব খুশি।",
    "சுப்ரபாதம், உங்கள் பயணத்தைத் திட்டமிட உதவுவதில் நான் மிகவும் மகிழ்ச்சி அடைகிறேன்.",
    "శుభోదయం, మీ ప్రయాణాన్ని ప్లాన్ చేయడంలో సహాయం చేయడం నాకు చాలా సంతోషంగా ఉంది.",
    "ಶುಭೋದಯ, ನಿಮ್ಮ ಪ್ರವಾಸವನ್ನು ಯೋಜಿಸಲು ಸಹಾಯ ಮಾಡಲು ನನಗೆ ತುಂಬಾ ಸಂತೋಷವಾಗಿದೆ.",
    "સુપ્રભાત, તમારી મુસાફરીનું આયોજન કરવામાં મદદ કરતાં મને ખૂબ આનંદ થાય છે.",
    "ਸ਼ੁਭ ਸਵੇਰ, ਤੁਹਾਡੀ ਯਾਤਰਾ ਦੀ ਯੋਜਨਾ ਬਣਾਉਣ ਵਿੱਚ ਮਦਦ ਕਰਕੇ ਮੈਨੂੰ ਬਹੁਤ ਖੁਸ਼ੀ ਹੋਵੇਗੀ।",
    "좋은 아침입니다. 여행 계획을 세우는 데 도움을 드리게 되어 매우 기쁩니다.",
    "สวัสดีตอนเช้า ฉันยินดีเป็นอย่างยิ่งที่จะช่วยคุณวางแผนการเดินทาง",
)
"""One reply in each of 22 languages that the data set asks for."""


def _limit(number: int, relation: str, limit: int) -> bool:
    return number < limit if relation == "less than" else number >= limit


def _language(text: str, wanted: str) -> bool:
    import langdetect  # noqa: PLC0415

    langdetect.DetectorFactory.seed = 0
    try:
        return bool(langdetect.detect(text) == wanted)
    except langdetect.LangDetectException:
        return True


def _capitals(text: str, facts: Facts) -> bool:
    from nltk.tokenize import NLTKWordTokenizer  # noqa: PLC0415

    words = [word for word in NLTKWordTokenizer().tokenize(text) if word.isupper()]
    return _limit(len(words), facts["capital_relation"], facts["capital_frequency"])


def _sentences(text: str, facts: Facts) -> bool:
    from nltk.tokenize import PunktSentenceTokenizer  # noqa: PLC0415

    return _limit(len(PunktSentenceTokenizer().tokenize(text)), facts["relation"], facts["num_sentences"])


def _highlights(text: str, facts: Facts) -> bool:
    single = [h for h in re.findall(r"\*[^\n\*]*\*", text) if h.strip("*").strip()]
    double = [
        h for h in re.findall(r"\*\*[^\n\*]*\*\*", text) if h.removeprefix("**").removesuffix("**").strip()
    ]
    return bool(len(single) + len(double) >= facts["num_highlights"])


def _paragraphs(text: str, facts: Facts) -> bool:
    parts = re.split(r"\s?\*\*\*\s?", text)
    number = len(parts)
    for index, part in enumerate(parts):
        if not part.strip():
            if index not in {0, len(parts) - 1}:
                return False
            number -= 1
    return bool(number == facts["num_paragraphs"])


def _two(text: str, facts: Facts) -> bool:
    parts = text.split("******")
    valid = [part for part in parts if part.strip()]
    if any(not part.strip() for part in parts[1:-1]):
        return False
    return len(valid) == 2 and valid[0].strip() != valid[1].strip()


def _first_word(text: str, facts: Facts) -> bool:
    parts = re.split(r"\n\n", text)
    number = sum(1 for part in parts if part.strip())
    if facts["nth_paragraph"] > number:
        return False
    part = parts[facts["nth_paragraph"] - 1].strip()
    if not part:
        return False
    word = ""
    for letter in part.split()[0].strip().lstrip("'").lstrip('"'):
        if letter in _PUNCTUATION:
            break
        word += letter.lower()
    return bool(number == facts["num_paragraphs"] and word == facts["first_word"].lower())


def _postscript(text: str, facts: Facts) -> bool:
    marker = facts["postscript_marker"]
    pattern = {"P.P.S": r"\s*p\.\s?p\.\s?s.*$", "P.S.": r"\s*p\.\s?s\..*$"}.get(
        marker, rf"\s*{marker.lower()}.*$"
    )
    return bool(re.findall(pattern, text.lower(), re.MULTILINE))


def _json(text: str, facts: Facts) -> bool:
    body = text.strip()
    for fence in ("```json", "```Json", "```JSON", "```"):
        body = body.removeprefix(fence)
    try:
        json.loads(body.removesuffix("```").strip())
    except ValueError:
        return False
    return True


def _bullets(text: str, facts: Facts) -> bool:
    stars = re.findall(r"^\s*\*[^\*].*$", text, re.MULTILINE)
    return bool(len(stars) + len(re.findall(r"^\s*-.*$", text, re.MULTILINE)) == facts["num_bullets"])


OFFICIAL: Mapping[str, Callable[[str, Facts], bool]] = {
    "change_case:capital_word_frequency": _capitals,
    "change_case:english_capital": lambda t, f: t.isupper() and _language(t, "en"),
    "change_case:english_lowercase": lambda t, f: t.islower() and _language(t, "en"),
    "combination:repeat_prompt": lambda t, f: (
        t.strip().lower().startswith(f["prompt_to_repeat"].strip().lower())
    ),
    "combination:two_responses": _two,
    "detectable_content:number_placeholders": lambda t, f: (
        len(re.findall(r"\[.*?\]", t)) >= f["num_placeholders"]
    ),
    "detectable_content:postscript": _postscript,
    "detectable_format:constrained_response": lambda t, f: any(option in t.strip() for option in _OPTIONS),
    "detectable_format:json_format": _json,
    "detectable_format:multiple_sections": lambda t, f: (
        len(re.split(rf"\s?{f['section_spliter']}\s?\d+\s?", t)) - 1 >= f["num_sections"]
    ),
    "detectable_format:number_bullet_lists": _bullets,
    "detectable_format:number_highlighted_sections": _highlights,
    "detectable_format:title": lambda t, f: any(
        x.lstrip("<").rstrip(">").strip() for x in re.findall(r"<<[^\n]+>>", t)
    ),
    "keywords:existence": lambda t, f: all(re.search(word, t, re.IGNORECASE) for word in f["keywords"]),
    "keywords:forbidden_words": lambda t, f: (
        not any(re.search(rf"\b{word}\b", t, re.IGNORECASE) for word in f["forbidden_words"])
    ),
    "keywords:frequency": lambda t, f: _limit(
        len(re.findall(f["keyword"], t, re.IGNORECASE)), f["relation"], f["frequency"]
    ),
    "keywords:letter_frequency": lambda t, f: _limit(
        t.lower().count(f["letter"].lower()), f["let_relation"], f["let_frequency"]
    ),
    "language:response_language": lambda t, f: _language(t, f["language"]),
    "length_constraints:nth_paragraph_first_word": _first_word,
    "length_constraints:number_paragraphs": _paragraphs,
    "length_constraints:number_sentences": _sentences,
    "length_constraints:number_words": lambda t, f: _limit(
        len(re.findall(r"\w+", t)), f["relation"], f["num_words"]
    ),
    "punctuation:no_comma": lambda t, f: "," not in t,
    "startend:end_checker": lambda t, f: (
        t.strip().strip('"').lower().endswith(f["end_phrase"].strip().lower())
    ),
    "startend:quotation": lambda t, f: len(t.strip()) > 1 and t.strip()[0] == t.strip()[-1] == '"',
}


def replies(prompt: str, told: Sequence[Mapping[str, Any]], bodies: Sequence[str]) -> Iterator[str]:
    """Replies to a prompt: plain bodies, bodies bent towards each instruction, and bent ones that just miss it."""
    for body in bodies:
        yield body
        for each in told:
            yield from _bent(each["id"], each["arguments"], body, prompt)


def _bent(rule: str, facts: Facts, body: str, prompt: str) -> Iterator[str]:
    lines = [line for line in body.split("\n") if line.strip()] or [body]
    yield from {
        "change_case:english_capital": [body.upper()],
        "change_case:english_lowercase": [body.lower()],
        "change_case:capital_word_frequency": [f"{body} IT'S A NEW-YEAR SALE AT A/B", body.upper()],
        "combination:repeat_prompt": [f"{facts.get('prompt_to_repeat', '')}\n{body}", prompt],
        "combination:two_responses": [f"{body}\n******\n{body}", f"{body}\n******\n{body} More."],
        "detectable_format:title": [f"<<{lines[0][:40]}>>\n{body}", f"<< >>\n{body}"],
        "detectable_format:json_format": ['```json\n{"a": 1}\n```', "```JSON\n[1, 2]```", f'{{"a": {body}}}'],
        "detectable_format:constrained_response": [f"My answer is yes. {body}", "my answer is no."],
        "detectable_content:postscript": [f"{body}\nP.S. More", f"{body}\nP. P. S. More", f"{body}\nPS More"],
        "punctuation:no_comma": [body.replace(",", "")],
        "startend:quotation": [f'"{body}"', f'"{body}'],
        "startend:end_checker": [
            f"{body} {facts.get('end_phrase', '')}",
            f'"{body} {facts.get("end_phrase", "")}"',
        ],
    }.get(rule, [])
    count = next((n for n in facts.values() if isinstance(n, int)), 0)
    for number in {max(1, count - 1), count, count + 1} if 0 < count < 60 else set():
        yield from {
            "detectable_format:number_bullet_lists": [
                "\n".join(f"* {lines[n % len(lines)]}" for n in range(number)),
                "\n".join(f"  - {lines[n % len(lines)]}" for n in range(number)),
            ],
            "detectable_format:number_highlighted_sections": [
                body + " *a b*" * number,
                body + " **c**" * number,
            ],
            "detectable_format:multiple_sections": [
                "\n".join(f"{facts.get('section_spliter', '')} {n}\n{body}" for n in range(1, number + 1))
            ],
            "detectable_content:number_placeholders": [body + " [name]" * number],
            "length_constraints:number_paragraphs": ["\n***\n".join([body] * number)],
            "length_constraints:nth_paragraph_first_word": [
                "\n\n".join(
                    f"{facts.get('first_word', '') if n == facts.get('nth_paragraph') else 'So'}, {lines[0]}"
                    for n in range(1, number + 1)
                )
            ],
            "length_constraints:number_sentences": [" ".join(["This is one plain sentence."] * number)],
            "length_constraints:number_words": [" ".join(["word"] * number)],
            "keywords:frequency": [f"{facts.get('keyword', '')} " * number],
            "keywords:letter_frequency": [f"{facts.get('letter', '')} " * number],
        }.get(rule, [])
