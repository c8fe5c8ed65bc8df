"""The command `collarclass occupation`."""

from __future__ import annotations

import click

from collarclass.cli.common import Command, ending
from collarclass.cli.harmless import say, say_json


@click.command(
    cls=Command, epilog='collarclass occupation "mechatronics technician"\ncollarclass occupation 3115 -n 10'
)
@click.argument("query", nargs=-1, required=True)
@click.option("--number", "-n", "n", type=click.IntRange(min=1), default=3, help="How many to show at most.")
@click.option("--json", "as_json", is_flag=True, help="Write one JSON array.")
def occupation(query: tuple[str, ...], n: int, as_json: bool) -> None:
    """Show the occupations nearest to a job title or code.

    QUERY is a title in English or Chinese, or a code of O*NET-SOC 2019, ISCO-08 or CSCO-2022.
    """
    from collarclass.occupation.lookup import OccupationMatch, lookup_occupation

    def lines(match: OccupationMatch) -> list[str]:
        every = (("O*NET-SOC", (match.onet_code,)), ("ISCO-08", match.isco08), ("CSCO-2022", match.csco22))
        codes = [f"{name} {', '.join(found)}" for name, found in every if found]
        return [
            f"{match.title}: {match.label}",
            f"  {'; '.join(codes)}",
            f"  similarity {match.similarity:.2f}, by {match.reason}",
            f"  academic rating {match.academic_rating:g}, hands-on rating {match.hands_on_rating:g}: {match.why}",
        ]

    found = lookup_occupation(" ".join(query), n)
    with ending():
        if as_json:
            import json

            from collarclass.result import plain

            say_json(json.dumps(plain(found), ensure_ascii=False))
        elif not found:
            say("No occupation is like this: nothing in the title is known.")
        else:
            say("\n\n".join("\n".join(lines(match)) for match in found))
