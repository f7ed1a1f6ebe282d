"""What `make run` needs: embedded services (embedded), the supervisor (run), creating tables quickly (schema).

Its packages are in requirements-local.txt, not in requirements.txt, so nothing in production may import it; the tests
do, for the services. It imports `config.datafolder` and no app.
"""
