"""The fictional bazaar. `souk token` and `souk up` want its name, and no more than that."""
