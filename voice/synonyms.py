"""Plain words for what an assistant says formally, the same for everybody; the rest is learned from a voice's pairs.

In: a stem. Out: the stems that say the same. Only words that stand for one another in nearly any sentence are here, and
no two that differ in who, when, how much or whether.
"""

from voice.words import stem

_GROUPS = """
great wonderful excellent fantastic awesome terrific amazing nice good | hard difficult tough tricky | problem trouble
issue | start begin commence | finish complete done end | say said mention state advise inform tell told note | guy
person man fellow gentleman | guys folks people everyone everybody team all | big large huge | small little tiny |
quick fast rapid quickly promptly swiftly | get obtain receive got acquire | buy purchase | help assist assistance aid
support | ask inquire request enquire | answer reply respond response | send forward pass | show display demonstrate |
use utilize utilise | need require must | try attempt | think believe guess suppose suspect figure reckon | want wish
desire | let allow permit | keep continue remain retain | fix correct repair resolve | check verify confirm review
look | talk speak chat conversation discuss | call phone ring telephone | sorry apologize apologise apology | happy
glad pleased delighted | mad angry upset annoyed | weird strange odd unusual | stuff things items materials belongings
| kid child | mom mother mum | dad father | boss manager supervisor | job work position employment | cash money funds
| place location spot | house home residence | doctor physician | movie film | store shop | car vehicle | info
information details | docs documents | email mail message note | meeting appointment | maybe perhaps possibly | really
truly very quite extremely genuinely pretty so actually | just simply merely only | also additionally too furthermore
moreover | but however though although | so therefore thus hence consequently | about regarding concerning
approximately around roughly | now currently presently | soon shortly | later afterwards | again once anew | before
prior previously earlier | after following | enough sufficient | whole entire complete | main primary principal | next
following upcoming | last previous final | right correct | ok okay fine alright acceptable | cool fine great | dumb
stupid foolish silly | crazy insane | tired exhausted | rich wealthy | funny amusing hilarious humorous | scared
afraid frightened | sure certain certainly definitely absolutely | yes yeah certainly indeed | find locate | choose
select pick | make create produce | build construct | give provide supply grant | join attend come
make | happen occur | live reside | look
appear seem | see notice observe view | understand realize realise comprehend | wait await | leave depart | come
arrive | go travel head | end conclude | meet encounter | hurry rush | drop decrease | reach contact | set arrange
schedule | plan intend | seem appear | bit little slightly somewhat | lot lots many much numerous considerable plenty
deal | kind sort type | chance opportunity moment | reason cause | way manner | part portion | total sum | cost price
| bill invoice | trip journey travel | vacation holiday | food meal | lunch meal | dinner meal supper | quit resign
stop | hire employ | mistake error oversight | idea thought suggestion | anyway regardless | tonight evening |
tomorrow tmrw tmr | lucky fortunate fortunately luckily | unlucky unfortunate unfortunately sadly | bad poor terrible
awful unpleasant | sick ill unwell
"""

_KINDRED: dict[str, frozenset[str]] = {}
for _group in _GROUPS.split("|"):
    _stems = frozenset(map(stem, _group.split()))
    for _stem in _stems:
        _KINDRED[_stem] = _KINDRED.get(_stem, _stems) | _stems


def synonyms(word: str) -> frozenset[str]:
    """The stems that say the same as this stem, itself among them."""
    return _KINDRED.get(word) or frozenset({word})
