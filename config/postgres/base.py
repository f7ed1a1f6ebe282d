"""Django's backend for Postgres. A pooled connection that Postgres has closed is replaced before it is used.

With CONN_HEALTH_CHECKS, Django asks Postgres before each request. But if Postgres, or its host, closed a connection,
the kernel knows: the socket has something to read. Only then is it asked.
"""

import select
from typing import Any

import psycopg
from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's, without dead connections from the pool."""

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        while True:
            connection = super().get_new_connection(conn_params)
            if not self.pool or lives(connection):
                return connection
            connection.close()
            self.pool.putconn(connection)  # which replaces it


def lives(connection: "psycopg.Connection[Any]") -> bool:
    """Can this idle connection be used?"""
    look = select.poll()
    look.register(connection.fileno(), select.POLLIN)
    if not look.poll(0):
        return True
    try:
        connection.execute("")  # something else may have come, such as a notice
    except psycopg.Error:
        return False
    return True
