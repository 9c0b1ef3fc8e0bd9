"""Words that must not change a verdict: names, places, days, brands, and what people are. Each kind reads as one form.

A model that never sees which name, nationality, religion, skin, gender or sexuality stands in a text cannot judge by
it. The lists are short and common; what is also an everyday word of feedback ("bill", "mark", "old") is left out.
"""

from __future__ import annotations

from typing import Final

__all__ = ["NEUTRAL_FORMS"]

_NAMES: Final = """
aaron abby abdul abdullah adam adrian agnes ahmad ahmed aisha alan albert alejandro alex alexander alexandra alfred
ali alice alicia alison amanda amara amelia amina amir amy ana andrea andreas andrew andy angela anil anita anja ann
anna anne annie anthony antonio anya arjun arthur arun asha ashley astrid barbara bart ben benjamin bernard beth
betty bjorn bob boris brandon brenda brian bruno carl carla carlos carmen carol caroline catherine cecilia charles
charlotte chen chloe chris christina christine christopher claire clara claudia colin connor craig cynthia daisuke
daisy dan daniel daniela danny darren dave david debbie deborah deepak denise dennis derek diana diane diego dimitri
dmitri dominic donald donna dorothy doug douglas duncan dylan ed eddie edith edward eileen elena eleanor elizabeth
ella ellen emil emily emma eric erica erik ethan eva evelyn fabian farah fatima felix fernando fiona florence
frances francesca francis franz freya gabriel gareth gary george georgia gerald geoff giovanni gina giulia gloria
gordon grace greg gregory gustav hans harriet harry hassan heather hector heidi helen helena henrik henry hiroshi
howard hugo hussein ian ibrahim ines ingrid irene iris isaac isabel isabella ivan jackie jacob jacqueline jake jakob
jamal james jamie jan jane janet janice jason javier jean jeff jeffrey jenny jennifer jens jerome jerry jessica jill
jim jimmy joan joanna joe johan johannes john johnny jonas jonathan jordan jorge jose joseph joshua juan juanita
judith judy julia julian julie jung justin karen karim karl kate katherine kathleen kathy katie katrin keith kelly
ken kenji kenneth kenny kevin khalid kim kirsten klaus kofi kumar kwame kyle lakshmi larry lars laura lauren lee
leila lena leo leon leroy leslie lewis li liam lina linda lisa liu lorenzo louis louise luca lucas lucia lucy luis
luka luke lydia magda maggie malik manuel marcel marco marcus margaret maria mariam marie marina mario marion martha
martin martina mary maryam matt matteo matthew maureen mehmet mei melanie melissa michael michelle miguel mike
mikhail mohamed mohammed moira molly monica mustafa nadia nancy naomi natalia natalie natasha neil nicholas nicola
nicole nigel nikita nina noah noor nora norman olaf oleg olga oliver olivia omar oscar otto owen pablo pamela
patricia patrick paul paula pedro peggy peter petra philip phoebe pierre piotr priya rachel rahul raj rajesh ralph
ramon raquel rashid raul ravi raymond rebecca regina rene richard rita robert roberto robin rodrigo roger roland
ronald rosa rosie ross roy ruben rupert ruth ryan sadia sally sam samantha samir samuel sandra sanjay sara sarah
scott sean sebastian sergei sergio shannon sharon sheila shirley simon simone sofia sonia sophia sophie stefan
stella stephanie stephen steve steven stuart sunita susan suzanne svetlana sven tamara tanya tara tariq tatiana ted
teresa terry theo theresa thomas tim timothy tina tobias todd tom tomas tommy tony tracy tyler ulrich ursula
valentina vanessa vera veronica victor victoria vijay vincent vladimir walter wei wendy werner wilhelm william
xavier yasmin yolanda yuki yusuf yvonne zainab zara zoe novak smith jones johnson williams brown garcia patel khan
nguyen singh
""".split()

_PLACES: Final = """
aberdeen adelaide africa alabama alaska alberta algeria america amsterdam ankara argentina arizona arkansas asia
athens atlanta auckland austin australia austria baltimore bangalore bangkok bangladesh barcelona beijing belfast
belgium belgrade berlin bern birmingham bogota bolton boston bradford brazil brighton brisbane bristol britain
brooklyn brussels bucharest budapest buffalo bulgaria cairo calgary california cambridge cameroon canada cardiff
casablanca charlotte chennai chicago chile cincinnati cleveland cologne colombia colorado connecticut copenhagen
croatia cuba cyprus dallas delaware delhi denmark denver detroit dhaka dubai dublin dundee durban edinburgh egypt
england essex estonia ethiopia europe finland florence florida france frankfurt geneva germany ghana glasgow greece
guatemala hamburg hanoi hawaii helsinki houston hungary iceland idaho illinois india indiana indonesia iowa iran
iraq ireland islington israel istanbul italy jakarta jamaica japan jerusalem johannesburg kansas karachi kent
kentucky kenya kiev krakow kuwait lagos lahore lebanon leeds leicester lima lisbon liverpool london louisiana
luxembourg lyon madrid maine malaysia malta manchester manhattan manila marseille maryland massachusetts melbourne
memphis mexico miami michigan milan milwaukee minneapolis minnesota mississippi missouri montana montreal morocco
moscow mumbai munich nairobi nashville nebraska nepal netherlands nevada newcastle nigeria norfolk norway norwich
nottingham ohio oklahoma omaha ontario oregon orlando oslo ottawa oxford pakistan palestine paris pennsylvania perth
peru philadelphia philippines phoenix pittsburgh plymouth poland portland porto portugal prague pune quebec
queensland riyadh romania rome rotterdam russia sacramento salford santiago scotland seattle seoul serbia shanghai
sheffield singapore slovakia slovenia southampton spain stockholm stuttgart sunderland surrey sussex swansea sweden
switzerland sydney syria taiwan tampa tehran tennessee texas thailand tokyo toronto tulsa tunisia uganda ukraine
utah vancouver venice vermont vienna vietnam virginia wales warsaw washington wellington wisconsin wyoming york
yorkshire zurich
""".split()

#: Nationality, religion, sexuality, skin and body: what people are, which never says how good a service is.
_PEOPLES: Final = """
african american arab argentinian asian australian austrian bangladeshi belgian brazilian british bulgarian canadian
caribbean caucasian chilean chinese colombian croatian cuban czech danish dutch egyptian english ethiopian european
finnish french german ghanaian greek hispanic hungarian icelandic indian indonesian iranian iraqi irish israeli
italian jamaican japanese kenyan korean latina latino lebanese malaysian mexican moroccan nepali nigerian norwegian
pakistani palestinian persian peruvian polish portuguese romanian romani russian scottish serbian slovak somali
spanish sudanese swedish swiss syrian taiwanese thai tunisian turkish ukrainian vietnamese welsh atheist buddhist
catholic christian hindu jew jewish mormon muslim orthodox protestant sikh asexual bisexual gay heterosexual
homosexual lesbian queer straight trans transgender transsexual black white brown autistic blind deaf disabled
pregnant dyslexic diabetic
""".split()

_PERSONS: Final = (
    "woman women man men girl girls boy boys lady ladies gentleman gentlemen guy guys person".split()
)
_FAMILY: Final = """
mother father mum mom dad mummy mommy daddy parent parents wife husband daughter daughters son sons sister sisters
brother brothers grandmother grandfather grandma grandpa gran granny granddad grandson granddaughter aunt uncle
cousin nephew niece spouse fiance fiancee girlfriend boyfriend
""".split()
_DAYS: Final = """
monday mondays tuesday tuesdays wednesday wednesdays thursday thursdays friday fridays saturday saturdays sunday
sundays january february april june july august september october november december
""".split()
_BRANDS: Final = """
adidas aldi alibaba amazon argos asda asos asus aldo bosch braun canon carrefour costco currys dell dyson ebay etsy
fedex fujitsu gucci hermes hisense homebase huawei ikea kmart kohls lenovo levi lidl logitech macys makita miele
motorola myntra nike nikon nintendo nokia panasonic philips primark puma reebok samsung sainsbury sainsburys sephora
shein siemens sony tesco toshiba walgreens walmart wayfair wilko zalando zara
""".split()

#: Pronouns of persons read as the one that says nothing of gender.
_PRONOUNS: Final = {
    "he": "they",
    "she": "they",
    "him": "them",
    "his": "their",
    "her": "their",
    "hers": "theirs",
    "himself": "themselves",
    "herself": "themselves",
    "themself": "themselves",
}

NEUTRAL_FORMS: Final[dict[str, str]] = {
    **dict.fromkeys(_BRANDS, "<brand>"),
    **dict.fromkeys(_NAMES, "<name>"),
    **dict.fromkeys(_PLACES, "<place>"),
    **dict.fromkeys(_PEOPLES, "<people>"),
    **dict.fromkeys(_PERSONS, "<person>"),
    **dict.fromkeys(_FAMILY, "<family>"),
    **dict.fromkeys(_DAYS, "<day>"),
    **_PRONOUNS,
}
