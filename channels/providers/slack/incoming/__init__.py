"""What Slack sends, parsed into messages and corrections. It imports providers.base only and touches no database."""
