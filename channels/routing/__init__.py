"""Who answers where: the choice for a message, and what operators choose.

May import connections and models. Messages and the edges import it.
"""
