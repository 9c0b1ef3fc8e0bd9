"""Word lists of the language gate: words that only English has, and words that English does not have.

Both lists are short on purpose and hold only words of everyday feedback. `COMMON_ENGLISH` leaves out every frequent
English word that another language writes in the same way ("in", "was", "so", "an", "no", "me", "is", "of", "for",
"to", "has", "time", "bad", "app", "super"), since a sentence of that language may hold several of them.
Measured: 30 % of the words of English feedback are in it, against 0.1 to 0.9 % of those of German, French, Spanish,
Italian and Portuguese tweets. `FOREIGN_MARKERS` leaves out words that English feedback uses too ("die", "gut", "son",
"come", "plus", "non"); a word may belong to several languages.
"""

from __future__ import annotations

__all__ = ["COMMON_ENGLISH", "FOREIGN_MARKERS"]

#: Very common English function and feedback words that no other listed language writes in the same way.
COMMON_ENGLISH: frozenset[str] = frozenset(
    """
    the and this that these those they their them you your yours our she his its with from would could should
    have had having are were been being does did doing n't not don't doesn't didn't can't cannot isn't wasn't won't
    what which who why how when where here there then than because while though although until after before since
    about into through during without within again only just very really too much many more most some any if
    every each both other another enough such even still never always ever already yet back out off down first two
    something anything nothing everything everyone someone anyone else
    get got getting give gave given make makes made making take took use used using want wanted need needed know
    think thought found work works working worked try tried look looks looking buy bought ordered keep
    love loved like liked great good best better worse worst nice awesome amazing poor lovely beautiful
    quality things people please thanks thank disappointed recommend worth money easy slow cheap
    waste friendly comfortable helpful customer delivery delivered
    """.split()
)

_WORDS_OF = {
    "de": """der das und nicht ist ich ein eine einen einem einer mit für auf sehr auch aber wie sich wir ihr nur noch
        nach bei zum zur wenn kein keine dass habe sind wird werden wurde immer leider schlecht danke schnell schnelle
        gerne wieder alles nichts nie mehr oder weil durch über haben kann muss mir mich dem den einfach ganz schon
        jetzt heute lieferung bestellung qualität preis gekauft geht funktioniert empfehlen empfehlenswert
        zufrieden enttäuscht schlechte gutes guter tolles toll""",
    "fr": """est une pas vous nous dans pour avec sur mais très qui que ce cette ces mes ses sont
        je il elle ils du été être fait tous bonne rien jamais merci
        mauvais mauvaise livraison produit commande déçu rapide recommande même trop aussi quand comme leur
        faire suis avez ont où dès aucun""",
    "es": """una que con por muy pero más esta esto está sus
        también cuando todos nada nunca siempre bueno buena buenos excelente gracias gusta
        producto servicio calidad precio envío porque hay tiene fue ser donde sobre desde mejor peor
        recomiendo llegó malísimo pésimo ese eso mucho""",
    "it": """gli una che sono più molto anche questo questa della delle degli nel
        hanno tutto tutti buono buona ottimo ottima pessimo grazie prodotto servizio spedizione
        consiglio funziona sempre qualità prezzo perché quando essere stato stata arrivato""",
    "pt": """uma não que com por muito mas esta isso são das nas nos
        também quando já tudo nada nunca sempre bem boa ruim excelente obrigado obrigada produto serviço ótimo
        péssimo qualidade preço entrega chegou recomendo gostei você ele ela foi ser tem porque meu minha sua""",
    "nl": """het een niet van je dat voor zijn maar ook bij nog naar wel heel goed goede
        slecht slechte snelle snel levering bedankt dank zeer mooi geen deze mijn hebben heeft wordt
        werd kan worden meer alles altijd nooit""",
    "pl": """nie się jest że jak ale za po już tylko bardzo dobry dobra dobrze zły polecam
        dziękuję produkt jakość dostawa szybka szybko wszystko był była było są dla""",
    "tr": """bir bu çok için ama gibi değil var yok daha kötü güzel iyi ürün teşekkürler teşekkür kargo
        hızlı berbat tavsiye ederim kadar sonra olarak""",
    "hi": """hai hain nahi nahin nhi bahut bhut bohot accha acha achha achhi acchi bekar bekaar paisa hota hoti kya
        kyu kyun mera meri mere aap yeh ye bhi ki ke ko mein kar karo karna raha rahi gaya
        gayi tha thi ek aur lekin bhai yaar liye sab koi kuch phir bilkul
        toh mujhe hume tera teri abhi aaya aayi gya rhi rha hoon chahiye jata jaata jaati wala wale wali kuchh unhe isko
        usko kaise kaisa itna ghatiya karte karti sakte sakta dekho diya hua hui""",
    "sv": "och att det är inte jag som för på med av den mycket dålig tack bara från",
    "no": "og det ikke jeg som på med av den veldig dårlig takk",
    "da": "og det ikke jeg som på med af den meget dårlig tak",
    "id": "yang dan tidak ini itu dengan untuk bagus jelek barang sangat terima kasih saya tapi sudah bisa mahal",
}


def _languages_by_word() -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for code, words in _WORDS_OF.items():
        for word in words.split():
            found[word] = (*found.get(word, ()), code)
    return found


#: Everyday words that English lacks, each with the ISO 639-1 codes of the languages that have it.
FOREIGN_MARKERS: dict[str, tuple[str, ...]] = _languages_by_word()
