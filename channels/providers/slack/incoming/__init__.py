"""What Slack sends, read into messages and corrections. It imports providers.base only, and knows no database."""
