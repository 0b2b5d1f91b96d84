"""Channels: where an order came from decides which way it may go."""

# Who may go where: for each status, the statuses that may follow it.
SHIPPED_OR_FETCHED = {
    "pending": {"confirmed", "cancelled"},
    "confirmed": {"processing", "cancelled"},
    "processing": {"ready", "shipped", "cancelled"},
    "ready": {"completed", "cancelled"},
    "shipped": {"delivered"},
    "delivered": {"completed", "returned"},
    "completed": {"returned"},  # only what was delivered: see _check_step
}
# Agreed in a chat or at a counter: no separate confirmation, and handed over at once.
AGREED_IN_PERSON = {
    **SHIPPED_OR_FETCHED,
    "pending": {"confirmed", "processing", "cancelled"},
    "processing": {"ready", "shipped", "completed", "cancelled"},
}
EATEN_HERE = {
    "pending": {"confirmed", "cancelled"},
    "confirmed": {"processing", "cancelled"},
    "processing": {"ready", "cancelled"},
    "ready": {"completed", "cancelled"},
}
CHANNELS: dict[str, dict[str, set[str]]] = {
    **dict.fromkeys(("web", "b2b", "marketplace", "shopify", "square", "etsy"), SHIPPED_OR_FETCHED),
    **dict.fromkeys(("instagram", "facebook", "whatsapp", "call", "offline"), AGREED_IN_PERSON),
    "dine_in": EATEN_HERE,
}
# From the least advanced on; "cancelled" stands apart.
STATUSES = (
    "pending",
    "confirmed",
    "processing",
    "ready",
    "shipped",
    "delivered",
    "completed",
    "returned",
    "cancelled",
)
OVER = ("delivered", "completed", "returned", "cancelled")
UNTRACKED = ("pending", "returned", "cancelled")  # nothing is, or will be, on its way


def can_be_shipped(channel: str) -> bool:
    return any("shipped" in after for after in CHANNELS[channel].values())
