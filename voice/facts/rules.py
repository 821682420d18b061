"""By which rules a text is masked: a voice is served by those that it was trained with.

Version 1: links, e-mail addresses, telephone numbers, cards, accounts, keys and passwords, paths, code, handles, and
numbers of five digits. Version 2: also network addresses, coordinates, codes that a word names, vanity and foreign
telephone numbers, user names and passwords of plain words; counts, versions and scores stay to be read.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from phonenumbers import NumberParseException, parse, region_code_for_number

VERSION = 2  # of kinds, placeholders and numbering
VERSIONS = (1, 2)  # that a voice may have been trained with
REGIONS = ("US", "GB", "DE")  # whose telephone numbers never need a country code


class Rules(NamedTuple):
    """The version of the rules, and in what other `regions` (ISO 3166) telephone numbers need no country code."""

    version: int = VERSION
    regions: tuple[str, ...] = ()


CURRENT = Rules()


def rules_to_json(rules: Rules) -> dict[str, Any]:
    """The fields of a masked text in a file that say by which rules it is."""
    return {"masking": rules.version} | ({"phone_regions": list(rules.regions)} if rules.regions else {})


def rules_from_json(content: Mapping[str, Any]) -> Rules:
    """The rules that these fields say, version 1 without them; ValueError where they say none."""
    version, regions = content.get("masking", 1), content.get("phone_regions", [])
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise ValueError("masking is not the number of a version")
    if not isinstance(regions, list) or not all(isinstance(region, str) for region in regions):
        raise ValueError("phone_regions is not a list of texts")
    return Rules(version, tuple(regions))


def regions_of(phones: Iterable[str]) -> tuple[str, ...]:
    """The regions of those of the telephone numbers that have a country code, but for REGIONS, sorted."""
    found = set()
    for phone in phones:
        try:
            found.add(region_code_for_number(parse(phone)))
        except NumberParseException:  # a number without its country code tells nothing
            continue
    return tuple(sorted(region for region in found if region and region.isalpha() and region not in REGIONS))
