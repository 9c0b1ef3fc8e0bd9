from __future__ import annotations

import re
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback_nlp.language import LanguageGate, Verdict, english_confidence
from feedback_nlp.language_words import COMMON_ENGLISH, FOREIGN_MARKERS
from feedback_nlp.readability import is_keyboard_noise, opaque_share, punctuation_density, unreadable_reason
from feedback_nlp.word_traits import WordTraits

# A small vocabulary as a bundle may hold it: plain words, slang, brands, and stray words of other languages.
KNOWN = frozenset(
    """
    a i is in to of on so was for me my we us app apps parcel order late early box broken screen phone price staff
    room hotel food cold hot size small large wrong card declined checkout page error update crash crashes
    crashing login log password reset refund return shoes dress colour color store shop week weeks day days days
    arrived came never told said call called email answer nobody fix fixed button wifi ok okay thx meh lol no yes
    star stars bad super service hotel problem perfect fit rude itchy smells funny sucks crap product value
    expensive it if but not or be as at an do by am will by up go one two three all day wait waiting hours minutes
    now new old support chat line driver door left rain wet sweater soft fabric tight waist paris berlin samsung
    die gut la el le que de son con les des und der das est non plus come per mais os
    """.split()
)
GATE = LanguageGate(KNOWN)

ENGLISH = """
ok|OK.|k|thx!!|thanks|ty|great|Great!!!|nice app|worst|WORST EVER|gr8|meh|lol no|no|yes|nope|5 stars|5 stars!!|wifi??
A+++|love it|luv it|gud|awsm|osm|not bad|too slow|so so|crap|pls fix|awsome|refund pls|waste of money|super|good|bad
perfect fit|sucks|never again|rude staff|late delivery|keeps crashing|cant login|wont open|amazing|v good|vry nice
Not gud|fab|value for money|too expensive|nice one bro|brilliant|screen broken|idk|omg yes|wtf|smells funny
itchy sweater|runs small|hmmm|soooo good|goooood|Okkk|hahaha|hushhhh|cold food|n/a|LOVE IT|dont buy|excellent|fine
could be better|works|it broke|useless|garbage|10/10 would buy again|8/10 nice room|👍 great|broken :(|:) thanks
The parcel came late and the box was broken.|I would like my money back, please.
My card was declined three times at the checkout.|Nobody answers the phone and nobody answers my emails.
Why does the app log me out every single day?|It would be nice if you could add a dark mode.
The waist is tight but the fabric is soft and I like the colour.|Two weeks of waiting for a pair of shoes. Never again.
Support told me to reset my password, which did not help at all.|Room was clean, staff friendly, breakfast poor.
Please fix the update, it crashes when I open the second page.|Best hotel in Berlin, we loved the view.
The Weltmeister grill from Müller works really well.|We had the crème brûlée and it was lovely.
Ordered a Samsung, got a Nokia.|The Kindergarten bag is great for my son.|i never got my order and they dont care
ur app sux since the last update|Driver left it in the rain :(|whats wrong with ur checkout page?
Great service at the Champs Élysées store, merci!|Very good yaar, fast delivery bhai|It is gut, not great
The word "Lieferung" on the page should be in English.|Error 500 when I pay with my card.
Your site says "NullPointerException" after login, please fix.|Excellent value, would recommend to anyone.
It works with my old phone and with my new phone.|Bought this for my mother, she loves it!
Can you tell me when it will be back in store?|How do I return shoes that I bought online?
They charged me twice and want me to wait a week for the refund.|Cheap, but you get what you pay for.
Smells like petrol and the colour is not what I ordered|Do not buy from these people, they never answer.
WARNING: flimsy plastic|ERROR: page not found!|Windows XP laptop, dead on arrival
first parcel ok, second one broken, third one never came|Queue of forty minutes for one coffee, no thanks.
"""
FOREIGN = {
    "de": "Das Paket kam viel zu spät und war beschädigt.|Sehr gut|Schnelle Lieferung, gerne wieder|danke"
    "|Leider funktioniert die App seit dem Update nicht mehr.|Mein iPhone wurde nie geliefert, schlechter Service"
    "|Alles bestens, die Schuhe passen super|Der Preis ist zu hoch für diese Qualität|Nie wieder",
    "fr": "Le colis est arrivé en retard et abîmé.|très bien|Je ne recommande pas ce produit|Livraison rapide, merci"
    "|Le service client ne répond jamais au téléphone|L'hôtel était propre mais trop bruyant",
    "es": "El paquete llegó tarde y la caja estaba rota.|muy bueno|No me gusta el servicio de este hotel|gracias"
    "|Nunca contestan el teléfono, pésima atención|La aplicación no funciona desde ayer",
    "it": "Il pacco è arrivato in ritardo e rotto.|Non funziona più niente|prodotto ottimo, spedizione veloce"
    "|Il personale è stato molto gentile con noi|Servizio clienti pessimo, mai più",
    "pt": "A encomenda chegou atrasada e a caixa estava partida.|muito bom|não gostei do produto"
    "|Obrigado pelo excelente serviço, recomendo a todos|O aplicativo não abre desde ontem",
    "nl": "Het pakket kwam te laat en de doos was kapot.|heel slecht|Snelle levering en goede service, bedankt"
    "|De klantenservice neemt nooit de telefoon op",
    "pl": "Paczka przyszła za późno i była uszkodzona.|nie polecam|bardzo dobry produkt, szybka dostawa"
    "|Obsługa klienta nie odbiera telefonu",
    "tr": "Paket çok geç geldi ve kutu kırıktı.|çok güzel|Ürün kötü, tavsiye etmem|Kargo hızlı, teşekkürler",
    "hi": "yeh app bahut bekar hai|paisa barbad mat karo bhai, bilkul bekar hai|बहुत अच्छा सामान है"
    "|mera order abhi tak nahi aaya hai",
    "ru": "Посылка пришла поздно, коробка была сломана.|Очень хороший магазин, спасибо",
    "ar": "وصل الطرد متأخرا وكان الصندوق مكسورا|خدمة سيئة جدا ولا أنصح بها",
    "zh": "包裹来得太晚了,盒子也坏了。|很好",
    "ja": "荷物が遅れて届き、箱が壊れていました。|最高です",
    "ko": "상자가 부서져서 늦게 도착했어요|좋아요",
    "el": "Το δέμα ήρθε αργά και το κουτί ήταν σπασμένο",
    "he": "החבילה הגיעה מאוחר והקופסה הייתה שבורה",
    "th": "พัสดุมาช้าและกล่องแตก",
    "sv": "Paketet kom för sent och lådan var trasig",
    "vi": "Gói hàng đến muộn và hộp bị vỡ",
}
NOISE = [
    *"asdfghjkl|dfgdfg hjkhjk|aaaaaaa|;;;;;|1234567|...|-|???|qwertyuiop|zxcvbnm|lkjhgfdsa|jjjjjjjj".split("|"),
    *"asdasd asdasd|hjkl hjkl|sdfsdfsdf|xcvbxcvb|qwrtpsdf|fghfghfgh dfg".split("|"),
    *"00000000|+++---+++|@@@@@@|#$%^&*|====|. . . .".split("|"),
    "bGFzdCB3ZWVrJ3Mgb3JkZXIgd2FzIGxhdGUgYW5kIHdldA==",
    "550e8400-e29b-41d4-a716-446655440000",
    "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    '{"status": 500, "cause": "timeout", "retry": false}',
    '[{"id": 1}, {"id": 2}]',
    'Exception in thread "main" java.lang.NullPointerException\n\tat shop.Cart.add(Cart.java:12)',
    'Traceback (most recent call last):\n  File "cart.py", line 3, in <module>\nKeyError: 7',
    "2025-03-01 10:11:12 ERROR worker-3 lost connection\n2025-03-01 10:11:13 INFO worker-3 retry",
    "[10:11:12] WARN pool exhausted",
    "for (int i = 0; i < n; i++) { total += cart[i]; }",
    '<div class="cart"><span>3</span></div>',
    "SELECT id FROM carts WHERE total > 10;",
    "x = foo(bar);\ny = baz(x);",
    "https://shop.example/cart?id=12",
    "@shop",
    "C:\\>dir | find \"x\" > {out};",
]  # fmt: skip
SIGNS = "👍|👍👍|😡|❤️|:(|:-)|:D|xD|<3|^_^|T_T|¯\\_(ツ)_/¯|10/10|5/5|5|100%|*****|★★★★★|@shop 👍".split("|")
EMPTY = ["", " ", "\n\t ", "\u200b", "\u200b \ufeff", "\u00a0", "\u2800", "\x00"]

WORD = re.compile(r"n't\b|[^\W\d_]+?(?=n't\b)|[^\W\d_]+")
ADDRESS = re.compile(r"(?:https?:|www\.)\S+|@\w+")


def judge(text: str) -> Verdict:
    return GATE.judge(text, words_of(text))


def words_of(text: str) -> list[str]:
    return [word.lower() for word in WORD.findall(ADDRESS.sub(" ", text))]


def lines(block: str) -> list[str]:
    return [text for text in block.replace("\n", "|").split("|") if text]


@pytest.mark.parametrize("text", lines(ENGLISH))
def test_english_is_never_refused(text: str) -> None:
    verdict = judge(text)
    assert (verdict.status, verdict.code) == ("ok", "en")
    assert 0.0 < verdict.confidence <= 1.0


@pytest.mark.parametrize(
    ("code", "text"), [(code, text) for code, block in FOREIGN.items() for text in lines(block)]
)
def test_another_language_is_named_and_gets_no_label(code: str, text: str) -> None:
    verdict = judge(text)
    assert (verdict.status, verdict.code) == ("unsupported_language", code)
    assert 0.0 < verdict.confidence <= 1.0
    assert not GATE.is_surely_english(*GATE.count(words_of(text)))


@pytest.mark.parametrize("text", NOISE)
def test_noise_and_dumps_are_unreadable(text: str) -> None:
    assert judge(text) == Verdict("unreadable", "und", 0.0)
    assert not GATE.is_surely_english(*GATE.count(words_of(text)))


@pytest.mark.parametrize("text", SIGNS)
def test_signs_without_words_are_feedback(text: str) -> None:
    assert judge(text).status == "ok"
    assert judge(text).code == "en"


@pytest.mark.parametrize("text", EMPTY)
def test_what_shows_nothing_is_empty(text: str) -> None:
    assert judge(text) == Verdict("empty", "und", 0.0)


def test_mixed_languages_follow_the_larger_part() -> None:
    assert judge("Die neue Galaxy Watch Active ist leider schlecht verarbeitet").code == "de"
    assert judge("Новый iPhone Pro Max очень хороший, но дорогой").code == "ru"
    assert judge("The 包裹 label on my parcel was wrong and it never arrived").code == "en"


def test_a_language_outside_the_list_is_undetermined() -> None:
    verdict = judge("ⴰⵣⵓⵍ ⴼⵍⵍⴰⵡⵏ")
    assert (verdict.status, verdict.code) == ("unsupported_language", "und")


def test_counts_decide_for_whole_batches_as_for_one_text() -> None:
    texts = [*lines(ENGLISH), *EMPTY, *NOISE, *(text for block in FOREIGN.values() for text in lines(block))]
    counts = [GATE.count(words_of(text)) for text in texts]
    columns = [np.array(column) for column in zip(*counts, strict=True)]
    assert GATE.is_surely_english(*columns).tolist() == [
        bool(GATE.is_surely_english(*count)) for count in counts
    ]
    np.testing.assert_array_equal(
        english_confidence(*columns), [english_confidence(*count) for count in counts]
    )


@pytest.mark.parametrize(
    ("counts", "sure"),
    [((0, 0, 0), False), ((1, 1, 0), False), ((1, 1, 1), True), ((10, 8, 1), True), ((10, 7, 5), False),
     ((20, 20, 1), False), ((20, 16, 2), True)],
)  # fmt: skip
def test_limits_of_the_cheap_decision(counts: tuple[int, int, int], sure: bool) -> None:
    assert bool(GATE.is_surely_english(*counts)) is sure


def test_confidence_of_the_cheap_decision_is_the_documented_function() -> None:
    assert english_confidence(np.array([1, 8]), np.array([1, 6]), np.array([1, 2])).tolist() == [
        0.75,
        0.65625,
    ]


@given(st.lists(st.sampled_from(sorted(COMMON_ENGLISH) + sorted(KNOWN) + ["danke", "xqz", "é"]), max_size=12))
def test_judge_agrees_with_the_cheap_decision(words: list[str]) -> None:
    counts = GATE.count(words)
    if GATE.is_surely_english(*counts):
        assert GATE.judge(" ".join(words), words) == Verdict("ok", "en", float(english_confidence(*counts)))


@given(st.text(max_size=60))
def test_any_text_gets_a_verdict(text: str) -> None:
    verdict = judge(text)
    assert verdict.status in {"ok", "empty", "unsupported_language", "unreadable"}
    assert 0.0 <= verdict.confidence <= 1.0
    assert (verdict.status == "ok") == (verdict.code == "en")
    assert judge(text) == verdict


def test_word_lists_do_not_overlap() -> None:
    assert COMMON_ENGLISH.isdisjoint(FOREIGN_MARKERS)


def test_the_identifier_is_loaded_only_when_needed() -> None:
    program = (
        "import sys; from feedback_nlp.language import LanguageGate; gate = LanguageGate(['parcel']);"
        "gate.judge('the parcel', ['the', 'parcel']); assert 'py3langid' not in sys.modules;"
        "gate.judge('danke', ['danke']); assert 'py3langid' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.parametrize(
    ("text", "reason"),
    [("....", "no letters"), ('{"a": 1}', "structured data"), ("bGFzdCB3ZWVrJ3Mgb3JkZXIgd2FzIGxhdGU=", "encoded"),
     ("at shop.Cart.add(Cart.java:12)", "log or code"), ("hjkhjk", "keyboard noise"), ("hjkhjk works well", None),
     ("if you like it :)", None), ("size = small", None), ("ugh >< sorry", None)],
)  # fmt: skip
def test_the_reason_is_told(text: str, reason: str | None) -> None:
    words = WordTraits(KNOWN).of_all(words_of(text))
    assert unreadable_reason(text, words.letters, words.noise) == reason


@pytest.mark.parametrize("word", "asdf qwert lkjh aaaa hjkhjk asdasd bcdfgh hdhdjdjd".split())
def test_keyboard_noise(word: str) -> None:
    assert is_keyboard_noise(word)


@pytest.mark.parametrize(
    "word", "thx typewriter property wert hahaha rhythm hmmmm strength salad świat weltschmerz".split()
)
def test_words_that_are_no_keyboard_noise(word: str) -> None:
    assert not is_keyboard_noise(word)


@pytest.mark.parametrize(
    "unit", ["(", ".", "x", ":)", "a.", "@", "é", "=", ") ", "<", "T_", "9", "ha", "ʕ", "{", "[", "-_"]
)
def test_long_texts_take_linear_time(unit: str) -> None:
    # A quadratic pattern would need minutes here.
    text = unit * 200_000
    assert judge(text).status in {"ok", "unsupported_language", "unreadable"}


def test_densities() -> None:
    assert punctuation_density("a = {};") == 0.8
    assert punctuation_density("plain words") == 0.0
    assert opaque_share("550e8400-e29b-41d4-a716-446655440000") == 1.0
    assert opaque_share("https://shop.example/550e8400-e29b-41d4-a716-446655440000 see") == 0.0
