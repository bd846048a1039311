"""What makes a Swedish sentence a question or a request, as words and word order."""

import re
from typing import Final

from watchdaemon.triage._text import word_set

SUBJECTS: Final = word_set(
    "jag du han hon vi ni de dom det den man någon nån ngn något nåt några nåra alla alltihop ingen inget inga "
    "denna detta dessa hen folk er dem en ett allt min mitt mina din ditt dina vår vårt våra ert era hans "
    "hennes deras ens"
)
"""Pronouns and determiners a subject begins with."""

SUBJECT_PRONOUNS: Final = word_set("jag du han hon hen vi ni de dom det den man någon nån alla")

CLEAR_SUBJECTS: Final = word_set("jag du han hon hen vi ni man någon nån ngn")
"""Pronouns that are never an object."""

ADVERBS: Final = word_set(
    "tillbaka inte nån någon också kvar här där hem upp ut in på i till snart imorgon idag öppen öppet öppna "
    "klar klart klara igen ens fortfarande nu"
)
"""After "den" or "de" these show that it is the subject, not the beginning of one."""

REPORTING: Final = word_set("tänker tänkte vet visste hör ser såg undrar säger")

AUXILIARIES: Final = word_set(
    "är e ä var har hade kan kunde ska skall skulle vill ville måste får fick bör borde blir blev finns fanns "
    "kommer brukar brukade gäller behöver behövs går gick gör gjorde ser såg vet visste tar tog ger gav ligger "
    "låg står stod stämmer duger räcker krävs kostar hinner håller funkar fungerar öppnar stänger orkar törs "
    "vågar lär må sitter heter betyder låter känner hör tänker tänkte vore"
)
"""Verbs that begin questions so often that nearly any subject may follow."""

PAST: Final = word_set(
    "tänkte brukade visste stod sa sade bjöd sov var hade åt drack sjöng stal skrev sprang kom tog gav fick "
    "gick låg satt hann hörde vann föll slog bröt bar flög frös höll lät log sköt slapp stack svor bad drog "
    "försvann körde gjorde såg ville blev fanns"
)
"""Verbs in the past tense that no ending gives away."""

COMMANDS: Final = re.compile(
    r"gör (?:det|den) (?:nu|fort|själv|bara|inte|igen|genast|för)\b|gör (?:det|den|dig)$|hör (?:ni|du)\b"
    r"|lär dig\b|känner mig\b"
)
"""Verb first without asking."""

DROPPED_AFTER: Final = word_set(
    "inte definitivt gärna snart så bara också alltid aldrig nog ju väl verkligen redan nu mycket väldigt "
    "riktigt helt ganska lite bli vara ha få gå kunna varit haft blivit fått gått gjort sett bra kul fint "
    "roligt skönt härligt glad nöjd tyvärr ännu fortfarande precis nästan absolut säkert tydligen egentligen "
    "att tillbaka hem dit hit tack och eller som när om på i till från med av för under över efter"
)
"""After a verb in front these say that the subject was left out ("Ska bli kul", "Kan inte komma"), not put behind."""

SAYING: Final = word_set(
    "tycker tyckte tror trodde hoppas hoppades önskar anser antar älskar saknar gillar känns kändes låter "
    "verkar tackar gratulerar hälsar uppskattar föredrar föreslår instämmer håller menar förstår"
)
"""Verbs people begin a statement with, leaving "jag" out; what follows is then a clause."""

QUESTION_WORDS: Final = word_set(
    "vafan vaffö när var hur vem vems vad varför vilken vilket vilka vart varifrån hurdan hurdant hurdana va hurså"
)

PREPOSITIONS: Final = word_set("i på till från med för om av vid under efter åt hos mot sedan")

EXCLAIMED: Final = word_set(
    "bra fint fin fina kul roligt rolig roliga härligt härlig härliga skönt skön snyggt snygg snygga gott god "
    "goda tråkigt tråkig synd vackert vacker vackra underbart underbar underbara mysigt mysig glad glada snällt "
    "snäll snälla trevligt trevlig trevliga spännande intressant tokigt dumt otroligt fantastiskt fantastisk "
    "fantastiska kallt varmt jobbigt sorgligt hemskt hemsk förfärlig förfärligt dålig dåligt duktig duktiga "
    "duktigt söt söta sött stor stort gulligt gullig festligt"
)
"""After "vad", "så" or "vilken": an exclamation ("vad fint det blev")."""

MEASURES: Final = word_set(
    "mycket många länge ofta gammal gammalt gamla stor stort stora lång långt långa högt hög höga djupt djup "
    "dyrt dyr tidigt sent fort snabbt nära bra stark starkt pass dags kommer så sa"
)

NOT_VERBS: Final = word_set(
    "trots alls dels dags tills affär par kar hur när eller för efter under över mer fler per där här år er ner "
    "ur dagar timmar personer kronor barnfamiljer mor far bror syster vår inte både redan ute inne bort borta "
    "dock sedan flera sådana denne senaste bästa sista första andra nästa hela samma alltså också sommar vinter "
    "dotter vatten februari januari september oktober november december måndagar"
)
"""Words that end like a finite verb and are none."""

VERB_ENDING: Final = re.compile(
    r"[^\W\d_]+(?:ar|er|år|ör|or|yr|är|dde|ade|lde|nde|rde|kte|ste|pte|tte|as|es|rs|ns|ts|ls|gs|ks|ds)$"
)
THE_NOUN: Final = re.compile(r"[^\W\d_]{3,}(?:en|et|na|arna|orna)")
"""A noun that is plainly definite: "badet", "affären", "hundarna"."""

NOUN_IN_THE: Final = re.compile(r"[^\W\d_]{2,}(?:en|et|an|na|erna|arna|orna|n|t)$")

OPENERS: Final = word_set(
    "å hej hejsan hallå tjena tja tjenare god dag morgon kväll hejhej hello hi hey ursäkta förlåt men och eller "
    "ja jo nej nä nå nåja jaha okej ok fråga tack ps alltså ju asså förresten kära bästa snälla"
)
"""What may stand before the real beginning."""

SUBORDINATORS: Final = word_set(
    "om när eftersom innan medan sedan då fast fastän trots ifall därför genom efter före för utan tills i på "
    "vid till från med under enligt idag igår imorgon ibland nu sen där här dessutom däremot även förr kanske "
    "annars oftast vanligtvis alltid därefter som hur ju"
)
"""A clause that begins so pulls the next one's verb to its front: inversion there is no question."""

CONDITION: Final = re.compile(
    r"\b(?:ska|kan|måste|bör|får|behöver|kommer|blir|är|har) (?:du|man|dig)\b"
    r"|\bså (?:ska|kan|är|har|får|blir|kommer|hör|ring|kontakta|mejla)\b"
    r"|\bgärna \w+"
    r"|\b(?:är|står) det (?:bara|fritt|klokt|bäst|viktigt)\b"
    r"|\bså (?:anmäl|ta|skriv|gå|läs|besök|kom|fråga|skicka|säg)\b"
    r"|, (?:kontakta|ring|mejla|vänd|gå|logga|läs|besök|hör|skicka|skriv|klicka|ta|kom)\b"
)
"""What follows a verb in front that means "if": "Är du sjuk ska du stanna hemma", "Har du frågor, ring oss".

"Ni" is the organisation: "har ni tid kan ni ringa" asks.
"""

_ASKED = (
    r"(?:jag|vi|man) (?:bara |mest |också )?undra(?:r|de)",
    r"^undrar?\b(?! (?:inte på|gör))",
    r"har en (?:\w+ )?fråga",
    r"^(?:en |min )?(?:\w+ )?fråga$",
    r"(?:någon|nån|ngn)(?:\s+\w+)? som (?:vet|har|kan|känner)",
    r"vet (?:ni|du|någon|nån)\b",
    r"(?:vill|skulle vilja|önskar|behöver) (?:gärna )?(?:veta|få veta|fråga|boka|anmäla|(?:ha|få) (?:svar|hjälp))",
    r"(?<!du )(?<!ni )hör (?:gärna )?av (?:er|dig)",
    r"(?:skicka|svara|länka|mejla|maila|ring|meddela|visa) (?:gärna|tack)\b",
    r"(?:svar|besked|återkoppling) önskas\b",
    r"(?:återkom|återkoppla)\b",
    r"(?:svara|ring|mejla|maila|kontakta) mig",
    r"(?:tacksam|glad) för (?:svar|hjälp|besked|återkoppling|tips)",
    r"svar tack",
    r"snälla (?:kan|ni|byt|gör|se till|skicka|lägg|svara|hjälp|fixa|laga|ploga|sanda|öppna|åtgärda|ta bort)",
    r"(?:någon|nån|har ni) (?:info|tips)",
    r"(?:hur|var|när) (?:gör|hittar|får|kan|ska|går|kommer|öppnar|stänger|börjar|blir) (?:jag|man|vi|ni|de[nt]?)\b",
    r"(?:hur|var|när) (?:öppnar|stänger|börjar|hittar) \w+(?:et|en|n)\b",
    r"går det (?:bra )?att\b",
    r"finns det (?:någon|nån|något|nåt|några|möjlighet)",
    r"(?:fixa|laga|åtgärda|sanda|ploga|städa|salta|röj) (?:\w+ ){0,3}(?:snarast|tack|nu|genast)",
    r"^hjälp (?:att|med|mig|oss)\b",
    r"hur (?:kommer det sig|fungerar det|funkar det)",
    r"det vore bra (?:om ni|att veta)",
)

REQUESTS: Final = re.compile(rf"\b(?:{'|'.join(_ASKED)})")
"""Phrases that ask for an answer or an action wherever they stand."""

TENTATIVE: Final = re.compile(
    r"\b(?:kan|skulle|kunde|vill) (?:ni|någon|nån|inte ni|du)\b"
    r"|^(?:ni|du|det|man|de) \w+ väl\b"
    r"|^(?:fixa|laga|åtgärda|ploga|sanda|sopa|förklara|berätta|rekommendera|tipsa|meddela|informera)\b"
)
"""What asks when people write as they talk, and states in careful prose."""

FAULTS: Final = re.compile(
    r"\b(?:fungerar|funkar) (?:\w+ )?inte\b"
    r"|\b(?:är|e|ä|har varit|var) (?:\w+ )?(?:trasig|trasigt|trasiga|sönder|ur funktion)\b"
    r"|\bhar gått sönder\b"
)
"""Somebody tells of what is broken: often meant as a request to mend it."""

TAGS: Final = frozenset({("eller", "hur"), ("eller", "inte"), ("inte", "sant"), ("eller", "va"), ("eller", "nej")})

EXCLAMATIONS: Final = word_set("va vad jaså jaha nähä allvarligt seriöst ursäkta öh hallå hur nej jo eh hm hmm")
"""With nothing else, a question mark after one of these shows surprise and asks for nothing."""

RHETORICAL: Final = re.compile(
    r"\b(?:hur (?:svårt|dum|dumma|korkad|korkade|jävla \w+|fan) (?:kan|får|är|ska)\b|hur (?:är det möjligt"
    r"|tänker ni|tänkte ni)"
    r"|vem (?:bryr sig|orkar|tror|fan)|vad är det för fel på|är ni (?:dumma|sjuka|helt|inte kloka|galna)"
    r"|är det (?:ett )?skämt"
    r"|skämtar (?:ni|du)|på riktigt$|varför är (?:jag|man) inte förvånad|ska (?:man|vi) skratta eller gråta"
    r"|vad trodde (?:ni|du)"
    r"|vad annars$|vem hade trott|kan (?:det|livet) bli bättre|finns det något bättre|visst är (?:det|den)|eller hur$)"
)
"""What a question mark follows when people complain or cheer: it may still be meant, so a person looks."""
