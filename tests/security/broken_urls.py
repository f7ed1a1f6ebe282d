"""The site with two extra URLs, one in the portal and one in the API, whose views raise an error."""

from django.http import HttpRequest, HttpResponse
from django.urls import path

from config import urls

SECRET = "sk-live-in-the-exception"


def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError(SECRET)


urlpatterns = [path("broken/", broken), path("api/v1/broken/", broken), *urls.urlpatterns]
handler400 = urls.handler400
handler403 = urls.handler403
handler404 = urls.handler404
handler500 = urls.handler500
