"""`make run`: the whole product as one supervised process tree.

The supervisor decides everything from the environment (plan), locks the data folder, ends what a killed run left
behind, checks the ports, and starts Postgres and Valkey. It prepares roles, tables and static files, then starts
worker, web and beat. A process that dies is restarted after 1 s, later after up to 15 s. Ctrl-C stops the processes
and then the services; a second Ctrl-C kills them. If the supervisor itself is killed, Linux ends its children with it.

It imports embedded; only `__main__` starts it.
"""
