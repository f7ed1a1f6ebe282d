"""Files that people sent, on the conversation's page: what became of each, and the download. URLs import it."""
