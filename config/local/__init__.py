"""What `make run` needs: services of its own (embedded), the supervisor (run), tables made quickly (schema).

Its packages are in requirements-local.txt, not in production's requirements.txt. So nothing of the product imports it;
the tests do, for the services. It may import `config.datafolder` and no app.
"""
