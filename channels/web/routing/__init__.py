"""Who answers where: its page, an employee's page about its channels, and the API."""
