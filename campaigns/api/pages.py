"""The pages in which the API gives lists."""

from rest_framework.pagination import LimitOffsetPagination


class Pages(LimitOffsetPagination):
    """Lists in pages of at most `max_limit` rows, whatever `limit` asks for."""

    default_limit = 100
    max_limit = 1000
