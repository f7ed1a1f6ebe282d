"""Slack's message text as people and LLMs read it."""

import pytest

from channels.providers.slack.incoming.markup import plain_text

OURS = "U0LAN0Z89"


@pytest.mark.parametrize(
    ("said", "read"),
    [
        (f"<@{OURS}> hello", "hello"),
        (f"<@{OURS}|roster> hello", "hello"),
        ("<@U123ABC> and <@W123ABC|maya> and <@U9|@ben>", "@U123ABC and @maya and @ben"),
        ("<https://a.example>", "https://a.example"),
        ("<https://a.example/long/way|a.example/long…>", "a.example/long… (https://a.example/long/way)"),
        ("<https://a.example/|a.example>", "https://a.example/"),
        ("<https://a.example?b=1&amp;c=2|our &lt;site&gt;>", "our <site> (https://a.example?b=1&c=2)"),
        ("<mailto:ben@a.example|ben@a.example>", "ben@a.example"),
        ("<mailto:ben@a.example|Ben>", "Ben (ben@a.example)"),
        ("<tel:+4930123|+49 30 123> <tel:+4930123>", "+49 30 123 (+4930123) +4930123"),
        ("<slack://channel?id=C1|open> <ftp://a.example> <tg:x>", "open (slack://channel?id=C1) ftp://a.example tg:x"),
        ("<#C123> <#C123|general> <#C123|>", "#C123 #general #C123"),
        ("<!subteam^S123> <!subteam^S123|@team> <!subteam^S123|team>", "@S123 @team @team"),
        ("<!here> <!channel|channel> <!everyone|@everyone>", "@here @channel @everyone"),
        ("<!date^1392734382^{date_num}|18 February>", "18 February"),
        ("<!date^1392734382^{date_num}^https://a.example/|18 February>", "18 February (https://a.example/)"),
        ("<!date^1392734382^{date_num}> <!date^x^{date}|>", "2014-02-18 14:39 UTC <!date^x^{date}|>"),
        ("<!date^99999999999999999999^{date}>", "<!date^99999999999999999999^{date}>"),
        ("<!new^thing|its label> <!new>", "its label <!new>"),
        ("&lt;@U123&gt; &amp;lt; &amp;amp; &copy;", "<@U123> &lt; &amp; &copy;"),
        ("a < b <> <<@U123> <b", "a < b <> <@U123 <b"),
        ("<https://a.example\n/b|a\nb>", "a\nb (https://a.example\n/b)"),
        ("<https://a.example|x|y>", "x|y (https://a.example)"),
    ],
)
def test_every_token_becomes_words_and_keeps_its_target(said: str, read: str) -> None:
    assert plain_text(said, OURS) == read
