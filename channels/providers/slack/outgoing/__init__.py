"""An answer's Markdown as Slack's messages. It imports nothing else of the app."""
