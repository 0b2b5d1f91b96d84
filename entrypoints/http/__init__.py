"""Every controller, one line each."""

from litestar import Controller

from entrypoints.http.analytics import AnalyticsController
from entrypoints.http.audit import AuditController
from entrypoints.http.carts import CartsController
from entrypoints.http.catalog import CatalogController
from entrypoints.http.checkouts import CheckoutsController
from entrypoints.http.comments import CommentsController
from entrypoints.http.costing import CostingController
from entrypoints.http.engagement import EngagementController
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
from entrypoints.http.reels import ReelsController
from entrypoints.http.storage import StorageController
from entrypoints.http.tails import TailsController
from entrypoints.http.tenants import TenantsController
from entrypoints.http.yarns import YarnsController

CONTROLLERS: tuple[type[Controller], ...] = (
    AnalyticsController,
    AuditController,
    CartsController,
    CatalogController,
    CheckoutsController,
    CommentsController,
    CostingController,
    EngagementController,
    IdentityController,
    InventoryController,
    LikesController,
    LiveController,
    MaterialsController,
    MediaController,
    NegotiationsController,
    OffersController,
    OrdersController,
    PaymentsController,
    PoliciesController,
    ProjectionsController,
    ProjectsController,
    ReelsController,
    StorageController,
    TailsController,
    TenantsController,
    YarnsController,
)
