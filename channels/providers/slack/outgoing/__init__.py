"""An answer's Markdown, converted to Slack messages. It imports nothing else of the app."""
