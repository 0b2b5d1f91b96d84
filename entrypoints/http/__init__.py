"""Every controller, one line each."""

from litestar import Controller

from entrypoints.http.analytics import AnalyticsController
from entrypoints.http.audit import AuditController
from entrypoints.http.bin import BinController
from entrypoints.http.bulk_materials import MaterialsBulkController, YarnsBulkController
from entrypoints.http.bulk_products import ProductsBulkController
from entrypoints.http.bulks import BulksController
from entrypoints.http.carts import CartsController
from entrypoints.http.catalog import CatalogController
from entrypoints.http.categories import CategoriesController
from entrypoints.http.checkouts import CheckoutsController
from entrypoints.http.comments import CommentsController
from entrypoints.http.costing import CostingController
from entrypoints.http.earnings import SalesController, WhatIfController
from entrypoints.http.engagement import EngagementController
from entrypoints.http.erasures import ErasuresController
from entrypoints.http.identity import IdentityController
from entrypoints.http.inventory import InventoryController
from entrypoints.http.likes import LikesController
from entrypoints.http.live import LiveController
from entrypoints.http.materials import MaterialsController
from entrypoints.http.media import MediaController
from entrypoints.http.negotiations import NegotiationsController
from entrypoints.http.offers import OffersController
from entrypoints.http.orders import OrdersController
from entrypoints.http.payments import PaymentsController
from entrypoints.http.projections import PoliciesController, ProjectionsController
from entrypoints.http.projects import ProjectsController
from entrypoints.http.purchases import PurchasesController
from entrypoints.http.reels import ReelsController
from entrypoints.http.runs import RunsController
from entrypoints.http.storage import StorageController
from entrypoints.http.tails import TailsController
from entrypoints.http.tenants import TenantsController
from entrypoints.http.yarns import YarnsController

CONTROLLERS: tuple[type[Controller], ...] = (
    AnalyticsController,
    AuditController,
    BinController,
    BulksController,
    CartsController,
    CatalogController,
    CategoriesController,
    CheckoutsController,
    CommentsController,
    CostingController,
    RunsController,
    SalesController,
    WhatIfController,
    EngagementController,
    ErasuresController,
    IdentityController,
    InventoryController,
    LikesController,
    LiveController,
    MaterialsBulkController,
    MaterialsController,
    PurchasesController,
    MediaController,
    NegotiationsController,
    OffersController,
    OrdersController,
    PaymentsController,
    ProductsBulkController,
    PoliciesController,
    ProjectionsController,
    ProjectsController,
    ReelsController,
    StorageController,
    TailsController,
    TenantsController,
    YarnsBulkController,
    YarnsController,
)
