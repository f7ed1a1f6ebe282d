"""People: who talks to AI employees, whatever ids they have at providers. Turns point to them.

It imports models only. Channels keeps a person's id at each connection, and tells the names that providers know.
"""
