"""What each pattern, and each reader of outside text, takes longest with."""

from collections.abc import Mapping

Pump = tuple[str, str, str]
"""What comes first, what is repeated up to n characters, and what makes it fail at the end."""
EVERYWHERE: tuple[Pump, ...] = (("", "a", "\x00"), ("", " ", "\x00"), ("", "A1", "!"), ("", "<", ""), ("", "=", "\x00"))
SLACK = "channels.providers.slack"
WORST: Mapping[str, tuple[Pump, ...]] = {
    "channels.checks.SHAPES": (("", "1", "."), ("1.", "1", "x")),
    "channels.checks.SHAPES#2": (("", "0a", "x"),),
    "channels.checks.SHAPES#3": (("", "0a", "x"),),
    f"{SLACK}.answers.Timestamp": (("", "1", "."), ("1.", "1", "x")),
    f"{SLACK}.events.Timestamp": (("", "1", "."), ("1.", "1", "x")),
    f"{SLACK}.events.Id": (("", "!~", "\x7f"),),
    f"{SLACK}.client.ERROR_CODE": (("", "a_", "!"),),
    f"{SLACK}.client.RETRY_AFTER": (("", "9", "x"),),
    f"{SLACK}.harmless.AT": (("", "@", ""), ("", "a@", ""), ("", "@channel", ""), ("", "@channel.", "")),
    f"{SLACK}.harmless.OPENING": (("", "<a", ""), ("", "<!", "")),
    f"{SLACK}.harmless.ENTITY": (("", "&", ""), ("", "&amp", ""), ("", "&#", "")),
    f"{SLACK}.harmless.LINK_JOINT": (("", "]", ""), ("", "](", "")),
    f"{SLACK}.harmless.CODE_TOKEN": (("", "<!", ""), ("", "&#0", ""), ("&#", "0", ""), ("", "<https", "")),
    f"{SLACK}.harmless.HOST": (("", "a.", "-"), ("", "-a", ""), ("", ".", "")),
    f"{SLACK}.harmless.NAME": (("", "a.", "-"), ("", "1.", "x"), ("", "a-", ".")),
    f"{SLACK}.harmless.ADDRESS": (("", "a:", ""), ("", "/", ""), ("https://", "a@", "")),
    f"{SLACK}.harmless.BIDI": (("", "\u202e", "a"),),
    f"{SLACK}.markdown.BACKTICKS": (("", "`", "a"), ("", "`a``", "")),
    f"{SLACK}.markup.MENTION": (("", "<@U1|", ""), ("", "<@U", ""), ("<@U1|", "a", ""), ("<@U", "A", "")),
    f"{SLACK}.markup.TOKEN": (("", "<a", ""), ("<", "a|", ""), ("", "<https://a|", "")),
    f"{SLACK}.markup.ENTITY": (("", "&", ""), ("", "&lt", "")),
    f"{SLACK}.markup.PERSON": (("@U", "A", "a"),),
    f"{SLACK}.markup.CHANNEL": (("#C", "A", "a"),),
    f"{SLACK}.markup.SCHEME": (("", "a+", ""), ("", "a:", "")),
    f"{SLACK}.writer.BREAK": (("", "<br", ""), ("<br", " ", ""), ("", "<br /", "")),
    f"{SLACK}.writer.LANGUAGE": (("", "a+", "!"),),
    "config.embedded.cluster.major_version": (("", "1", "x"),),
    "config.environment.HOST": (("", "a.", "-"), ("[", "a:", ""), ("a", "-", "!")),
    "config.requestlog.WELL_FORMED": (("", "a-", "!"),),
    "config.run.child.Child._relay_lines": (("", "celery@", ""), ("celery@", "a", ""), ("", "celery@a ", "")),
    "config.scrubber.SENSITIVE_NAME": (("", "passwor", ""), ("", "session-", ""), ("", "_url", "x")),
    "config.scrubber.COMPILED": (
        ("", "xoxb-", "."), ("", "xoxe.", ""), ("", "sk-", "."), ("", "-sk-aaaaaa", ""), ("", ".eyJaaaaaaaa", ""),
        ("", "eyJaaaaaaaa.", ""), ("", "gAAAA", "="), ("", "-----BEGIN PRIVATE KEY-----", ""), ("", "-----BEGIN ", ""),
        ("", " rsa_", ""), ("", "AIza", ""), ("", " EAA", ""),
    ),
    "config.scrubber.RANDOM_PART": (("/", "a", "."), ("", "/a", "."), ("", f"/{'a' * 40}.", "")),
    "config.scrubber.BEARER": (("", "bearer ", ""), ("bearer", " ", ""), ("", "basic aaaaa ", "")),
    "config.scrubber.USER_INFO": (("://", "a", ""), ("://a:", "a", ""), ("", "://a:", ""), ("", "://:a@", "")),
    "config.scrubber.IN_QUERY": (("", "?code=", ""), ("?key=", "a", "&"), ("", "&sig", "")),
    "config.scrubber.HEADER": (("", "cookie:", ""), ("", "cookie: ", "\n"), ("", "authorization=\"", "")),
    "config.scrubber.NAMED": (
        ("", "secret", ""), ("secret", "\\", ""), ("", "secret=\"", ""), ("secret=\"", "\\\"", ""),
        ("secret='", "a", ""), ("", "secret='\\", ""), ("", "api_key-", ""),
         ("secret=", "\\", "a"), ("", "token\\", "=a"), ("", "secret=\"a'", ""),
    ),
    "config.scrubber.HARMLESS": (("", "1", "x"), ("", "None", "x")),
    "config.stripekey.SHAPE": (("sk_test_", "a", "!"),),
    "tenants.archive.Table.lines": (("", "a", ":gAAAA"), ("", "00000000:gAAAA", ""), ("", "0000000", ":gAAAA=")),
    "tenants.encryption.key_ids_in": (("", "a", ":gAAAA"), ("", "00000000:gAAAA", "")),
    "tenants.encryption.is_sealed": (("00000000:gAAAA", "a", "!"),),
    "tenants.idempotency._asked": (("", "!~", "\x7f"),),
    "tenants.invitations.LIKE_AN_ADDRESS": (("", "a.", ""), ("", "a", "")),
    "tenants.rotation.Document.rows": (("", '"00000000:gAAAA', ""),),
    "tenants.rotation.Document.outdated": (("", '"00000000:gAAAA', ""),),
    "tenants.rotation.Document.sealed_in": (("", "00000000:gAAAA", ""), ("", "a", ":gAAAA")),
}  # fmt: skip
READERS: Mapping[str, tuple[Pump, ...]] = {
    "plain_text": (("", "<@U1|", ""), ("", "<https://a|", ""), ("", "<!date^1^", ""), ("", "&lt;", "")),
    "split": (
        ("", "[", ""), ("", "![", ""), ("", "[a](", ""), ("", "*a_ ", ""), ("", "**a ", ""), ("", "`a``b ", ""),
        ("", "> ", ""), ("", "- a\n", ""), ("", " - a\n", ""), ("", "|a|\n|-|\n", ""), ("", "<https://a", ""),
        ("", "&", ""), ("", "```\n", ""), ("```\n", "a\n", ""), ("", "a\n\n", ""), ("", "~~a ", ""),
        ("", "[a.b](https://c.d) ", ""),
        ("", "[a]: b\n", ""), ("", "\\<", ""), ("", "x ", ""), ("", "1. a\n\n   b\n\n", ""),
    ),
    "content": (("", "- a\n", ""), ("", "[", ""), ("", "|a|\n|-|\n", ""), ("", "&", "")),
    "shows_another": (("", "a.b ", ""), ("", "a.", ""), ("", "https://", ""), ("", "\u200b", "")),
    "scrubber": (("", "secret=\"", ""), ("", "://a:", ""), ("", "cookie: ", ""), ("", "token=", "")),
}  # fmt: skip
