"""One thing of each context that can be deleted: how it begins, goes, comes back, and is purged."""

from datetime import UTC, datetime
from types import ModuleType
from typing import Any, NamedTuple

from domain import catalog, categories, comments, costing, materials, reels
from domain.kernel import Personal
from domain.money import Money

DAY = datetime(2024, 5, 16, tzinfo=UTC)
PRICE = Money(1250, "DZD")
SAID = Personal("karim", "Does it shrink?")


class Deletable(NamedTuple):
    """``changes``: what may be asked of it besides, a list of commands."""

    rules: ModuleType
    begins: Any
    goes: Any
    back: Any
    purge: Any
    changes: tuple[Any, ...]

    def gone(self, state):
        if self.rules is reels:
            return state.status in ("hidden", "purged")
        if self.rules is categories:
            return state.categories["1"].retired
        return state.removed if self.rules is comments else state.retired

    def purged(self, state):
        if self.rules is categories:
            state = state.categories["1"]
        return state.status == "purged" if self.rules is reels else state.purged


DELETABLE = (
    Deletable(
        catalog,
        catalog.CreateProduct("amina", catalog.Describing("Rug", "rug"), PRICE),
        catalog.RetireProduct(),
        catalog.RestoreProduct(),
        catalog.PurgeProduct(),
        (
            catalog.DescribeProduct(catalog.Describing("Carpet", "carpet")),
            catalog.AssignSku("R-1"),
            catalog.LinkCosting("costed"),
        ),
    ),
    Deletable(
        categories,
        categories.CreateCategory("1", "Tea", "tea"),
        categories.RetireCategory("1"),
        categories.RestoreCategory("1"),
        categories.PurgeCategory("1"),
        (categories.RenameCategory("1", "Teas"), categories.MoveCategory("1", None)),
    ),
    Deletable(
        comments,
        comments.AddComment("rug", "karim", SAID),
        comments.RemoveComment("author"),
        comments.RestoreComment("author", SAID, 7, DAY),
        comments.PurgeComment(),
        (),
    ),
    Deletable(
        costing,
        costing.DefineProduct("amina", "Rug", "DZD"),
        costing.RetireProduct(),
        costing.RestoreProduct(),
        costing.PurgeProduct(),
        (costing.RenameProduct("Carpet"), costing.LinkListing("listing")),
    ),
    Deletable(
        materials,
        materials.AddMaterial("amina", materials.Describing("Wool", "yarn"), "kg", "DZD"),
        materials.RetireMaterial(),
        materials.RestoreMaterial(),
        materials.PurgeMaterial(),
        (
            materials.DescribeMaterial(materials.Describing("Silk", "yarn")),
            materials.AssignSku("W-1"),
        ),
    ),
    Deletable(
        reels,
        reels.DraftReel("amina", "rug", "Rug", "textiles", PRICE),
        reels.HideReel(),
        reels.RestoreReel(),
        reels.PurgeReel(),
        (
            reels.SetMedia("film"),
            reels.PublishReel(reels.Film("r", "v.mp4", "p.webp", 720, 1280, 9.5, 2500)),
            reels.ChangeCaption("Soft"),
        ),
    ),
)
NAMES = [each.rules.__name__.split(".")[1] for each in DELETABLE]
