"""Rows as staff see them: read-only unless declared otherwise, only named columns, each view audited."""

from collections.abc import Callable, Iterator
from typing import Any, ClassVar, NoReturn
from uuid import UUID

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db import models
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from tenants import addresses
from tenants.audit import actions
from tenants.models import AccountEvent, AuditEvent
from tenants.staff.database import STAFF
from tenants.staff.trail import note, tenant_of
from tenants.wordings import TOLD, Wording

HIDDEN_VIEWS = ("_add", "_delete")
ITS_HISTORY = Wording("tenants.staff_saw_history", _("Its history."))


class StaffAdmin(admin.ModelAdmin[Any]):
    """The base of every admin here. Postgres itself lets the role `staff` read only what is named.

    reads: columns that staff may read (tenants/staff/rights.py grants them), which the page of a row shows.
    also_reads: columns that are read but not shown, such as those that a search needs.
    writes: columns that staff may change.
    follows: foreign keys among `columns` whose target is read with the row, and theirs after `__`.
    """

    reads: ClassVar[tuple[str, ...]] = ()
    also_reads: ClassVar[tuple[str, ...]] = ()
    writes: ClassVar[tuple[str, ...]] = ()
    follows: ClassVar[tuple[str, ...]] = ()
    list_per_page = 50
    show_full_result_count = False
    view_on_site = False

    def columns(self) -> tuple[str, ...]:
        """The fields that may be read, the key among them."""
        return tuple(dict.fromkeys((self.model._meta.pk.name, *self.reads, *self.also_reads)))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = self.model._default_manager.using(STAFF)
        return rows.select_related(*self.follows).only(*self.columns(), *self._followed())

    def _followed(self) -> Iterator[str]:
        for name in self.follows:
            target: Any = self.model
            for step in name.split("__"):
                target = target._meta.get_field(step).related_model
            for column in self.admin_site.get_model_admin(target).columns():  # type: ignore[attr-defined]
                yield f"{name}__{column}"

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return self.reads

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return self.reads

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """E-mail addresses are normalized first, so any spelling is found."""
        return super().get_search_results(request, queryset, addresses.normalize_or_none(search_term) or search_term)

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        """Allow filters by columns that staff may read only; Django would allow any column of the row."""
        return lookup.partition("__")[0] in self.columns() and super().lookup_allowed(lookup, value, request)

    def get_urls(self) -> list[URLPattern]:
        return [url for url in super().get_urls() if not (url.name or "").endswith(HIDDEN_VIEWS)]

    def has_module_permission(self, request: HttpRequest) -> bool:
        return True  # who gets in is the site's question

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """A list or a search, audited with its words: in a workspace's trail if it is about that workspace alone."""
        if request.method == "GET":
            asked = ", ".join(f"{name}={value}" for name, value in request.GET.items())
            name = str(self.model._meta.verbose_name_plural)
            listed = TOLD(text=f"{name}: {asked}" if asked else name)
            note(actions.STAFF_LISTED, tenant_id=_asked_tenant(request), detail=listed)
        return super().changelist_view(request, extra_context)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """A row; looking at it is audited."""
        shown = self.get_object(request, object_id)
        if shown is not None and request.method == "GET":
            note(actions.STAFF_VIEWED, shown)
        return super().change_view(request, object_id, form_url, extra_context)

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """What the audit trails say about a row, newest first."""
        shown = self.get_object(request, object_id)
        if shown is None:
            raise Http404(gettext("There is no such record."))
        note(actions.STAFF_VIEWED, shown, detail=ITS_HISTORY())
        page = Paginator(_events_about(shown), self.list_per_page).get_page(request.GET.get("p"))
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("History: %(record)s") % {"record": shown},
            "subtitle": None,
            "page": page,
            "object": shown,
            "opts": self.opts,
            "module_name": str(self.opts.verbose_name_plural).capitalize(),
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/object_history.html", context)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Save only what the form changed, and record the values before and after."""
        names = [name for name in form.changed_data if name in self.writes]
        if names:
            obj.save(using=STAFF, update_fields=names)
            changes = {name: [form.initial.get(name), form.cleaned_data[name]] for name in names}
            note(actions.STAFF_CHANGED, obj, changes=changes)

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> NoReturn:
        """Nothing is added here."""
        raise PermissionDenied

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> None:  # type: ignore[override]
        """Our own trail already has it."""


def _asked_tenant(request: HttpRequest) -> UUID | None:
    try:
        return UUID(request.GET.get("tenant__id__exact", ""))
    except ValueError:
        return None


def _events_about(target: models.Model) -> QuerySet[Any]:
    tenant_id = tenant_of(target)
    about = {"target_kind": str(target._meta.model_name), "target_id": str(target.pk)}
    columns = ("at", "action", "actor_kind", "actor_name", "detail", "ip", "request_id")
    if tenant_id:
        events: QuerySet[Any] = AuditEvent.objects.using(STAFF).filter(tenant_id=tenant_id, **about)
    else:
        events = AccountEvent.objects.using(STAFF).filter(**about)
    return events.order_by("-at").values(*columns)


Column = Callable[[Any], object]


def titled(title: StrOrPromise, value: Column) -> Column:
    """A column of a list, out of a function of the row."""

    @admin.display(description=title)
    def shown(row: Any) -> object:
        return value(row)

    return shown
