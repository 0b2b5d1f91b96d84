"""Every controller, one line each."""

from litestar import Controller

from entrypoints.http.analytics import AnalyticsController
from entrypoints.http.catalog import CatalogController
from entrypoints.http.identity import IdentityController
from entrypoints.http.tenants import TenantsController

CONTROLLERS: tuple[type[Controller], ...] = (
    AnalyticsController,
    CatalogController,
    IdentityController,
    TenantsController,
)
