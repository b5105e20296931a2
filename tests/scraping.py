"""Reading metrics as monitoring does: a page of lines, each a name with labels and a number."""

import re

import httpx2


class Page:
    """One scrape."""

    def __init__(self, text: str) -> None:
        self.text = text

    def value(self, line: str) -> float:
        """The number of a line, named without the product's prefix; 0 where there is none yet."""
        found = re.search(rf"^{re.escape(f'quittance_{line}')} (.+)$", self.text, re.MULTILINE)
        return float(found[1]) if found else 0.0


async def scrape(http: httpx2.AsyncClient, url: str = "") -> Page:
    """What the door says now."""
    answer = await http.get(f"{url}/metrics")
    assert answer.status_code == 200, answer.text
    return Page(answer.text)
