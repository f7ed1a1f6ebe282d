"""An LLM's Markdown as sent to Slack: it looks the same, is harmless, and fits into parts."""

import re

import pytest

from channels.providers.slack.outgoing.presentation import BLOCK_LIMIT, content, split

JOINER = "\u2060"
PING = re.compile(r"<[@!#]|@(?:channel|here|everyone)\b|&(?:lt|#0*60|#x0*3c)\b", re.IGNORECASE)


def block(part: str) -> str:
    [only] = content(part, has_blocks=True)["blocks"]
    assert only["type"] == "markdown"
    return str(only["text"])


def text(part: str) -> str:
    return str(content(part, has_blocks=False)["text"])


@pytest.mark.parametrize(
    ("written", "as_text"),
    [
        ("# Hours", "*Hours*"),
        ("**bold** *it* _it_ ~~no~~ `a_b`", "*bold* _it_ _it_ ~no~ `a_b`"),
        ("- a\n  - b\n    1. c\n- d", "• a\n    • b\n        1. c\n• d"),
        ("7. seven\n8. eight", "7. seven\n8. eight"),
        ("> said\n> so", "> said\n> so"),
        ("[us](https://a.example/x)", "<https://a.example/x|us>"),
        ("![menu](https://a.example/m.png)", "<https://a.example/m.png|menu>"),
        ("```py\nif a < b:\n    pass\n```", "```\nif a &lt; b:\n    pass\n```"),
        ("| a | b |\n| --- | --: |\n| 1 | 22 |", "```\na  b\n-  --\n1  22\n```"),
        ("one\n\n---\n\ntwo & three", "one\n\n---\n\ntwo &amp; three"),
    ],
)
def test_markdown_is_kept_in_the_block_and_converted_to_mrkdwn_in_the_text(written: str, as_text: str) -> None:
    assert split(written) == [block(written)]
    assert text(written) == as_text
    kept = written.replace("![", "[").replace("_it_", "*it*")
    assert block(written) == kept


PINGS = [
    "<!channel>", "<!here|here>", "<@U123ABC>", "<!subteam^S123|@team>", "<#C123>", "@channel", "@here!",
    "Done.@everyone", "<!chan**nel**>", "@**here**", "**@**channel", "&lt;!channel&gt;", "&amp;lt;!channel>",
    "&#60;!here>", "&#x3C;!here>",
    "\\<!channel>", "&#64;here", "`<!channel>`", "`@here`", "```\n<!channel> @here &lt;!here&gt;\n```", "    <!here>",
    "[<!channel>](https://a.example)", "[@here](https://a.example)", "![<!here>](https://a.example)",
    "| <!channel> |\n| --- |\n| @here |", "# <!channel>", "- <!here>", "> @channel", "<https://a.example|@here>",
    "[x](https://a.example/@here)", "<<!channel>>", "<\n!channel>", "[a]: https://a.example '<!here>'\n\n[a] <!HERE>",
]  # fmt: skip


@pytest.mark.parametrize("written", PINGS)
def test_llm_output_pings_nobody(written: str) -> None:
    [part] = split(written)
    assert not PING.search(block(part)), block(part)
    assert not re.search(r"<[@!#]|@(?:channel|here|everyone)\b", text(part), re.IGNORECASE)


@pytest.mark.parametrize(
    "label",
    [
        "https://bank.example", "bank.example/login", "www.bank.example", "BANK.example", "https://ba**nk**.example",
        "`bank.example`", "bank&#46;example", "bank\u200b.example", "\uff42ank.example", "bank\uff0eexample",
        "/bank.example", "https://bank.example@evil.example", "Log in at bank.example", "bank\u3002example",
        "\u202emoc.elpmaxe.knab", "10.0.0.1",
    ],
)  # fmt: skip
def test_a_link_cannot_show_a_different_url_than_it_leads_to(label: str) -> None:
    [part] = split(f"[{label}](https://evil.example/x)")
    assert "([https://evil.example/x](https://evil.example/x))" in block(part)
    assert "(<https://evil.example/x>)" in text(part)


@pytest.mark.parametrize(
    "written", ["[a](javascript:alert(1))", "[a](data:text/html,x)", "<https://evil.example|our bank>"]
)
def test_only_web_and_mail_addresses_become_links(written: str) -> None:
    [part] = split(written)
    assert "](" not in block(part)
    assert not re.search(r"<\w", block(part))


def test_a_link_in_slack_syntax_stays_a_link_if_its_label_is_honest() -> None:
    assert split("<https://a.example|hours>") == ["[hours](https://a.example)"]
    assert split("<https://a.example|bank.example>") == ["bank.example ([https://a.example](https://a.example))"]


def test_honest_labels_stay_links() -> None:
    for label, url in [("github.example/a/b.py", "https://github.example/a/b.py"), ("our hours", "https://a.example")]:
        assert split(f"[{label}]({url})") == [f"[{label}]({url})"]


def fits(parts: list[str]) -> bool:
    return all(0 < len(part) <= BLOCK_LIMIT and block(part) == part for part in parts)


def test_a_long_answer_is_split_at_paragraphs() -> None:
    paragraphs = [f"Paragraph {number}. " + "word " * 150 for number in range(60)]
    parts = list(split("\n\n".join(paragraphs)))
    assert len(parts) > 2
    assert fits(parts)
    assert "\n\n".join(parts).replace(" \n", "\n").split("\n\n") == [each.strip() for each in paragraphs]


def test_code_is_closed_and_reopened_with_its_language_and_keeps_its_indentation() -> None:
    code = [f"{' ' * (4 * (number % 5))}call({number})" for number in range(3_000)]
    parts = list(split("Here:\n\n```python\n" + "\n".join(code) + "\n```\n\nThat is it."))
    assert len(parts) > 3
    assert fits(parts)
    for part in parts:
        assert len(re.findall(r"^```", part, re.MULTILINE)) % 2 == 0
    assert all(part.startswith("```python\n") for part in parts[1:])
    inner = [line for part in parts for line in part.split("\n") if "call(" in line]
    assert inner == code


def test_a_tables_head_is_repeated_and_no_row_is_cut() -> None:
    rows = [f"| item {number} | {number * 7} |" for number in range(1_500)]
    parts = list(split("| name | price |\n| --- | --- |\n" + "\n".join(rows)))
    assert len(parts) > 2
    assert fits(parts)
    assert all(part.startswith("| name | price |\n| --- | --- |\n") for part in parts)
    assert [line for part in parts for line in part.split("\n")[2:]] == rows


def test_a_long_list_is_split_between_items_and_keeps_its_numbers() -> None:
    items = [f"{number}. thing {number}\n    - detail of {number}" for number in range(10, 900)]
    parts = list(split("\n".join(items)))
    assert len(parts) > 1
    assert fits(parts)
    assert re.sub(" +", " ", "\n".join(parts)) == re.sub(" +", " ", "\n".join(items))
    assert all(re.match(r"\d+\. thing", part) for part in parts)
    assert all(line.startswith((" ", *"123456789")) for part in parts for line in part.split("\n"))


@pytest.mark.parametrize(
    ("begins", "ends"), [("*a **b ", " c** d*"), ("**", "**"), ("[", "](b)"), ("> ", ""), ("- ", "")]
)
def test_deeply_nested_text_still_arrives(begins: str, ends: str) -> None:
    written = [block(part) for part in split(f"{begins * 3_000}<!here> {ends * 3_000}")]
    assert "!here>" in "".join(written)
    assert not PING.search("".join(written))


@pytest.mark.parametrize(
    "unit", ["x", "word ", "😀", "日本語", "`", "*a", "&", "<", "- a\n", "> ", "| a ", "```\n", "[a](b) ", "\n"]
)
def test_any_long_text_is_split_into_parts_that_slack_accepts(unit: str) -> None:
    parts = split((unit * 40_000)[:40_000])
    assert parts
    for part in parts:
        said = content(part, has_blocks=True)
        assert len(said["text"].encode("utf-16-le")) <= 80_000
        assert sum(len(each["text"].encode("utf-16-le")) for each in said.get("blocks", [])) <= 24_000
