"""What `make run` needs: services of its own (embedded), the supervisor (run), tables made quickly (schema).

It knows no app. `config.environment` reads the data folder; the tests use the services.
"""
