"""The product's URLs, and an empty view behind each chain of middleware."""

from django.http import HttpRequest, HttpResponse
from django.urls import path

from config.urls import handler400, handler403, handler404, handler429, handler500
from config.urls import urlpatterns as product

__all__ = ["handler400", "handler403", "handler404", "handler429", "handler500", "urlpatterns"]


def empty(request: HttpRequest) -> HttpResponse:
    """Do nothing."""
    return HttpResponse()


urlpatterns = [path("empty/", empty), path("webhooks/empty/", empty), *product]
