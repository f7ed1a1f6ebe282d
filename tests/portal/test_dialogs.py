"""The dialog before a destructive action: it names the thing and the consequence, and escapes names."""

from django.template import Context, Template

DIALOG = Template(
    '{% load portal %}{% confirm "erase" "/erase/" "Erase {}?" "Erase {}" name key=7 person=9 %}'
    "All that {{ name }} said is gone.{% endconfirm %}"
)


def shown(name: str) -> str:
    return DIALOG.render(Context({"name": name, "csrf_token": "t0k3n"}))


def test_it_names_the_thing_the_consequence_and_the_verb() -> None:
    page = shown("Ada")

    assert 'id="erase-7"' in page
    assert '<h2 id="erase-7-title">Erase Ada?</h2>' in page
    assert "All that Ada said is gone." in page
    assert '<button class="btn btn-bad" type="submit">Erase Ada</button>' in page


def test_cancel_has_the_focus_and_the_form_its_fields() -> None:
    page = shown("Ada")

    assert 'popovertargetaction="hide" autofocus>Cancel' in page
    assert '<form class="actions" method="post" action="/erase/">' in page
    assert 'value="t0k3n"' in page
    assert '<input type="hidden" name="person" value="9">' in page


def test_markup_and_braces_in_a_name_are_text() -> None:
    page = shown("<img src=x> {0.__class__} {{ csrf_token }}")

    assert "<img" not in page
    assert "Erase &lt;img src=x&gt; {0.__class__} {{ csrf_token }}?" in page


def test_a_long_name_is_cut_on_the_button_only() -> None:
    page = shown("An unusually long name of a person")

    assert "Erase An unusually long name of a person?" in page
    assert "Erase An unusually long name …</button>" in page
