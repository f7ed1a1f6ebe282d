"""Finds sentences that people read and that do not go through gettext, in Python, in templates and in JavaScript."""

import ast
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

from django.template.base import DebugLexer, Token, TokenType

ROOT = Path(__file__).parents[2]
APPS = ("agents", "billing", "channels", "config", "tenants", "usage")

GETTEXT = {"_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy", "npgettext", "pgettext"}
GETTEXT |= {"pgettext_lazy", "npgettext_lazy", "translate", "counted"}
LOGS = {"log", "logger", "warnings"}
FOR_PROGRAMMERS = {
    "AssertionError",
    "AttributeError",
    "ImproperlyConfigured",
    "KeyError",
    "LookupError",
    "NoTenantError",
    "NotImplementedError",
    "RuntimeError",
    "SystemExit",
    "TimeoutError",
    "TypeError",
    "UndecryptableError",
    "ValueError",
    "CommandError",
    "Error",
}
"""What a programmer or whoever runs this installation reads on the console, in English as all of it."""
LABELS = {
    "confirm",
    "description",
    "detail",
    "empty_label",
    "error",
    "error_message",
    "fix",
    "heading",
    "help_text",
    "hint",
    "invalid",
    "label",
    "placeholder",
    "problem",
    "reason",
    "short_description",
    "subject",
    "title",
    "verbose_name",
    "verbose_name_plural",
    "words",
}
"""Arguments that people read, however short: one word is enough."""
REFERENCE = {"extend_schema", "extend_schema_view", "OpenApiExample", "OpenApiParameter", "OpenApiResponse", "problem"}
REFERENCE_TEXTS = {"description", "help_text", "summary"}
"""In an API module these, and constants for them alone, make the API's reference: in English, as the API itself is."""
SENTENCE = re.compile(r"[A-Z][\w'\u2019,-]*\s+[^\W\d_]|[^\W\d_]\s+[\w'\u2019,%()-]+[.!?:](\s|$)")
SQL = re.compile(
    r"\s*(SELECT|INSERT|UPDATE|DELETE|CREATE|ALTER|DROP|GRANT|REVOKE|SET|WITH|LOCK|ANALYZE|VACUUM|DO|CASE|WHEN|local|"
    r"AND|\([a-z_, ]+\) DO UPDATE)\s"
)
LETTER = re.compile(r"[^\W\d_]")
MARKUP = re.compile(r"https?://\S+|<[^>]+>|\w+=\"[^\"]*\"")
FOR_MACHINES = re.compile(r"Task\[Any, Any\]|[A-Za-z](\W+[A-Za-z])*|Bearer x")
"""Formats of dates, such as `j F Y`, and the header of a key."""

READ_BY_PEOPLE = {"alt", "aria-description", "aria-label", "aria-valuetext", "label", "placeholder", "summary", "title"}
BUTTONS = {"submit", "button", "reset"}
NAMES = re.compile(
    r"\b(Roster|Slack|Stripe|WhatsApp|OpenAI|Anthropic|American Express|Diners Club|API|JSON|CSV|USD|UTC|MRR|ID|URL|IP|"
    r"PDF|Django)\b"
)
"""Names that are the same in every language."""
NO_WORDS = {
    "extends",
    "include",
    "url",
    "static",
    "load",
    "lucide",
    "date",
    "csrf_token",
    "partialdef",
    "partial",
    "cycle",
}
PASSED_BLOCKS = (["block", "width"], ["block", "coltype"], ["block", "bodyclass"])
"""Blocks of class names."""
MARKED_LITERAL = re.compile(r"""_\((["']).*?\1\)""")
TAG_LITERAL = re.compile(r"""(?P<filter>\|\w+:)?(?<!\()(["'])(?P<text>[^"'{}]*)\2""")
QUIET_FILTERS = {"|date:", "|time:", "|slice:", "|join:", "|stringformat:", "|cut:", "|floatformat:", "|yesno:"}


def in_python(path: Path) -> Iterator[str]:
    """Every literal of a module that looks like a sentence and is not marked, as `path:line: text`."""
    yield from _Python(path).found()


class _Python(ast.NodeVisitor):
    def __init__(self, path: Path) -> None:
        self.path = path
        self.is_reference = path.stem == "api" or path.stem.endswith("_api") or path.parent.name == "api"
        self.reference: set[str] = set()
        self.lines: list[str] = []

    def found(self) -> list[str]:
        tree = ast.parse(self.path.read_text(), str(self.path))
        if self.is_reference:
            self.reference = _only_in_reference(tree)
        self.visit(tree)
        return self.lines

    def visit_Assign(self, node: ast.Assign) -> None:
        if not any(_name(each) in self.reference for each in node.targets):
            self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value:
            self.visit(node.value)

    def visit_arg(self, node: ast.arg) -> None:
        """Types are not for people."""

    def visit_Expr(self, node: ast.Expr) -> None:
        if not isinstance(node.value, ast.Constant):  # a docstring
            self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        name = _name(node.func)
        if name in GETTEXT:
            if any(isinstance(each, ast.JoinedStr) for each in node.args):
                self._report(node, "an f-string inside gettext: use named placeholders")
            return
        if self.is_reference and name in REFERENCE:
            return
        if name in FOR_PROGRAMMERS or _owner(node.func) in LOGS or name in {"compile", "execute", "RunSQL", "getattr"}:
            return
        self.generic_visit(node)

    def visit_keyword(self, node: ast.keyword) -> None:
        value = node.value
        if self.is_reference and node.arg in REFERENCE_TEXTS:
            return
        if node.arg in LABELS and isinstance(value, ast.Constant) and isinstance(value.value, str):
            if LETTER.search(value.value) and (" " in value.value or value.value[:1].isupper()):
                self._report(value, value.value)
            return
        self.generic_visit(node)

    def visit_Dict(self, node: ast.Dict) -> None:
        for key, value in zip(node.keys, node.values, strict=True):
            is_text = isinstance(key, ast.Constant) and key.value in REFERENCE_TEXTS
            if not (self.is_reference and is_text):
                self.visit(value)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        if any(_name(base) in {"TextChoices", "IntegerChoices"} for base in node.bases):
            for each in node.body:
                if isinstance(each, ast.Assign) and isinstance(each.value, ast.Tuple):
                    label = each.value.elts[-1]
                    if isinstance(label, ast.Constant) and isinstance(label.value, str):
                        self._report(label, label.value)
            return
        self.generic_visit(node)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        text = "".join(str(each.value) if isinstance(each, ast.Constant) else "x" for each in node.values)
        self._judge(node, text)
        for each in node.values:
            if isinstance(each, ast.FormattedValue):
                self.visit(each)

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, str):
            self._judge(node, node.value)

    def _judge(self, node: ast.expr, text: str) -> None:
        plain = MARKUP.sub("", text)
        if NAMES.fullmatch(plain) or FOR_MACHINES.fullmatch(plain):
            return
        if SENTENCE.search(plain) and plain != plain.upper() and not SQL.match(plain):
            self._report(node, text)

    def _report(self, node: ast.expr, text: str) -> None:
        self.lines.append(f"{self.path.relative_to(ROOT)}:{node.lineno}: {text.strip()[:100]}")


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _only_in_reference(tree: ast.Module) -> set[str]:
    """The names that nothing but the API's reference reads."""
    reads = [each for each in ast.walk(tree) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Load)]
    calls = [each for each in ast.walk(tree) if isinstance(each, ast.Call) and _name(each.func) in REFERENCE]
    inside = {id(name) for call in calls for name in ast.walk(call) if isinstance(name, ast.Name)}
    return {each.id for each in reads if id(each) in inside} - {each.id for each in reads if id(each) not in inside}


def _owner(node: ast.expr) -> str:
    return _name(node.value) if isinstance(node, ast.Attribute) else ""


def in_template(path: Path) -> Iterator[str]:
    """Every text, attribute or literal of a template that people read and that is not marked, as `path: text`."""
    plain: list[str] = []
    inside = ""
    for token in DebugLexer(path.read_text()).tokenize():
        words = token.contents.split()
        if inside:
            inside = "" if token.token_type == TokenType.BLOCK and words[:1] == [inside] else inside
        elif token.token_type == TokenType.BLOCK and _is_passed_over(words):
            inside = f"end{words[0]}"
        elif token.token_type == TokenType.TEXT:
            plain.append(token.contents)
        elif token.token_type != TokenType.COMMENT:
            plain.append("\0")
            yield from (f"{path.relative_to(ROOT)}:{token.lineno}: {text}" for text in _in_tag(token))
    source = "".join(plain)
    found = _in_html(source) if path.suffix == ".html" else [source]
    for text in found:
        if LETTER.search(NAMES.sub("", text.replace("\0", " "))):
            yield f"{path.relative_to(ROOT)}: {' '.join(text.replace(chr(0), '…').split())[:100]}"


def _is_passed_over(words: list[str]) -> bool:
    """Is nothing between this tag and its end to be marked?"""
    return words[0] in {"blocktranslate", "blocktrans", "comment", "verbatim"} or words[:2] in PASSED_BLOCKS


def _in_tag(token: Token) -> Iterator[str]:
    if "|pluralize" in token.contents:
        yield f"{token.contents}: pluralize cannot be translated, use blocktranslate count"
    tag = token.contents.split()[0] if token.token_type == TokenType.BLOCK else ""
    if tag in {"translate", "trans", "if", "elif", "ifchanged"}:
        return
    unmarked = MARKED_LITERAL.sub("", token.contents)
    for match in TAG_LITERAL.finditer(unmarked):
        text, its_filter = match["text"], match["filter"]
        if its_filter in QUIET_FILTERS or (tag in NO_WORDS and not re.search(r"=$", unmarked[: match.start()])):
            continue
        if re.match(r"[A-Z][a-z]|\S+ \S+", text) and LETTER.search(NAMES.sub("", text)):
            if re.search(r"(style|class|tone|icon|id|src|href|url|template)=$", unmarked[: match.start()]):
                continue
            yield f"{token.contents}: mark {text!r} with _()"


class _Html(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.texts: list[str] = []
        self.hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.texts += [value for name, value in attrs if name in READ_BY_PEOPLE and value]
        if tag == "input" and given.get("type") in BUTTONS:
            self.texts.append(given.get("value") or "")
        if tag == "meta" and given.get("name") == "description":
            self.texts.append(given.get("content") or "")
        self.hidden += tag in {"script", "style", "code", "svg"}

    def handle_endtag(self, tag: str) -> None:
        self.hidden -= tag in {"script", "style", "code", "svg"}

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.texts.append(data)


def _in_html(source: str) -> list[str]:
    parser = _Html()
    parser.feed(source)
    parser.close()
    return parser.texts


JAVASCRIPT = re.compile(r"""(["'`])((?:(?!\1)[^\\\n]|\\.)*)\1""")


def in_javascript(path: Path) -> Iterator[str]:
    """Every literal that looks like a sentence: scripts take their words from the page."""
    for number, line in enumerate(path.read_text().splitlines(), 1):
        code = re.sub(r"^\s*(//|/?\*).*|\s//.*", "", line)
        for match in JAVASCRIPT.finditer(code):
            if SENTENCE.search(match[2]):
                yield f"{path.relative_to(ROOT)}:{number}: {match[2][:100]}"
